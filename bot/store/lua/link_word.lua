-- Gives a link a word, or takes a word away.
-- KEYS: words, edited, audit, edits. ARGV: word, link number or '' to take it away, audit entries kept,
-- audit entry. Returns the link that has the word now or had it, 0 for none.
local owner = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[2] == '' then
  if not owner then return 0 end
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  if owner then return tonumber(owner) end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  owner = ARGV[2]
end
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[4]), '0')
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'change', ARGV[4])
return tonumber(owner)
