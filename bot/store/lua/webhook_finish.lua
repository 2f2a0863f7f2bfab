-- include: none
-- Records what became of one try at an endpoint, if it is still ours.
-- KEYS: due, sending, bodies, dead, health. ARGV: event id, lease end ms, ending ("done", "again",
-- "dead"), due ms, body to keep ('' when done), now ms, reason.
-- Returns since when the endpoint fails, ms; 0 when it does not; -1 when it is not ours any more.
local event, ending, now = ARGV[1], ARGV[3], ARGV[6]
local lease = redis.call('ZSCORE', KEYS[2], event)
if not lease or tonumber(lease) ~= tonumber(ARGV[2]) then return -1 end
redis.call('ZREM', KEYS[2], event)
if redis.call('HEXISTS', KEYS[3], event) == 0 then return 0 end
if ending == 'done' then
  redis.call('HDEL', KEYS[3], event)
  redis.call('HDEL', KEYS[5], 'failing', 'reason')
  redis.call('HSET', KEYS[5], 'success', now)
  redis.call('HINCRBY', KEYS[5], 'delivered', 1)
  return 0
end
redis.call('HSET', KEYS[3], event, ARGV[5])
redis.call('ZADD', KEYS[ending == 'dead' and 4 or 1], ARGV[4], event)
redis.call('HSET', KEYS[5], 'failure', now, 'reason', ARGV[7])
redis.call('HSETNX', KEYS[5], 'failing', now)
return tonumber(redis.call('HGET', KEYS[5], 'failing'))
