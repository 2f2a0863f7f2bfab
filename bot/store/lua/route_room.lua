-- include: fact
-- How full groups are. ARGV: prefix, now ms, then group numbers.
-- Returns for each who is there, and places held for who is not.
local found = {}
for i = 3, #ARGV do
  local present, held = ARGV[1] .. 'group:present:' .. ARGV[i], 0
  local key = ARGV[1] .. 'route:held:' .. ARGV[i]
  for _, m in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[2], '+inf')) do
    if fact_has(present, m) == 0 then held = held + 1 end
  end
  found[#found + 1], found[#found + 2] = fact_count(present), held
end
return found
