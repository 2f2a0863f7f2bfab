-- Who joined groups in a span of time. KEYS: the key that names the slot.
-- ARGV: prefix, after ms, until ms, limit for each group, group numbers.
-- Returns {group, member, joined ms, ...}, each group in order of time.
local out = {}
for i = 5, #ARGV do
  local found = redis.call('ZRANGEBYSCORE', ARGV[1] .. 'group:joined:' .. ARGV[i],
    '(' .. ARGV[2], ARGV[3], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  for j = 1, #found, 2 do
    out[#out + 1] = ARGV[i]
    out[#out + 1] = found[j]
    out[#out + 1] = found[j + 1]
  end
end
return out
