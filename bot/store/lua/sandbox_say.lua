-- Writes what was said into the sandbox feed; a delivery id seen before is not written again.
-- KEYS: feed, sent. ARGV: delivery id or '', entry JSON, longest feed. Returns the entry's id.
if ARGV[1] ~= '' then
  local before = redis.call('HGET', KEYS[2], ARGV[1])
  if before then return before end
end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'entry', ARGV[2])
if ARGV[1] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[1], id)
  redis.call('EXPIRE', KEYS[2], 86400)
end
return id
