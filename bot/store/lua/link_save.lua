-- Keeps new terms of a link, unless somebody was faster.
-- KEYS: link, history, edited, audit, admitted, counts, edits. ARGV: link number, version it was, terms,
-- version entry, first entry, limit, audit entries kept, audit entry, versions kept.
-- Returns the new version, 0 when the link has another version by now, -1 when there is none.
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '1')
if version ~= tonumber(ARGV[2]) then return 0 end
if version == 1 then redis.call('HSET', KEYS[2], '1', ARGV[5]) end
version = version + 1
redis.call('HSET', KEYS[1], 'version', version, 'terms', ARGV[3])
redis.call('HSET', KEYS[2], version, ARGV[4])
redis.call('HDEL', KEYS[2], version - tonumber(ARGV[9]))
-- What was clicked before counts too; from now on the redirect counts by itself.
if ARGV[6] == '0' then
  redis.call('DEL', KEYS[5])
else
  redis.call('SET', KEYS[5], redis.call('HGET', KEYS[6], 'clicks') or '0', 'NX')
end
redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[7]), ARGV[1])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[7], '*', 'change', ARGV[8])
return version
