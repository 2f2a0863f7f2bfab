-- Puts a dead letter back into its conversation's queue, once.
-- KEYS: dead letters, queue, ready, owner. ARGV: entry id, conversation, item. Returns 1 when done.
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('RPUSH', KEYS[2], ARGV[3]) == 1 and redis.call('HEXISTS', KEYS[4], ARGV[2]) == 0 then
  redis.call('RPUSH', KEYS[3], ARGV[2])
end
return 1
