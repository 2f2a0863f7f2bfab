-- include: fact
-- Records a conversion and adds it to its sums, once for each name it is told under.
-- KEYS: seen, conversions. ARGV: prefix, content digest, seconds it is remembered, entries kept,
-- body, day, kind and currency ("sale:CNY"), value (0.0001), link, step, group, member.
-- Returns {entry, digest of what was recorded under the name, 1 when it was recorded now}.
local known = redis.call('GET', KEYS[1])
if known then
  local entry, digest = string.match(known, '^(%S+) (%S+)$')
  return {entry, digest, 0}
end
local prefix, what, value, member = ARGV[1], ARGV[7], ARGV[8], ARGV[12]
local parts = {all = 'all', day = ARGV[6], step = ARGV[10], group = ARGV[11]}
local links = ARGV[9] == '0' and {'0'} or {'0', ARGV[9]}
for _, link in ipairs(links) do
  for part, name in pairs(parts) do
    local key, field = prefix .. 'conversion:by:' .. part .. ':' .. link, name .. ':' .. what
    redis.call('HINCRBY', key, field .. ':value', value)
    redis.call('HINCRBY', key, field .. ':count', 1)
  end
  if member ~= '0' then
    for _, who in ipairs({'all', 's' .. ARGV[10], 'g' .. ARGV[11]}) do
      fact_add(prefix .. 'conversion:members:' .. link .. ':' .. who, member)
    end
  end
end
local entry = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'conversion', ARGV[5])
redis.call('SET', KEYS[1], entry .. ' ' .. ARGV[2], 'EX', ARGV[3])
return {entry, ARGV[2], 1}
