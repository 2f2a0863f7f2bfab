-- What a member did, credited for a day to the SOP step that was last sent to them or to their group
-- and to the link they clicked last, and to steps that wait for it.
-- kind: 'reply', 'check-in', 'tag', 'conversion' or 'click'. Needs lib_fact.
local AFTER = { reply = 'replied', ['check-in'] = 'checked-in', tag = 'tagged', conversion = 'converted' }

local function credit(prefix, what, member, group)
  for _, who in ipairs({'m' .. member, 'g' .. group}) do
    local run = redis.call('GET', prefix .. 'sop:heard:' .. who)
    if run then fact_add(prefix .. 'sop:members:' .. run .. ':' .. what, member) end
  end
  local clicked = redis.call('GET', prefix .. 'link:heard:' .. member)
  if clicked then
    local link = string.match(clicked, '^%d+')
    fact_add(prefix .. 'link:followed:' .. link .. ':' .. what, member)
  end
end

local function heard(prefix, kind, member, group, now)
  if AFTER[kind] then credit(prefix, AFTER[kind], member, group) end
  local key = prefix .. 'sop:waits:' .. member
  local waits = redis.call('HGETALL', key)
  for i = 1, #waits, 2 do
    if waits[i + 1] == kind then
      local occurrence, target, run = string.match(waits[i], '^(.-)\n(.-)\n(.*)$')
      redis.call('HDEL', key, waits[i])
      if redis.call('ZSCORE', prefix .. 'sop:due:' .. occurrence, target) then
        fact_add(prefix .. 'sop:result:' .. run .. ':came', member)
        redis.call('ZADD', prefix .. 'sop:due:' .. occurrence, 'XX', now, target)
      end
    end
  end
end
