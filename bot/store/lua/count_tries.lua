-- Counts one more try under each key. KEYS: counters. ARGV: their lifetime, s.
-- Returns the counts. Counting twice after a lost answer only makes the throttle stricter.
local counts = {}
for i, key in ipairs(KEYS) do
  counts[i] = redis.call('INCR', key)
  redis.call('EXPIRE', key, ARGV[1])
end
return counts
