-- Gives a destination and campaign its link number, once.
-- KEYS: link ids, link sequence. ARGV: prefix, id, url, campaign, now ms. Returns the number.
local number = redis.call('HGET', KEYS[1], ARGV[2])
if not number then
  number = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], ARGV[2], number)
  redis.call('HSET', ARGV[1] .. 'link:at:' .. number, 'url', ARGV[3], 'campaign', ARGV[4], 'since', ARGV[5])
end
return tonumber(number)
