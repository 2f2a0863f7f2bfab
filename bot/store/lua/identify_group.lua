-- Gives a group its number, once, and keeps its name; a change makes the remembered list of groups old.
-- KEYS: group ids, group sequence, groups version, numbers of groups not seen yet. ARGV: prefix, conversation, name, now ms.
-- Returns the number.
local number = redis.call('HGET', KEYS[1], ARGV[2])
if not number then
  number = redis.call('HGET', KEYS[4], ARGV[2]) or redis.call('INCR', KEYS[2])
  redis.call('HDEL', KEYS[4], ARGV[2])
  redis.call('HSET', KEYS[1], ARGV[2], number)
  redis.call('HSET', ARGV[1] .. 'group:at:' .. number, 'conversation', ARGV[2], 'since', ARGV[4], 'name', ARGV[3])
  redis.call('ZADD', ARGV[1] .. 'groups:created', ARGV[4], number)
  redis.call('INCR', KEYS[3])
end
local key = ARGV[1] .. 'group:at:' .. number
if ARGV[3] ~= '' and redis.call('HGET', key, 'name') ~= ARGV[3] then
  redis.call('HSET', key, 'name', ARGV[3])
  redis.call('INCR', KEYS[3])
end
return tonumber(number)
