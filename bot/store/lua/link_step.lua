-- Gives a step's name its number, once. KEYS: steps, names, sequence. ARGV: name. Returns it.
local number = redis.call('HGET', KEYS[1], ARGV[1])
if not number then
  number = redis.call('INCR', KEYS[3])
  redis.call('HSET', KEYS[1], ARGV[1], number)
  redis.call('HSET', KEYS[2], number, ARGV[1])
end
return tonumber(number)
