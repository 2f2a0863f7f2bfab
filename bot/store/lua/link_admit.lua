-- Takes one of a link's limited number of clicks, if there is one. Who was let in a moment ago
-- needs no further one, as the counter counts no further click.
-- KEYS: admitted, place of this code and visitor. ARGV: limit, now ms, window ms, whether it would
-- count as a click (1 or 0). Returns 1 when there is room, 0 when it is full.
local last = redis.call('GET', KEYS[2])
if last and math.abs(tonumber(ARGV[2]) - tonumber(last)) < tonumber(ARGV[3]) then return 1 end
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end
if ARGV[4] == '1' then
  redis.call('INCR', KEYS[1])
  redis.call('SET', KEYS[2], ARGV[2], 'EX', 60)
end
return 1
