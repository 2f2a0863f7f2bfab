-- include: fact
-- Ends targets of an occurrence whose time passed, as skipped. KEYS: SOP states, due, runs, planned,
-- outcome fact. ARGV: SOP, its state, run, latest due ms, limit.
-- Returns how many, or -1 when the SOP is not as it was.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return -1 end
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[4], 'WITHSCORES', 'LIMIT', 0, ARGV[5])
for i = 1, #found, 2 do
  local number = tonumber(string.match(found[i], '^%d+'))
  redis.call('ZREM', KEYS[2], found[i])
  redis.call('ZADD', KEYS[3], 'NX', found[i + 1], ARGV[3])
  fact_add(KEYS[4], number)
  fact_add(KEYS[5], number)
end
return #found / 2
