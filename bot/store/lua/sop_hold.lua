-- Keeps targets of an occurrence whose time passed, till an operator decides.
-- KEYS: SOP states, due, asked. ARGV: SOP, its state, latest due ms, limit.
-- Returns how many, or -1 when the SOP is not as it was.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return -1 end
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
for i = 1, #found, 2 do
  redis.call('ZREM', KEYS[2], found[i])
  redis.call('ZADD', KEYS[3], found[i + 1], found[i])
end
return #found / 2
