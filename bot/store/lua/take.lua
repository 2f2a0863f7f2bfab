-- include: outbox
-- Takes deliveries that may go now: due, their lane free, within the account's and the chat's rate.
-- What is taken is "sending" on disk before the gateway is called.
-- KEYS: sending, owner, body, busy, blocked, account limit. ARGV: prefix, gateway, token, now ms,
-- lease ms, n, account burst and interval µs, chat burst and interval µs (interval 0: no limit),
-- how many of the n are for replies only.
-- Returns {wait ms, id, verdict, body, ...}: wait until more may be due (-1: nothing waits);
-- verdict 'send', 'late' (its window ended) or 'capped'.
local prefix, gateway, now = ARGV[1], ARGV[2], tonumber(ARGV[4])
local room = tonumber(ARGV[6])
local wait = -1
local function sooner(ms)
  ms = math.max(1, math.ceil(ms))
  if wait < 0 or ms < wait then wait = ms end
end

local function spend(key, tat)
  redis.call('SET', key, string.format('%.0f', tat), 'PX', string.format('%.0f', math.max(1000, tat / 1000 - now + 1000)))
end

-- GCRA. Returns how many ms until one more may go, and what to store when it goes.
-- A stored time further ahead than the limit itself can reach means the clock went back: as if all
-- of the limit had just been used.
local function gcra(key, burst, interval)
  local now_us = now * 1000
  local tat = tonumber(redis.call('GET', key) or 0)
  if tat > now_us + burst * interval then
    tat = now_us + burst * interval
    spend(key, tat)
  end
  if tat < now_us then tat = now_us end
  local ahead = tat - (burst - 1) * interval - now_us
  return math.max(0, ahead / 1000), tat + interval
end

-- Counts a delivery against its caps, once under each key; false when one of them is full.
local function count(caps)
  for _, cap in ipairs(caps) do
    local keys, sum = {}, 0
    for i, key in ipairs(cap.keys) do keys[i] = cap_key(prefix, key) end
    for _, counted in ipairs(redis.call('MGET', unpack(keys))) do sum = sum + tonumber(counted or 0) end
    if sum >= cap.limit then return false end
  end
  local counted = {}
  for _, cap in ipairs(caps) do
    local key = cap_key(prefix, cap.keys[1])
    if not counted[key] then redis.call('INCR', key) end
    local left = math.max(1, math.min(cap.ends - now, 3456000000))
    if not counted[key] or left > counted[key] then
      redis.call('PEXPIRE', key, left)
      counted[key] = left
    end
  end
  return true
end

-- A wait that began later than now began before the clock went back: it is over.
local blocked, since = string.match(redis.call('GET', KEYS[5]) or '0 0', '(%d+) (%d+)')
if tonumber(blocked) > now and tonumber(since) <= now then return {tonumber(blocked) - now} end
local account_burst, account_interval = tonumber(ARGV[7]), tonumber(ARGV[8])
local chat_burst, chat_interval = tonumber(ARGV[9]), tonumber(ARGV[10])
local out = {0}

for _, class in ipairs({'reply', 'welcome', 'notice', 'broadcast'}) do
  local due_key = prefix .. 'outbox:due:' .. gateway .. ':' .. class
  if class == 'welcome' then room = room - ARGV[11] end
  local looked = 0
  while room > 0 and looked < 256 do
    local chats = redis.call('ZRANGEBYSCORE', due_key, '-inf', now, 'LIMIT', 0, room)
    if not chats[1] then break end
    for _, chat in ipairs(chats) do
      looked = looked + 1
      local account_tat, chat_tat, chat_wait
      if account_interval > 0 then
        local account_wait
        account_wait, account_tat = gcra(KEYS[6], account_burst, account_interval)
        if account_wait > 0 then
          sooner(account_wait)
          out[1] = wait
          return out
        end
      end
      local chat_key = prefix .. 'limit:' .. chat
      if chat_interval > 0 then chat_wait, chat_tat = gcra(chat_key, chat_burst, chat_interval) end
      local lane = class .. ':' .. chat
      local head = redis.call('ZRANGE', prefix .. 'outbox:lane:' .. lane, 0, 0, 'WITHSCORES')
      if not head[1] then
        redis.call('ZREM', due_key, chat)
      elseif tonumber(head[2]) > now then
        redis.call('ZADD', due_key, head[2], chat)
      elseif chat_wait and chat_wait > 0 then
        redis.call('ZADD', due_key, math.ceil(now + chat_wait), chat)
      else
        local id = head[1]
        local body = redis.call('HGET', KEYS[3], id)
        local delivery = cjson.decode(body)
        local verdict = 'send'
        if (delivery['until'] or cjson.null) ~= cjson.null and now >= delivery['until'] then
          verdict = 'late'
        elseif (delivery.expires or cjson.null) ~= cjson.null and now >= delivery.expires then
          verdict = 'late'
        elseif not count(delivery.caps or {}) then
          verdict = 'capped'
        end
        if verdict == 'send' then
          if account_tat then spend(KEYS[6], account_tat) end
          if chat_tat then spend(chat_key, chat_tat) end
        end
        redis.call('ZREM', due_key, chat)
        redis.call('HSET', KEYS[4], lane, id)
        redis.call('ZADD', KEYS[1], now + ARGV[5], id)
        redis.call('HSET', KEYS[2], id, ARGV[3])
        out[#out + 1] = id
        out[#out + 1] = verdict
        out[#out + 1] = body
        room = room - 1
      end
    end
  end
  local first = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')
  if first[1] and room > 0 then sooner(tonumber(first[2]) - now) end
end
out[1] = wait
return out
