-- Moves timers whose time came into their conversations' queues.
-- KEYS: timers, timer events, ready, owner. ARGV: prefix, now ms, limit.
-- Returns {moved, ms of the next timer or -1}.
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do
  local stored = redis.call('HGET', KEYS[2], id)
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  if stored then
    local conversation, event = string.match(stored, '^(.-)\n(.*)$')
    local queue = ARGV[1] .. 'inbox:queue:' .. conversation
    if redis.call('RPUSH', queue, id .. '\n' .. event) == 1 and redis.call('HEXISTS', KEYS[4], conversation) == 0 then
      redis.call('RPUSH', KEYS[3], conversation)
    end
  end
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {#ids, first[2] or -1}
