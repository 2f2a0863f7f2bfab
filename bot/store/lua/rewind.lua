-- The clock went back. What had fallen due just before is due now, not when the clock gets there again;
-- so is, relative to now, what was to follow soon after, except broadcasts, whose time is of the day.
-- KEYS: timers, busy lanes. ARGV: prefix, now ms, ms before the step, gateways.
local prefix, now, before = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local SOON, LATELY = 310000, 2000

local function pull(key, soon)
  local found = redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[2], before + soon, 'LIMIT', 0, 10000)
  for _, member in ipairs(found) do redis.call('ZINCRBY', key, now - before, member) end
  return found
end

pull(KEYS[1], SOON)
for g = 4, #ARGV do
  for class, soon in pairs({reply = SOON, welcome = SOON, notice = SOON, broadcast = LATELY}) do
    for _, chat in ipairs(pull(prefix .. 'outbox:due:' .. ARGV[g] .. ':' .. class, soon)) do
      pull(prefix .. 'outbox:lane:' .. class .. ':' .. chat, soon)
    end
  end
end
for _, lane in ipairs(redis.call('HKEYS', KEYS[2])) do
  pull(prefix .. 'outbox:lane:' .. lane, string.find(lane, '^broadcast:') and LATELY or SOON)
end
