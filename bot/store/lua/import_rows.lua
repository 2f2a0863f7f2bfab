-- include: fact, outbox, timer, heard, tag, search, effects, identify
-- Does the first rows of an import: each wholly, with its result, and none of them twice.
-- KEYS: the import, its rows, its results, the gateway's accounts. ARGV: prefix,
-- worker's token, now ms, ms the worker may take, seconds all is kept, numbers of the first
-- and the last row ("2-201"), how many rows, gateway, 1: make new members, source, the rows as JSON (see
-- bot/members/import_work.py). Returns 'ok', 'done', 'taken' (another worker's), 'stopped', or
-- 'moved' (these are not the first rows).
local prefix, now = ARGV[1], tonumber(ARGV[3])
local import = redis.call('HMGET', KEYS[1], 'state', 'worker', 'until')
if import[1] ~= 'running' then return 'stopped' end
if import[2] and import[2] ~= ARGV[2] and tonumber(import[3]) > now then return 'taken' end
-- An erasure may have taken rows out since they were read.
local function row_at(place) return cjson.decode(redis.call('LINDEX', KEYS[2], place) or '{}') end
if ARGV[7] ~= '0' then
  local read = tostring(row_at(0).row) .. '-' .. tostring(row_at(ARGV[7] - 1).row)
  if read ~= ARGV[6] then return 'moved' end
end

-- The only member with a phone number.
local function by_phone(digits)
  local state = redis.call('HGET', prefix .. 'attributes:index', 'phone')
  if state ~= 'phone -' then return nil, 'unready' end
  local key = prefix .. 'attribute:is:phone=' .. digits
  local count = fact_count(key)
  if count ~= 1 then return nil, count == 0 and 'no phone' or 'phones' end
  if redis.call('TYPE', key).ok == 'string' then return redis.call('BITPOS', key, 1) end
  return tonumber(redis.call('SMEMBERS', key)[1])
end

-- Who is meant, or what is wrong with that; former numbers mean whom they lead to.
local function meant(row)
  if row.phone ~= '' then
    local number, wrong = by_phone(row.phone)
    return number, wrong, false
  end
  if row.member > 0 then
    local number = survivor(prefix, row.member)
    if redis.call('EXISTS', prefix .. 'member:at:' .. number) == 0 then return nil, 'nobody' end
    return tonumber(number), nil, false
  end
  local known = redis.call('HGET', KEYS[4], row.account)
  if not known and ARGV[9] ~= '1' then return nil, 'unknown' end
  local number, new = identify(prefix, ARGV[8], row.account, ARGV[3])
  return number, nil, new
end

-- Returns whether anything changed.
local function do_row(row, number)
  local changed = false
  local member = prefix .. 'member:at:' .. number
  if row.name ~= '' and (redis.call('HGET', member, 'name') or '') == '' then
    name_member(prefix, number, row.name, row.folded, row.sound)
    changed = true
  end
  for _, one in ipairs(row.attributes) do
    local old = redis.call('HGET', member, 'attribute:' .. one[1])
    if old ~= one[2] then
      set_attribute(prefix, number, one[1], one[2], '', one[3], one[4])
      changed = true
    end
  end
  for _, tag in ipairs(row.tags) do
    redis.call('ZADD', prefix .. 'tags', 'NX', now, tag)
    if give_tag(prefix, tag, number, now, 'quiet', ARGV[10], '', '') == 1 then changed = true end
  end
  return changed
end

local rows, results, counts = cjson.decode(ARGV[11]), {}, {}
for i, row in ipairs(rows) do
  local result = { row = row.row }
  if row.refused then
    result.did, result.faults, result.of = 'refused', row.refused, row_at(i - 1).of
  else
    local number, wrong, new = meant(row)
    if wrong then
      result.did, result.why, result.of = 'refused', wrong, row_at(i - 1).of
    else
      local changed = do_row(row, number)
      result.did = new and 'new' or changed and 'changed' or 'same'
      result.member = number
    end
  end
  counts[result.did] = (counts[result.did] or 0) + 1
  results[i] = cjson.encode(result)
end
if #results > 0 then redis.call('RPUSH', KEYS[3], unpack(results)) end
redis.call('LTRIM', KEYS[2], ARGV[7], -1)
for did, count in pairs(counts) do redis.call('HINCRBY', KEYS[1], did, count) end
local done = redis.call('EXISTS', KEYS[2]) == 0
redis.call('HSET', KEYS[1], 'worker', ARGV[2], 'until', now + ARGV[4], 'at', now)
if done then redis.call('HSET', KEYS[1], 'state', 'done') end
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[5]) end
return done and 'done' or 'ok'
