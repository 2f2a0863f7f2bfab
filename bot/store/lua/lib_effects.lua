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

-- once: 'first' keeps the value there is.
local function set_attribute(prefix, member, attribute, value, once)
  local key, field = prefix .. 'member:at:' .. member, 'attribute:' .. attribute
  local family = found_by[attribute]
  if once == 'first' and (redis.call('HGET', key, field) or '') ~= '' then return end
  if family then
    local old = redis.call('HGET', key, field)
    if old and old ~= '' then fact_remove(prefix .. family .. old, member) end
    if value ~= '' then
      fact_add(prefix .. family .. value, member)
      if attribute ~= 'timezone' then redis.call('SADD', prefix .. 'attribute:values:' .. attribute, value) end
    end
  end
  redis.call('HSET', key, field, value)
  if not unsearched[attribute] then index_text(prefix, member, value) end
end

-- The member a number leads to, if it was merged since the effects were collected.
local function survivor(prefix, member)
  local into = redis.call('HGET', prefix .. 'merge:into', member)
  while into do
    member, into = into, redis.call('HGET', prefix .. 'merge:into', into)
  end
  return member
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
    set_attribute(prefix, words[2], words[3], words[4], words[5])
  elseif name == 'enter' then
    enter(prefix, words[2], words[3], words[4], words[5])
  elseif name == 'deliver' then
    deliver(prefix, words[2], words[3], words[4], words[5])
  elseif name == 'heard' then
    heard(prefix, words[2], words[3], words[4], words[5])
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
