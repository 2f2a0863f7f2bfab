-- Whose moments lie in a span of time. KEYS: the key that names the slot.
-- ARGV: prefix, after ms, until ms, limit for each, then names of sorted sets without the prefix.
-- Returns {which, member, ms, ...}, each set in order of time; sets are counted from 0.
local out = {}
for i = 5, #ARGV do
  local found = redis.call('ZRANGEBYSCORE', ARGV[1] .. ARGV[i],
    '(' .. ARGV[2], ARGV[3], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  for j = 1, #found, 2 do
    out[#out + 1] = i - 5
    out[#out + 1] = found[j]
    out[#out + 1] = found[j + 1]
  end
end
return out
