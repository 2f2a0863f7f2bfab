-- include: fact, outbox, timer, heard, tag, search, effects, target
-- Makes targets of a run that failed due again; effects, such as letting the SOP run again, go with
-- it. KEYS: SOP states, open occurrences, due, planned, failed, names of who failed.
-- ARGV: prefix, SOP, its state, occurrence, now ms, how many numbers, these, then by turns their
-- names for who has none kept, effects. Returns how many, or -1 when the SOP is not as it was.
if redis.call('HGET', KEYS[1], ARGV[2]) ~= ARGV[3] then return -1 end
local count, again = tonumber(ARGV[6]), 0
local failed, at = check(ARGV[1], 7 + 2 * count)
if failed then return -1 end
for i = 7, 6 + count do
  local number = ARGV[i]
  if fact_has(KEYS[5], number) == 1 then
    local kept = redis.call('HGET', KEYS[6], number)
    fact_remove(KEYS[5], number)
    fact_remove(KEYS[4], number)
    redis.call('HDEL', KEYS[6], number)
    local target = kept and string.match(kept, '^[^\n]+') or ARGV[i + count]
    again = again + due_again(ARGV[1], ARGV[4], KEYS[4], target, ARGV[5])
  end
end
if again > 0 then
  redis.call('HSETNX', KEYS[2], ARGV[4], 'fed')
  perform(ARGV[1], at)
end
return again
