-- include: fact, outbox, timer, heard, tag, search, effects
-- Plans one target of an occurrence: takes it from the due ones and writes its row.
-- KEYS: SOP states, due, runs, planned, sending, rate. ARGV: prefix, SOP, its state, target, number,
-- due ms, run, outcome fact ('' for none yet), conversation ('' for no delivery), class,
-- delivery due ms, delivery, what sending keeps of it, rate: now ms, burst and interval ms (0: no limit),
-- effects.
-- Returns 1, 0 when the target is not due any more or a guard fails, -1 when the SOP is not as it was,
-- -2 when its rate lets nothing more go now.
if redis.call('HGET', KEYS[1], ARGV[2]) ~= ARGV[3] then return -1 end
if not redis.call('ZSCORE', KEYS[2], ARGV[4]) then return 0 end
local now, burst, interval = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
if ARGV[9] ~= '' and interval > 0 then
  local tat = tonumber(redis.call('GET', KEYS[6]) or 0)
  if tat > now + burst * interval then tat = now + burst * interval end -- the clock went back
  if tat - (burst - 1) * interval > now then return -2 end
  tat = math.max(tat, now) + interval
  redis.call('SET', KEYS[6], string.format('%.3f', tat), 'PX', string.format('%.0f', math.max(1, tat - now + 1000)))
end
local failed, at = check(ARGV[1], 17)
if failed then return 0 end
redis.call('ZREM', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[3], 'NX', ARGV[6], ARGV[7])
fact_add(KEYS[4], ARGV[5])
if ARGV[8] ~= '' then fact_add(ARGV[8], ARGV[5]) end
if ARGV[9] ~= '' then
  redis.call('HSET', KEYS[5], deliver(ARGV[1], ARGV[9], ARGV[10], ARGV[11], ARGV[12]), ARGV[13])
end
perform(ARGV[1], at)
return 1
