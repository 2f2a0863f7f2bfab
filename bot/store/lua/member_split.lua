-- include: fact, outbox, timer, heard, tag, search, effects, identify, merge
-- Makes two members of one again: the former number gets back its accounts and what it brought.
-- KEYS: which numbers lead where. ARGV: prefix, survivor, the former number, by JSON the gateway of
-- each group, effects. Returns 'ok', 'gone' (it leads elsewhere), 'later' (another one was merged
-- after it), or 'changed' (a guard did not hold).
local prefix, to, from = ARGV[1], ARGV[2], ARGV[3]
local m = { prefix = prefix, to = to, from = from, record = prefix .. 'merge:record:' .. from, accounts = {} }
local ours, theirs, stack = prefix .. 'member:at:' .. to, prefix .. 'member:at:' .. from, prefix .. 'merge:stack:' .. to
if redis.call('HGET', KEYS[1], from) ~= to or redis.call('EXISTS', ours) == 0 then return 'gone' end
if redis.call('LINDEX', stack, -1) ~= from then return 'later' end
local failed, at = check(prefix, 5)
if failed then return 'changed' end

local groups = cjson.decode(ARGV[4])
local kept, flat, before = {}, redis.call('HGETALL', m.record), nil
for i = 1, #flat, 2 do
  local name = string.match(flat[i], '^member\n(.*)$')
  if name then kept[name] = flat[i + 1] end
  if flat[i] == 'since' then before = flat[i + 1] end
end

-- An account goes back if it is the survivor's still.
local function drop(gateway, account)
  local left = {}
  for _, one in ipairs(lines(redis.call('HGET', ours, 'also:' .. gateway) or '')) do
    if one ~= account and one ~= '' then left[#left + 1] = one end
  end
  if redis.call('HGET', ours, 'account:' .. gateway) == account then
    if left[1] then
      redis.call('HSET', ours, 'account:' .. gateway, table.remove(left, 1))
    else
      redis.call('HDEL', ours, 'account:' .. gateway)
    end
  end
  if left[1] then
    redis.call('HSET', ours, 'also:' .. gateway, table.concat(left, '\n'))
  else
    redis.call('HDEL', ours, 'also:' .. gateway)
  end
end

local function give_back(gateway, account)
  local key = prefix .. 'member:accounts:' .. gateway
  if redis.call('HGET', key, account) ~= to then return false end
  redis.call('HSET', key, account, from)
  m.accounts[gateway .. '\n' .. account] = true
  drop(gateway, account)
  return true
end

forget_member(prefix, tonumber(to))
for name, value in pairs(kept) do
  local kind, what = string.match(name, '^(%a+):?(.*)$')
  if kind == 'account' then
    if give_back(what, value) then redis.call('HSET', theirs, name, value) end
  elseif kind == 'also' then
    local back = {}
    for _, one in ipairs(lines(value)) do
      if give_back(what, one) then back[#back + 1] = one end
    end
    if back[1] then redis.call('HSET', theirs, name, table.concat(back, '\n')) end
  elseif kind ~= 'attribute' and kind ~= 'beside' then
    redis.call('HSET', theirs, name, value)
  end
end
if (kept.name or '') ~= '' then
  redis.call('ZADD', prefix .. 'member:names', 0, (kept.folded or '') .. '\0' .. from)
end
if before and redis.call('HGET', ours, 'since') == kept.since then redis.call('HSET', ours, 'since', before) end

for i = 1, #flat, 2 do
  local names = lines(flat[i])
  local kind = table.remove(names, 1)
  if part[kind] then part[kind](m, names, flat[i + 1]) end
end
local fields = redis.call('HGETALL', ours)
for i = 1, #fields, 2 do
  local group = string.match(fields[i], '^beside:(%d+)$')
  if group then part_beside(m, group, groups[group] or '', fields[i + 1]) end
end
redis.call('HDEL', KEYS[1], from) -- first: effects go where a number leads
perform(prefix, at)
index_member(prefix, tonumber(to))
index_member(prefix, tonumber(from))
redis.call('DEL', m.record)
redis.call('RPOP', stack)
redis.call('ZREM', prefix .. 'merge:late', from)
redis.call('INCR', prefix .. 'merge:version')
return 'ok'
