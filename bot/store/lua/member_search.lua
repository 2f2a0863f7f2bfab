-- include: fact, search
-- Finds members whose texts have all the words, the newest first. Grams say in which blocks of 64
-- they can be; whether they are is looked up. At most `budget` members are looked at in one call.
-- ARGV: prefix, below which number to look, how many to find, budget, how many words, the words
-- (folded), keys of facts a member must be in. Returns the number to go on below (0: the end), then
-- the numbers found.
local prefix, below, wanted, budget = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local words, facts = {}, { prefix .. 'members:all' }
for i = 6, 5 + tonumber(ARGV[5]) do words[#words + 1] = ARGV[i] end
for i = 6 + #words, #ARGV do facts[#facts + 1] = ARGV[i] end

-- A word of one or two ASCII letters is looked for at the beginning of words only.
local grams, sought = {}, {}
for i, word in ipairs(words) do
  local short = #word < 3 and not string.find(word, '[\128-\255]')
  sought[i] = short and MARK .. word or word
  add_grams(grams, sought[i])
end

-- A fact, read once: how many it has, and whether it has a number.
local function read(key)
  local held = { key = key }
  if redis.call('TYPE', key).ok == 'string' then
    held.bitmap = redis.call('GET', key)
    held.count = redis.call('BITCOUNT', key)
    held.has = function(number)
      local byte = string.byte(held.bitmap, math.floor(number / 8) + 1)
      return byte ~= nil and bit.band(byte, bit.rshift(128, number % 8)) ~= 0
    end
  else
    local set = {}
    held.list = redis.call('SMEMBERS', key)
    held.count = #held.list
    for _, number in ipairs(held.list) do set[tonumber(number)] = true end
    held.has = function(number) return set[number] end
  end
  return held
end

local blocks, among = {}, {}
for i, gram in ipairs(grams) do blocks[i] = read(prefix .. 'member:grams:' .. gram) end
for i, key in ipairs(facts) do among[i] = read(key) end
table.sort(blocks, function(one, other) return one.count < other.count end)

-- Whether a block can have somebody: by its grams, and by 8 bytes of each bitmap of members.
local NOBODY = string.rep('\0', 8)
local function possible(block)
  for _, one in ipairs(blocks) do
    if not one.has(block) then return false end
  end
  for _, one in ipairs(among) do
    if one.bitmap then
      local bytes = string.sub(one.bitmap, block * 8 + 1, block * 8 + 8)
      if bytes == string.sub(NOBODY, 1, #bytes) then return false end
    end
  end
  return true
end

local function fits(number)
  for _, one in ipairs(among) do
    if not one.has(number) then return false end
  end
  budget = budget - 1
  if #sought == 0 then return true end
  local values = string.lower(table.concat(redis.call('HVALS', prefix .. 'member:at:' .. number), ' '))
  for _, word in ipairs(words) do
    if not string.find(values, word, 1, true) then return false end
  end
  local texts = searched(redis.call('HGETALL', prefix .. 'member:at:' .. number))
  local text = MARK .. string.gsub(string.lower(table.concat(texts, ' ')), '%s+', MARK)
  for _, word in ipairs(sought) do
    if not string.find(text, word, 1, true) then return false end
  end
  return true
end

-- The blocks to look into, the newest first.
local candidates = {}
local last = math.floor((below - 1) / BLOCK)
local rarest = blocks[1]
if rarest and rarest.list then
  for _, block in ipairs(rarest.list) do candidates[#candidates + 1] = tonumber(block) end
  table.sort(candidates, function(one, other) return one > other end)
else
  for block = last, 0, -1 do candidates[#candidates + 1] = block end
end

local found = { 0 }
for _, block in ipairs(candidates) do
  if block <= last and possible(block) then
    for number = math.min(below - 1, block * BLOCK + BLOCK - 1), block * BLOCK, -1 do
      if fits(number) then
        found[#found + 1] = number
        if #found > wanted then
          found[1] = number
          return found
        end
      end
      if budget <= 0 then
        found[1] = number
        return found
      end
    end
  end
end
return found
