-- The clock went back. What had fallen due just before is due now, not when the clock gets there again;
-- so is, relative to now, what was to follow soon after, except broadcasts, whose time is of the day.
-- KEYS: timers, busy lanes. ARGV: prefix, now ms, ms before the step, gateways.
local prefix, now, before = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local SOON, LATELY, MOST = 310000, 2000, 10000

local function pull(key, soon)
  local found = redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[2], before + soon, 'LIMIT', 0, MOST)
  for _, member in ipairs(found) do redis.call('ZINCRBY', key, now - before, member) end
end

pull(KEYS[1], SOON)
for g = 4, #ARGV do
  for class, soon in pairs({reply = SOON, welcome = SOON, notice = SOON, broadcast = LATELY}) do
    local due = prefix .. 'outbox:due:' .. ARGV[g] .. ':' .. class
    for _, chat in ipairs(redis.call('ZRANGE', due, 0, MOST)) do
      pull(prefix .. 'outbox:lane:' .. class .. ':' .. chat, soon)
    end
    pull(due, soon)
  end
end
for _, lane in ipairs(redis.call('HKEYS', KEYS[2])) do
  pull(prefix .. 'outbox:lane:' .. lane, string.find(lane, '^broadcast:') and LATELY or SOON)
end
