-- Gives conversations back to the ready list: those whose lease ended or ends impossibly late (the
-- clock went back), and those a node of this name held but does not work on (a former life of it,
-- or a lease whose answer was lost). Their first events are under suspicion then: 1 in tries.
-- KEYS: ready, leases, owner, tries. ARGV: now ms, node, limit, lease ms, then the conversations in hand.
-- Returns how many were given back.
local mine = {}
for i = 5, #ARGV do mine[ARGV[i]] = true end
local given = 0
local function give(conversation)
  redis.call('HDEL', KEYS[3], conversation)
  redis.call('ZREM', KEYS[2], conversation)
  redis.call('LPUSH', KEYS[1], conversation)
  redis.call('HSETNX', KEYS[4], conversation, 1)
  given = given + 1
end
for _, conversation in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  if not mine[conversation] then give(conversation) end
end
for _, conversation in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[1] + 2 * ARGV[4], '+inf', 'LIMIT', 0, ARGV[3])) do
  if not mine[conversation] then give(conversation) end
end
if ARGV[2] ~= '' then
  for _, conversation in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[3] - 1)) do
    local owner = redis.call('HGET', KEYS[3], conversation)
    if owner and not mine[conversation] and string.match(owner, '^(.*):%d+$') == ARGV[2] then give(conversation) end
  end
end
return given
