-- Leases up to n conversations with work to one node.
-- KEYS: ready, leases, owner, tries, fence. ARGV: prefix, node, now ms, lease ms, n, items.
-- Returns a list of {conversation, token, tries, item, ...}; tries is 0 unless a node that held the
-- conversation ended, see reclaim.lua.
local out = {}
for _ = 1, tonumber(ARGV[5]) do
  local conversation = redis.call('LPOP', KEYS[1])
  if not conversation then break end
  local items = redis.call('LRANGE', ARGV[1] .. 'inbox:queue:' .. conversation, 0, ARGV[6] - 1)
  if items[1] then
    local token = ARGV[2] .. ':' .. redis.call('INCR', KEYS[5])
    redis.call('HSET', KEYS[3], conversation, token)
    redis.call('ZADD', KEYS[2], ARGV[3] + ARGV[4], conversation)
    local row = {conversation, token, tonumber(redis.call('HGET', KEYS[4], conversation) or 0)}
    for _, item in ipairs(items) do row[#row + 1] = item end
    out[#out + 1] = row
  end
end
return out
