-- Effects: guards that must hold, then operations, all or nothing.
-- Wire form from ARGV[at]: guard count, then per guard: n, command..., expected;
-- operation count, then per operation: n, name, arguments...
local function as_text(value)
  if type(value) == 'table' then
    local parts = {}
    for i, v in ipairs(value) do parts[i] = as_text(v) end
    return table.concat(parts, ',')
  end
  if value == false then return '' end
  return tostring(value)
end

local function ask(prefix, words)
  if words[1] == 'fact?' then return fact_has(words[2], words[3]) end
  return redis.call(unpack(words))
end

-- Attributes by which members are found: the fact of those who have a value is kept with it.
local found_by = { owner = 'owner:members:', timezone = 'zone:members:', channel = 'channel:members:' }

-- Declared attributes by which members can be asked for (bot/members/attribute_index.py): the words
-- a value is found by, nil for none. "value" is as written but for the case of a to z.
local YES_NO = { yes = 'yes', ['true'] = 'yes', ['1'] = 'yes', y = 'yes', ['是'] = 'yes', ['有'] = 'yes',
  no = 'no', ['false'] = 'no', ['0'] = 'no', n = 'no', ['否'] = 'no', ['无'] = 'no' }
local found_as = { value = string.lower }
found_as['yes-no'] = function(value) return YES_NO[string.lower(value)] end
function found_as.phone(value)
  local digits = string.gsub(value, '%D', '')
  if #digits > 11 then digits = string.gsub(string.gsub(digits, '^00', ''), '^86', '') end
  return digits ~= '' and digits or nil
end

local function number_of(value)
  local plain = string.gsub(value, ',', '')
  local whole, rest = string.match(plain, '^[+-]?(%d+)(.*)$')
  if not whole or #whole > 15 or #rest > 10 then return nil end
  return (rest == '' or string.find(rest, '^%.%d+$')) and tonumber(plain) or nil
end

local function out_of(key, member)
  fact_remove(key, member)
  if redis.call('TYPE', key).ok == 'string' and redis.call('BITPOS', key, 1) == -1 then redis.call('DEL', key) end
end

-- Takes a member with an old value out of the index of a kind, or puts one with a new value in.
-- Days are kept of every attribute, see set_attribute.
local function unfind(prefix, member, attribute, kind, value)
  if kind == 'number' then
    redis.call('ZREM', prefix .. 'attribute:numbers:' .. attribute, member)
  elseif found_as[kind] and value ~= '' then
    local word = found_as[kind](value)
    if word then out_of(prefix .. 'attribute:is:' .. attribute .. '=' .. word, member) end
  end
end

local function find(prefix, member, attribute, kind, value)
  if value == '' or kind == 'gone' then
    out_of(prefix .. 'attribute:has:' .. attribute, member)
    return
  end
  fact_add(prefix .. 'attribute:has:' .. attribute, member)
  if kind == 'number' then
    local number = number_of(value)
    if number then redis.call('ZADD', prefix .. 'attribute:numbers:' .. attribute, number, member) end
  elseif found_as[kind] then
    local word = found_as[kind](value)
    if word then fact_add(prefix .. 'attribute:is:' .. attribute .. '=' .. word, member) end
  end
end

-- state: the kind of index, how far it is ('-': complete), the kinds that are being taken down.
local function refind(prefix, member, attribute, state, old, new)
  local kind, at = nil, 0
  for word in string.gmatch(state, '%S+') do
    at = at + 1
    if at == 1 then kind = word end
    if at ~= 2 then unfind(prefix, member, attribute, word, old) end
  end
  find(prefix, member, attribute, kind, new)
end

local function score(key, member, value)
  if value ~= '' then redis.call('ZADD', key, value, member) else redis.call('ZREM', key, member) end
end

