-- include: fact, outbox, timer, heard, tag, search, effects
-- Puts members of before into the index of a declared attribute, and keeps how far that is.
-- KEYS: the states of all such indexes. ARGV: prefix, attribute, the state it was read in, the state
-- afterwards ('' when nothing is left to keep), then by turns a member's number, their value, and
-- MMDD and YYYYMMDD of a value that is a day, or ''. Returns 1, or 0 if somebody else went on.
local prefix, attribute = ARGV[1], ARGV[2]
if redis.call('HGET', KEYS[1], attribute) ~= ARGV[3] then return 0 end
for i = 5, #ARGV, 4 do
  local member, value = ARGV[i], ARGV[i + 1]
  -- Who was changed meanwhile is in the index already.
  if redis.call('HGET', prefix .. 'member:at:' .. member, 'attribute:' .. attribute) == value then
    refind(prefix, member, attribute, ARGV[3], value, value)
    score(prefix .. 'dates:' .. attribute, member, ARGV[i + 2])
    score(prefix .. 'days:' .. attribute, member, ARGV[i + 3])
  end
end
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[1], attribute)
else
  redis.call('HSET', KEYS[1], attribute, ARGV[4])
end
return 1
