-- Counts one of something in all of its windows, if there is room in each (GCRA); for many things.
-- KEYS: as many per thing as there are windows. ARGV: now ms, windows, then burst and interval µs
-- of each window.
-- Returns for every thing how many ms to wait, 0 when it was counted.
local now, windows = tonumber(ARGV[1]), tonumber(ARGV[2])
local now_us = now * 1000
local function keep(key, tat)
  redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil(tat / 1000 - now) + 1000)
end

local out = {}
for first = 1, #KEYS, windows do
  local wait, tats = 0, {}
  for i = 0, windows - 1 do
    local burst, interval = tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
    local tat = tonumber(redis.call('GET', KEYS[first + i]) or 0)
    if tat > now_us + burst * interval then
      -- Further ahead than the limit can reach: the clock went back. As if all was just used.
      tat = now_us + burst * interval
      keep(KEYS[first + i], tat)
    end
    tat = math.max(now_us, tat)
    wait = math.max(wait, math.ceil((tat - (burst - 1) * interval - now_us) / 1000))
    tats[i] = tat + interval
  end
  if wait == 0 then
    for i = 0, windows - 1 do keep(KEYS[first + i], tats[i]) end
  end
  out[#out + 1] = wait
end
return out
