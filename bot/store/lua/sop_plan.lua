-- include: fact, outbox, timer, effects
-- Plans one target of an occurrence: takes it from the due ones and writes its row.
-- KEYS: SOP states, due, runs, planned, sending. ARGV: prefix, SOP, its state, target, number,
-- due ms, run, outcome fact ('' for none yet), conversation ('' for no delivery), class,
-- delivery due ms, delivery, what sending keeps of it, effects.
-- Returns 1, 0 when the target is not due any more, or -1 when the SOP is not as it was.
if redis.call('HGET', KEYS[1], ARGV[2]) ~= ARGV[3] then return -1 end
if redis.call('ZREM', KEYS[2], ARGV[4]) == 0 then return 0 end
redis.call('ZADD', KEYS[3], 'NX', ARGV[6], ARGV[7])
fact_add(KEYS[4], ARGV[5])
if ARGV[8] ~= '' then fact_add(ARGV[8], ARGV[5]) end
if ARGV[9] ~= '' then
  redis.call('HSET', KEYS[5], deliver(ARGV[1], ARGV[9], ARGV[10], ARGV[11], ARGV[12]), ARGV[13])
end
local _, at = check(ARGV[1], 14)
perform(ARGV[1], at)
return 1
