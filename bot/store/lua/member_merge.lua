-- include: fact, outbox, timer, heard, tag, search, effects, identify, merge
-- Makes one member of two: the lower number survives, the other one leads to it.
-- KEYS: which numbers lead where. ARGV: prefix, survivor, the other, about it (JSON; '' to carry what
-- came to the other number since), what may be carried (JSON), effects (see bot/members/merging.py).
-- Returns 'ok', 'gone' (one is no member), or 'changed' (a guard did not hold).
local prefix, to, from = ARGV[1], ARGV[2], ARGV[3]
local m = { prefix = prefix, to = to, from = from, record = prefix .. 'merge:record:' .. from }
local ours, theirs = prefix .. 'member:at:' .. to, prefix .. 'member:at:' .. from
local late, failed, at = ARGV[4] == '', nil, nil
if late then
  if redis.call('HGET', KEYS[1], from) ~= to then return 'gone' end
else
  if redis.call('EXISTS', ours, theirs) ~= 2 then return 'gone' end
  failed, at = check(prefix, 6)
  if failed then return 'changed' end
end
for _, item in ipairs(cjson.decode(ARGV[5])) do
  carry[item[1]](m, item[2], item[3], item[4], item[5])
end
if late then return 'ok' end

local function take_account(gateway, account)
  redis.call('HSET', prefix .. 'member:accounts:' .. gateway, account, to)
  index_account(prefix, tonumber(to), account)
  if redis.call('HSETNX', ours, 'account:' .. gateway, account) == 1 then return end
  local also = redis.call('HGET', ours, 'also:' .. gateway)
  redis.call('HSET', ours, 'also:' .. gateway, also and (also .. '\n' .. account) or account)
end

local fields, field = redis.call('HGETALL', theirs), {}
for i = 1, #fields, 2 do
  field[fields[i]] = fields[i + 1]
  redis.call('HSET', m.record, 'member\n' .. fields[i], fields[i + 1])
end
for name, value in pairs(field) do
  local gateway = string.match(name, '^account:(.*)$')
  if gateway then take_account(gateway, value) end
end
for name, value in pairs(field) do
  local gateway = string.match(name, '^also:(.*)$')
  if gateway then
    for _, account in ipairs(lines(value)) do take_account(gateway, account) end
  end
end
local since = redis.call('HGET', ours, 'since') or '0'
redis.call('HSET', m.record, 'since', since)
if tonumber(field.since or since) < tonumber(since) then redis.call('HSET', ours, 'since', field.since) end
forget_member(prefix, tonumber(from))
if (redis.call('HGET', ours, 'name') or '') == '' then
  name_member(prefix, tonumber(to), field.name or '', field.folded or '', field.sound or '')
end
redis.call('ZREM', prefix .. 'member:names', (field.folded or '') .. '\0' .. from)
perform(prefix, at)
redis.call('DEL', theirs)
redis.call('HSET', m.record, 'about', ARGV[4])
redis.call('HSET', KEYS[1], from, to)
redis.call('ZADD', prefix .. 'merge:late', cjson.decode(ARGV[4]).at, from)
redis.call('RPUSH', prefix .. 'merge:stack:' .. to, from)
redis.call('INCR', prefix .. 'merge:version')
return 'ok'
