-- Search: which grams (pieces of a few letters) the texts of which blocks of 64 members have.
-- A gram is a letter that is not ASCII, two letters of which one is not, three ASCII letters, or
-- four figures; each word begins with a mark that counts as a letter. Needs lib_fact.
local BLOCK, MARK, MOST_LETTERS = 64, '\2', 64
-- Attributes with facts of their own, by which members are chosen and not searched.
local unsearched = { owner = true, timezone = true, channel = true }

-- Adds the grams of a text that begins with a mark, or of a word asked for, to a list.
local function add_grams(grams, text)
  local letters, wide = {}, {}
  for letter in string.gmatch(text, '[%z\1-\127\194-\244][\128-\191]*') do
    local at = #letters + 1
    if at > MOST_LETTERS then break end
    letters[at], wide[at] = letter, #letter > 1
    if wide[at] then grams[#grams + 1] = letter end
    if at > 1 and (wide[at] or wide[at - 1] or letters[at - 1] == MARK) then
      grams[#grams + 1] = letters[at - 1] .. letter
    end
    if at > 2 and not (wide[at] or wide[at - 1] or wide[at - 2]) then
      grams[#grams + 1] = letters[at - 2] .. letters[at - 1] .. letter
    end
    local figures = at > 3 and table.concat(letters, '', at - 3, at)
    if figures and string.find(figures, '^%d%d%d%d$') then grams[#grams + 1] = figures end
  end
end

local function grams_of(text)
  local grams = {}
  add_grams(grams, MARK .. string.gsub(string.lower(text), '%s+', MARK))
  return grams
end

-- Long ids of nothing but letters are made by machines, and found whole. A day is nothing people
-- look for by its letters.
local MOST_ACCOUNT = 20
local function searchable_account(account)
  return #account <= MOST_ACCOUNT or string.find(account, '[^%w_-]') ~= nil
end

local known, kinds = {}, {}
local MOST_SMALL = 512 -- what the server keeps as an integer set

local function add_block(prefix, gram, block)
  local key, name = prefix .. 'member:grams:' .. gram, gram .. MARK .. block
  if known[name] then return end
  known[name] = true
  kinds[key] = kinds[key] or redis.call('TYPE', key).ok
  if kinds[key] == 'string' then
    redis.call('SETBIT', key, block, 1)
  elseif redis.call('SADD', key, block) == 1 and block > MOST_SMALL and redis.call('SCARD', key) > MOST_SMALL then
    -- Blocks are few and their numbers small: a bitmap is always less than a larger set.
    local blocks = redis.call('SMEMBERS', key)
    redis.call('DEL', key)
    for _, one in ipairs(blocks) do redis.call('SETBIT', key, one, 1) end
    kinds[key] = 'string'
  end
end

local function index_text(prefix, member, text)
  if text == '' or string.find(text, '^%d%d%d%d%-%d%d%-%d%d') then return end
  local block = math.floor(member / BLOCK)
  for _, gram in ipairs(grams_of(text)) do add_block(prefix, gram, block) end
end

local function index_account(prefix, member, account)
  if searchable_account(account) then index_text(prefix, member, account) end
end

-- The searched texts among a member's fields: name, its sound, accounts, attributes.
local function searched(fields)
  local texts = {}
  for i = 1, #fields, 2 do
    local field, value = fields[i], fields[i + 1]
    local kind, what = string.match(field, '^(%a+):?(.*)$')
    if kind == 'folded' or kind == 'sound' or (kind == 'account' and searchable_account(value))
        or (kind == 'attribute' and not unsearched[what]) then
      if value ~= '' then texts[#texts + 1] = value end
    end
  end
  return texts
end

local function index_member(prefix, member)
  for _, text in ipairs(searched(redis.call('HGETALL', prefix .. 'member:at:' .. member))) do
    index_text(prefix, member, text)
  end
end

-- Takes a member's letters out of the search where nobody else of their block has them.
local function forget_member(prefix, number)
  local block = math.floor(number / BLOCK)
  local kept = {}
  for other = block * BLOCK, block * BLOCK + BLOCK - 1 do
    if other ~= number then
      for _, text in ipairs(searched(redis.call('HGETALL', prefix .. 'member:at:' .. other))) do
        for _, gram in ipairs(grams_of(text)) do kept[gram] = true end
      end
    end
  end
  for _, text in ipairs(searched(redis.call('HGETALL', prefix .. 'member:at:' .. number))) do
    for _, gram in ipairs(grams_of(text)) do
      if not kept[gram] then
        fact_remove(prefix .. 'member:grams:' .. gram, block)
        known[gram .. MARK .. block] = nil
      end
    end
  end
end
