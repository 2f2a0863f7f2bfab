-- include: none
-- Puts judged hits with their new verdicts into a second stream under their old ids, and that in
-- place of the first once they have the same entries.
-- KEYS: hits kept, second stream, the replay that writes now, what it added. ARGV: its name, the last
-- id in the second stream ('' to begin it), then per entry: id, hit, verdict, rules.
-- Returns 'more', 'done', 'again' when entries went from the first meanwhile, or 'taken' when another
-- replay writes.
local kept, second = KEYS[1], KEYS[2]
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'taken' end
redis.call('PEXPIRE', KEYS[3], 30000)

local function last_of(key)
  local rows = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
  return rows[1] and rows[1][1] or ''
end

local ending = #ARGV > 2 and ARGV[#ARGV - 3] or ARGV[2]
if ARGV[2] == '' then redis.call('DEL', second) end
local last = last_of(second)
if last ~= ending or ARGV[2] == '' then
  if last ~= ARGV[2] then return 'again' end
  for i = 3, #ARGV, 4 do
    redis.call('XADD', second, ARGV[i], 'hit', ARGV[i + 1], 'verdict', ARGV[i + 2], 'rules', ARGV[i + 3])
  end
end
if redis.call('EXISTS', second) == 0 or redis.call('EXISTS', kept) == 0 then
  redis.call('DEL', second, KEYS[4])
  return 'done'
end
if last_of(kept) ~= ending then return 'more' end
local first = redis.call('XRANGE', kept, '-', '+', 'COUNT', 1)[1][1]
redis.call('XTRIM', second, 'MINID', first)
if redis.call('XLEN', kept) ~= redis.call('XLEN', second) then return 'again' end
-- Who reads on from where they were must not notice.
local about = {}
local info = redis.call('XINFO', 'STREAM', kept)
for i = 1, #info, 2 do about[info[i]] = info[i + 1] end
redis.call('XSETID', second, about['last-generated-id'], 'ENTRIESADDED', about['entries-added'],
  'MAXDELETEDID', about['max-deleted-entry-id'])
redis.call('RENAME', second, kept)
redis.call('DEL', KEYS[4])
return 'done'