-- once: 'first' keeps the value there is. dates, days: MMDD and YYYYMMDD of a value that is a day, or ''.
local function set_attribute(prefix, member, attribute, value, once, dates, days)
  local key, field = prefix .. 'member:at:' .. member, 'attribute:' .. attribute
  local family = found_by[attribute]
  local old = redis.call('HGET', key, field) or ''
  if once == 'first' and old ~= '' then return end
  if family then
    if old ~= '' then fact_remove(prefix .. family .. old, member) end
    if value ~= '' then
      fact_add(prefix .. family .. value, member)
      if attribute ~= 'timezone' then redis.call('SADD', prefix .. 'attribute:values:' .. attribute, value) end
    end
  end
  local state = redis.call('HGET', prefix .. 'attributes:index', attribute)
  if state then refind(prefix, member, attribute, state, old, value) end
  score(prefix .. 'dates:' .. attribute, member, dates)
  score(prefix .. 'days:' .. attribute, member, days)
  redis.call('HSET', key, field, value)
  if not unsearched[attribute] then index_text(prefix, member, value) end
end

-- Of a member with several accounts at a gateway it is kept which of them are in a group.
local function enter(prefix, group, member, gateway, account)
  fact_add(prefix .. 'group:present:' .. group, member)
  local key, field = prefix .. 'member:at:' .. member, 'beside:' .. group
  if redis.call('HEXISTS', key, 'also:' .. gateway) == 0 then return end
  local known = redis.call('HGET', key, field)
  if not known then
    redis.call('HSET', key, field, account)
  elseif not string.find('\n' .. known .. '\n', '\n' .. account .. '\n', 1, true) then
    redis.call('HSET', key, field, known .. '\n' .. account)
  end
end

local whom = { attribute = 2, heard = 3, tag = 3, untag = 3, ['tag once'] = 4 }

local function act(prefix, words)
  local name = words[1]
  if whom[name] then words[whom[name]] = survivor(prefix, words[whom[name]]) end
  if name == 'fact+' then
    fact_add(words[2], words[3])
  elseif name == 'fact-' then
    fact_remove(words[2], words[3])
  elseif name == 'fact|' then
    fact_merge(words[2], words[3])
  elseif name == 'attribute' then
    set_attribute(prefix, words[2], words[3], words[4], words[5], words[6], words[7])
  elseif name == 'enter' then
    enter(prefix, words[2], words[3], words[4], words[5])
  elseif name == 'deliver' then
    deliver(prefix, words[2], words[3], words[4], words[5])
  elseif name == 'heard' then
    heard(prefix, words[2], words[3], words[4], words[5])
  elseif name == 'credit' then
    redis.call('SET', prefix .. 'sop:heard:' .. whose(prefix, words[2]), words[3], 'PX', words[4])
  elseif name == 'tag' then
    local given = give_tag(prefix, words[2], words[3], words[4], words[5], words[6], words[7], words[8])
    if given == 1 and words[7] ~= '' then tag_applied(prefix, words[7], words[3]) end
  elseif name == 'untag' then
    local taken = take_tag(prefix, words[2], words[3], words[4], words[5], words[6])
    if taken == 1 and words[6] ~= '' then tag_applied(prefix, words[6], words[3]) end
  elseif name == 'tag undo' then
    tag_undone(prefix, words[2], words[3], words[4], words[5], words[6], words[7], words[8])
  elseif name == 'tag once' then
    if fact_add(words[2], words[4]) == 1 then
      give_tag(prefix, words[3], words[4], words[5], 'sop', words[6], '', '')
    end
  elseif name == 'tag into' then
    tag_into(prefix, words[2], words[3])
  elseif name == 'count' then
    local sum = redis.call('HINCRBY', words[2], words[3], words[4])
    if sum == tonumber(words[4]) then redis.call('EXPIRE', words[2], words[5], 'NX') end
  elseif name == 'timer' then
    set_timer(prefix, words[2], words[3], words[4])
  else
    redis.call(unpack(words))
  end
end

local function words_at(at)
  local count = tonumber(ARGV[at])
  local words = {}
  for i = 1, count do words[i] = ARGV[at + i] end
  return words, at + count + 1
end

-- Returns the number of the first guard that failed, and where the operations begin.
local function check(prefix, at)
  local guards = tonumber(ARGV[at])
  local failed = nil
  at = at + 1
  for g = 1, guards do
    local words
    words, at = words_at(at)
    local expected = table.remove(words)
    if not failed and as_text(ask(prefix, words)) ~= expected then failed = g end
  end
  return failed, at
end

local function perform(prefix, at)
  local count = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, count do
    local words
    words, at = words_at(at)
    act(prefix, words)
  end
end
