-- Puts an event into its conversation's queue unless its id was seen before.
-- KEYS: seen now, seen before, queue, ready, owner, seen next (before the clock went back).
-- ARGV: event id, conversation, item, seen lifetime s. Returns 1 when it was new.
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 0 end
if redis.call('SISMEMBER', KEYS[6], ARGV[1]) == 1 then return 0 end
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[4])
if redis.call('RPUSH', KEYS[3], ARGV[3]) == 1 and redis.call('HEXISTS', KEYS[5], ARGV[2]) == 0 then
  redis.call('RPUSH', KEYS[4], ARGV[2])
end
return 1
