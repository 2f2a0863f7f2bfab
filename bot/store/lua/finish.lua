-- include: fact, outbox, timer, heard, tag, search, effects
-- Records what became of a taken delivery, if the token still owns it, and wakes its lane.
-- KEYS: sending, owner, body, busy, doubt, blocked, account key. ARGV: prefix, id, token, outcome
-- ('sent', 'failed', 'skipped', 'in_doubt', 'task'; 'again' keeps its place, 'later' moves it), conversation, class,
-- body to keep (for 'again', 'later', 'in_doubt'), due ms (for 'again', 'later'), blocked until ms or 0,
-- result fact ('' for none), target number, caps to give back (keys by line, '' for none), now ms, effects (journal).
-- Returns 1, or 0 when the delivery is not the token's any more.
local prefix, id, outcome, conversation, class = ARGV[1], ARGV[2], ARGV[4], ARGV[5], ARGV[6]
if redis.call('HGET', KEYS[2], id) ~= ARGV[3] then return 0 end
local lane = class .. ':' .. conversation
redis.call('HDEL', KEYS[2], id)
redis.call('ZREM', KEYS[1], id)
redis.call('HDEL', KEYS[4], lane)
local until_ms, now = tonumber(ARGV[9]), tonumber(ARGV[13])
local before = string.match(redis.call('GET', KEYS[6]) or '0', '^%d+')
if until_ms > now and until_ms > tonumber(before) then
  redis.call('SET', KEYS[6], ARGV[9] .. ' ' .. ARGV[13], 'PX', math.min(until_ms - now, 86400000))
end
for key in string.gmatch(ARGV[12], '[^\n]+') do
  local cap = cap_key(prefix, key)
  if redis.call('EXISTS', cap) == 1 then redis.call('DECR', cap) end
end
if outcome == 'again' then
  redis.call('HSET', KEYS[3], id, ARGV[7])
  redis.call('ZADD', prefix .. 'outbox:due:' .. gateway_of(conversation) .. ':' .. class, ARGV[8], conversation)
elseif outcome == 'later' then
  redis.call('HSET', KEYS[3], id, ARGV[7])
  redis.call('ZADD', prefix .. 'outbox:lane:' .. lane, ARGV[8], id)
  lane_wake(prefix, class, conversation)
else
  redis.call('HDEL', KEYS[3], id)
  redis.call('ZREM', prefix .. 'outbox:lane:' .. lane, id)
  if outcome == 'in_doubt' then redis.call('HSET', KEYS[5], id, ARGV[7]) end
  if ARGV[10] ~= '' then fact_add(ARGV[10], ARGV[11]) end
  lane_wake(prefix, class, conversation)
end
local failed, at = check(prefix, 14)
perform(prefix, at)
return 1
