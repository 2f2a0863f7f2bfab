-- include: fact, outbox, timer, effects
-- Applies effects that answer no event (planner, console, API). KEYS: the key that names the slot.
-- ARGV: prefix, effects. Returns 0, or the number of the guard that did not hold.
local failed, at = check(ARGV[1], 2)
if failed then return failed end
perform(ARGV[1], at)
return 0
