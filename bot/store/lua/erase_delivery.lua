-- include: outbox
-- Takes a delivery out of the outbox, wherever it stands. One that is at the gateway may arrive;
-- its sender finds that it is its own no more and records nothing.
-- KEYS: bodies, owners, busy lanes, sending. ARGV: prefix, id, class, conversation.
local id, lane = ARGV[2], ARGV[3] .. ':' .. ARGV[4]
redis.call('HDEL', KEYS[1], id)
redis.call('HDEL', KEYS[2], id)
redis.call('ZREM', KEYS[4], id)
redis.call('ZREM', ARGV[1] .. 'outbox:lane:' .. lane, id)
if redis.call('HGET', KEYS[3], lane) == id then redis.call('HDEL', KEYS[3], lane) end
if redis.call('HEXISTS', KEYS[3], lane) == 0 then lane_wake(ARGV[1], ARGV[3], ARGV[4]) end
return 1
