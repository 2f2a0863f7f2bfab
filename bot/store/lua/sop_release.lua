-- Makes targets that were kept for an operator due now. KEYS: SOP states, asked, due.
-- ARGV: SOP, its state, now ms, limit. Returns how many, or -1 when the SOP is not as it was.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return -1 end
local found = redis.call('ZRANGE', KEYS[2], 0, ARGV[4] - 1)
for _, target in ipairs(found) do
  redis.call('ZREM', KEYS[2], target)
  redis.call('ZADD', KEYS[3], ARGV[3], target)
end
return #found
