-- include: none
-- Puts dead letters of an endpoint back into its queue, as if never tried.
-- KEYS: due, bodies, dead. ARGV: now ms, event ids.
-- Returns how many were put back.
local back = 0
for i = 2, #ARGV do
  if redis.call('ZREM', KEYS[3], ARGV[i]) == 1 then
    local body = redis.call('HGET', KEYS[2], ARGV[i])
    if body then -- else whom it named was erased
      redis.call('HSET', KEYS[2], ARGV[i], '{}' .. string.sub(body, string.find(body, '\n', 1, true), -1))
      redis.call('ZADD', KEYS[1], ARGV[1], ARGV[i])
      back = back + 1
    end
  end
end
return back
