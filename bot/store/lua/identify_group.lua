-- Gives a group its number, once, and keeps its name.
-- KEYS: group ids, group sequence. ARGV: prefix, conversation, name, now ms. Returns the number.
local number = redis.call('HGET', KEYS[1], ARGV[2])
if not number then
  number = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], ARGV[2], number)
  redis.call('HSET', ARGV[1] .. 'group:at:' .. number, 'conversation', ARGV[2], 'since', ARGV[4], 'name', ARGV[3])
  redis.call('ZADD', ARGV[1] .. 'groups:created', ARGV[4], number)
end
if ARGV[3] ~= '' then redis.call('HSET', ARGV[1] .. 'group:at:' .. number, 'name', ARGV[3]) end
return tonumber(number)
