-- include: fact
-- Gives an account its member number, once, and keeps its name.
-- KEYS: accounts of the gateway, member sequence, members, names, members of the gateway.
-- ARGV: prefix, gateway, account id, name, folded name, now ms. Returns the number.
local number = redis.call('HGET', KEYS[1], ARGV[3])
if not number then
  number = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], ARGV[3], number)
  redis.call('HSET', ARGV[1] .. 'member:at:' .. number, 'since', ARGV[6],
    'account:' .. ARGV[2], ARGV[3], 'name', '', 'folded', '')
  fact_add(KEYS[3], number)
  fact_add(KEYS[5], number)
end
local member = ARGV[1] .. 'member:at:' .. number
local old = redis.call('HMGET', member, 'name', 'folded')
if ARGV[4] ~= '' and old[1] ~= ARGV[4] then
  if old[2] then redis.call('ZREM', KEYS[4], old[2] .. '\0' .. number) end
  redis.call('ZADD', KEYS[4], 0, ARGV[5] .. '\0' .. number)
  redis.call('HSET', member, 'name', ARGV[4], 'folded', ARGV[5])
end
return tonumber(number)
