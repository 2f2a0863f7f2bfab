-- include: none
-- Hands out an endpoint's events that are due, the longest due first; each is leased for a while.
-- What a lost node had is due again when its lease ends.
-- KEYS: due, sending, bodies. ARGV: now ms, lease end ms, most at once.
-- Returns event id and body by turns.
local now = ARGV[1]
for _, event in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('ZREM', KEYS[2], event)
  if redis.call('HEXISTS', KEYS[3], event) == 1 then redis.call('ZADD', KEYS[1], now, event) end
end
local room = tonumber(ARGV[3]) - redis.call('ZCARD', KEYS[2])
local out = {}
if room <= 0 then return out end
for _, event in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, room)) do
  redis.call('ZREM', KEYS[1], event)
  local body = redis.call('HGET', KEYS[3], event)
  if body then -- else whom it named was erased
    redis.call('ZADD', KEYS[2], ARGV[2], event)
    out[#out + 1] = event
    out[#out + 1] = body
  end
end
return out
