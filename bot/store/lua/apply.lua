-- include: fact, outbox, timer, heard, tag, search, effects
-- Applies effects that answer no event (planner, console, API), once however often it is asked.
-- KEYS: what tells that they are applied. ARGV: prefix, effects.
-- Returns 0, or the number of the guard that did not hold.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local failed, at = check(ARGV[1], 2)
if failed then return failed end
redis.call('SET', KEYS[1], 1, 'EX', 120)
perform(ARGV[1], at)
return 0
