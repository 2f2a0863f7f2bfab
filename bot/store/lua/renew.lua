-- Renews leases still ours. KEYS: leases, owner. ARGV: lease end ms, then pairs conversation, token.
-- Returns the conversations that are ours no more.
local lost = {}
for i = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[i + 1] then
    redis.call('ZADD', KEYS[1], 'XX', ARGV[1], ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
