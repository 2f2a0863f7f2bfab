-- include: none
-- A page of what a sorted set has between two scores, going on exactly where the last page ended.
-- KEYS: the sorted set. ARGV: lowest and highest score, as ZCOUNT takes them, the element the last
-- page ended with and its score ('' at the beginning), how many. Returns the last one's score ('' when
-- there are none), and the elements.
local low, high, last, its = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local start
if last ~= '' then
  if redis.call('ZSCORE', KEYS[1], last) == its then
    start = redis.call('ZRANK', KEYS[1], last) + 1
  else
    low = its -- it moved meanwhile: its score again from the beginning
  end
end
if not start then
  local below = string.sub(low, 1, 1) == '(' and string.sub(low, 2) or '(' .. low
  start = low == '-inf' and 0 or redis.call('ZCOUNT', KEYS[1], '-inf', below)
end
local stop = math.min(start + tonumber(ARGV[5]), redis.call('ZCOUNT', KEYS[1], '-inf', high)) - 1
if stop < start then return { 0, '', '', '' } end
local found = redis.call('ZRANGE', KEYS[1], start, stop)
return { #found, table.concat(found, ' '), found[#found], redis.call('ZSCORE', KEYS[1], found[#found]) }
