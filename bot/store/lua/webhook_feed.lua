-- include: outbox
-- Moves a stream's cursor and queues what was read up to there, all at once or not at all.
-- What names a member who is erased meanwhile is left out.
-- KEYS: version, cursor, gaps, stream. ARGV: prefix, version, stream name, cursor as it was, last
-- entry read, how many were, now ms, most an endpoint keeps; then per event: endpoint, event id,
-- member (0 for none), body.
-- Returns {1 when it was done, entries gone before they were read, events dropped}.
local prefix, name = ARGV[1], ARGV[3]
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return {0, 0, 0} end
if redis.call('HGET', KEYS[2], name) ~= ARGV[4] then return {0, 0, 0} end

local function before(one, other)
  local a, b = string.match(one, '^(%d+)-(%d+)$')
  local c, d = string.match(other, '^(%d+)-(%d+)$')
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  return a < c or (a == c and b < d)
end

local info = redis.call('XINFO', 'STREAM', KEYS[4])
local about = {}
for i = 1, #info, 2 do about[info[i]] = info[i + 1] end
local at, count = string.match(ARGV[4], '^(%S+) (%d+)$')
local missing = 0
if about['first-entry'] and before(at, about['first-entry'][1]) then
  missing = math.max(0, about['entries-added'] - tonumber(count) - about['length'])
end
if missing > 0 then redis.call('HSET', KEYS[3], name, missing .. ' ' .. ARGV[7]) end
count = tonumber(count) + missing + tonumber(ARGV[6])
if about['last-generated-id'] == ARGV[5] then count = about['entries-added'] end
redis.call('HSET', KEYS[2], name, string.format('%s %.0f', ARGV[5], count))

local dropped = 0
for i = 9, #ARGV, 4 do
  local endpoint, event, member, body = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local bodies = prefix .. 'webhook:body:' .. endpoint
  if member ~= '0' and redis.call('EXISTS', prefix .. 'member:at:' .. survivor(prefix, member)) == 0 then
    -- there is nobody to tell of
  elseif redis.call('HLEN', bodies) >= tonumber(ARGV[8]) then
    redis.call('HINCRBY', prefix .. 'webhook:health:' .. endpoint, 'dropped', 1)
    dropped = dropped + 1
  else
    redis.call('HSET', bodies, event, '{}\n' .. body)
    redis.call('ZADD', prefix .. 'webhook:due:' .. endpoint, ARGV[7], event)
  end
end
return {1, missing, dropped}
