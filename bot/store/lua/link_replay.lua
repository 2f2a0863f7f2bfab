-- include: fact, outbox, timer, heard, tag, search, effects
-- Writes what one link's hits come to when judged again, all at once or not at all.
-- KEYS: hits kept, the replay that writes now. ARGV: prefix, its name, entries of the hits kept that
-- were gone when they were read, effects. Returns 0; 'taken' when another replay writes; 'changed'
-- when hits were forgotten or erased; the number of the guard that did not hold.
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 'taken' end
redis.call('PEXPIRE', KEYS[2], 30000)
local about = {}
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do about[info[i]] = info[i + 1] end
end
if (about['entries-added'] or 0) - (about['length'] or 0) ~= tonumber(ARGV[3]) then return 'changed' end
local failed, at = check(ARGV[1], 4)
if failed then return failed end
perform(ARGV[1], at)
return 0
