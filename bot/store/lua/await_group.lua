-- Gives a group that may never be seen the number it will have then, without making it.
-- KEYS: group ids, group sequence, numbers of groups not seen yet. ARGV: conversation.
-- Returns {number, 1 when it was seen}.
local number = redis.call('HGET', KEYS[1], ARGV[1])
if number then return {tonumber(number), 1} end
number = redis.call('HGET', KEYS[3], ARGV[1])
if not number then
  number = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[3], ARGV[1], number)
end
return {tonumber(number), 0}
