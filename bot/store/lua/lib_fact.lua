-- A fact is a set of member numbers: an integer set while small, a bitmap once that is smaller.
-- The key's type says which; nobody outside this file and bot/store/facts.py can tell.
-- A number takes 32 bits in an integer set, and some 512 once the set is larger than the server
-- packs (set-max-intset-entries: 4096 in ours, 512 in others).
local function fact_grow(key)
  local card = redis.call('SCARD', key)
  if card <= 512 or card % 256 ~= 0 then return end
  local members = redis.call('SMEMBERS', key)
  local highest = 0
  for _, m in ipairs(members) do highest = math.max(highest, tonumber(m)) end
  local packed = redis.call('OBJECT', 'ENCODING', key) == 'intset'
  if card * (packed and 32 or 512) < highest then return end
  -- Written at its full length with some to spare: the server doubles what SETBIT makes longer.
  redis.call('SET', key, string.rep('\0', math.ceil(highest / 8 * 65 / 64) + 1), 'KEEPTTL')
  for _, m in ipairs(members) do redis.call('SETBIT', key, m, 1) end
end

-- Returns 1 when the number was not in the fact before.
local function fact_add(key, number)
  if redis.call('TYPE', key).ok == 'string' then
    return 1 - redis.call('SETBIT', key, number, 1)
  end
  local added = redis.call('SADD', key, number)
  if added == 1 then fact_grow(key) end
  return added
end

local function fact_remove(key, number)
  if redis.call('TYPE', key).ok == 'string' then
    return redis.call('SETBIT', key, number, 0)
  end
  return redis.call('SREM', key, number)
end

local function fact_has(key, number)
  if redis.call('TYPE', key).ok == 'string' then return redis.call('GETBIT', key, number) end
  return redis.call('SISMEMBER', key, number)
end

local function fact_count(key)
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then return 0 end
  return redis.call(kind == 'string' and 'BITCOUNT' or 'SCARD', key)
end

-- Puts everybody of another fact into a fact.
local function fact_merge(key, from)
  if redis.call('TYPE', from).ok ~= 'string' then
    for _, m in ipairs(redis.call('SMEMBERS', from)) do fact_add(key, m) end
    return
  end
  local few = {}
  if redis.call('TYPE', key).ok == 'set' then
    few = redis.call('SMEMBERS', key)
    redis.call('DEL', key)
  end
  redis.call('BITOP', 'OR', key, key, from)
  for _, m in ipairs(few) do redis.call('SETBIT', key, m, 1) end
end
