-- What a member did, credited to the SOP step that was last sent to them or to their group, and to
-- steps that wait for it. kind: 'reply', 'check-in' or 'click'. Needs lib_fact.
local function heard(prefix, kind, member, group, now)
  local outcome = kind == 'reply' and 'replied' or kind == 'check-in' and 'checked-in' or nil
  if outcome then
    for _, who in ipairs({'m' .. member, 'g' .. group}) do
      local run = redis.call('GET', prefix .. 'sop:heard:' .. who)
      if run then fact_add(prefix .. 'sop:members:' .. run .. ':' .. outcome, member) end
    end
  end
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

-- Gives a tag; the moment is kept when a SOP counts from it.
local function give_tag(prefix, tag, member, now)
  if fact_add(prefix .. 'tag:' .. tag, member) == 1
      and redis.call('SISMEMBER', prefix .. 'moments:tags', tag) == 1 then
    redis.call('ZADD', prefix .. 'moments:tag:' .. tag, now, member)
  end
end
