-- Admits one request of an API token within its rate (GCRA), and notes that the token is used.
-- KEYS: limit, used. ARGV: token, now ms, burst, interval µs, ms between two notes.
-- Returns 0 when it is admitted, else the ms until the next one is.
local now, burst, interval = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now_us = now * 1000
-- A stored time further ahead than the limit can reach means the clock went back.
local tat = math.min(tonumber(redis.call('GET', KEYS[1]) or 0), now_us + burst * interval)
if tat < now_us then tat = now_us end
local ahead = tat - (burst - 1) * interval - now_us
if ahead > 0 then return math.ceil(ahead / 1000) end
tat = tat + interval
local left = math.max(1000, math.ceil((tat - now_us) / 1000))
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', left)
if math.abs(now - tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0)) >= tonumber(ARGV[5]) then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
return 0
