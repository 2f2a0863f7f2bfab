-- Merging: what is carried from one member's number to another's, what is remembered of it, and how
-- it is taken apart again. Facts, scores and fields move; keys of a member's own stay where they are
-- and are copied. What was done while merged stays with the survivor. Needs lib_fact, lib_tag.
-- A record has for each thing carried: its kind and names by line → what was there before.
local carry, part = {}, {}

local function lines(text)
  local found = {}
  for line in string.gmatch(text .. '\n', '(.-)\n') do found[#found + 1] = line end
  return found
end

-- What is remembered first holds: what comes later came while they were merged.
local function remember(m, kind, names, before)
  redis.call('HSETNX', m.record, kind .. '\n' .. names, before)
end

function carry.fact(m, name)
  local key = m.prefix .. name
  if fact_has(key, m.from) == 0 then return end
  remember(m, 'fact', name, fact_add(key, m.to) == 1 and 'new' or 'had')
  fact_remove(key, m.from)
end

function part.fact(m, names, before)
  local key = m.prefix .. names[1]
  if fact_has(key, m.to) == 0 then return end
  fact_add(key, m.from)
  if before == 'new' then fact_remove(key, m.to) end
end

-- Two accounts of one gateway may be in one group; then it is known which of them are.
local function keep_beside(m, member, group, gateway, accounts)
  local key = m.prefix .. 'member:at:' .. member
  if #accounts > 0 then
    fact_add(m.prefix .. 'group:present:' .. group, member)
  else
    fact_remove(m.prefix .. 'group:present:' .. group, member)
  end
  if #accounts > 0 and redis.call('HEXISTS', key, 'also:' .. gateway) == 1 then
    redis.call('HSET', key, 'beside:' .. group, table.concat(accounts, '\n'))
  else
    redis.call('HDEL', key, 'beside:' .. group)
  end
end

local function part_beside(m, group, gateway, beside)
  local theirs, ours = {}, {}
  for _, account in ipairs(lines(beside)) do
    local back = m.accounts[gateway .. '\n' .. account]
    table.insert(back and theirs or ours, account)
  end
  keep_beside(m, m.from, group, gateway, theirs)
  keep_beside(m, m.to, group, gateway, ours)
end

-- Applications that gave a tag, and can take it back: they take it from who has it.
local function tag_given_by(m, tag, member)
  local found = {}
  for _, id in ipairs(redis.call('SMEMBERS', m.prefix .. 'tags:open:' .. tag)) do
    if fact_has(m.prefix .. 'tags:changed:' .. id, member) == 1 then found[#found + 1] = id end
  end
  return found
end

local function tag_given(m, tag, ids, from, to)
  for _, id in ipairs(ids) do
    local changed = m.prefix .. 'tags:changed:' .. id
    if from then fact_remove(changed, from) end
    if to and redis.call('SISMEMBER', m.prefix .. 'tags:open:' .. tag, id) == 1 then fact_add(changed, to) end
  end
end

-- The survivor's tag holds against another one of an exclusive group; the later end holds.
function carry.tag(m, tag)
  local key, ends = m.prefix .. 'tag:' .. tag, m.prefix .. 'tags:ends:' .. tag
  if fact_has(key, m.from) == 0 then return end
  local theirs, ours = redis.call('ZSCORE', ends, m.from), redis.call('ZSCORE', ends, m.to)
  local ids = tag_given_by(m, tag, m.from)
  local given = table.concat(ids, ' ')
  redis.call('ZREM', ends, m.from)
  fact_remove(key, m.from)
  for rival in string.gmatch(redis.call('HGET', m.prefix .. 'tags:rivals', tag) or '', '[^\n]+') do
    if fact_has(m.prefix .. 'tag:' .. rival, m.to) == 1 then
      tag_given(m, tag, ids, m.from)
      return remember(m, 'tag', tag, table.concat({'rival', theirs or '', '', '', given}, '\n'))
    end
  end
  local new, now = fact_add(key, m.to) == 1, ours
  if new then
    now = theirs
  elseif ours then
    now = theirs and (tonumber(theirs) > tonumber(ours) and theirs or ours)
  end
  if now then tag_end(m.prefix, tag, m.to, now) else redis.call('ZREM', ends, m.to) end
  tag_given(m, tag, ids, m.from, new and m.to)
  remember(m, 'tag', tag, table.concat({new and 'new' or 'had', theirs or '', ours or '', now or '', given}, '\n'))
end

function part.tag(m, names, before)
  local tag, was, ids = names[1], lines(before), {}
  for id in string.gmatch(was[5] or '', '%S+') do ids[#ids + 1] = id end
  local key, ends = m.prefix .. 'tag:' .. tag, m.prefix .. 'tags:ends:' .. tag
  if was[1] ~= 'rival' then
    if fact_has(key, m.to) == 0 then return end
    if was[1] == 'new' then
      fact_remove(key, m.to)
      redis.call('ZREM', ends, m.to)
      tag_given(m, tag, ids, m.to)
    elseif (redis.call('ZSCORE', ends, m.to) or '') == was[4] then
      if was[3] ~= '' then tag_end(m.prefix, tag, m.to, was[3]) else redis.call('ZREM', ends, m.to) end
    end
  end
  fact_add(key, m.from)
  tag_given(m, tag, ids, nil, m.from)
  if was[2] ~= '' then tag_end(m.prefix, tag, m.from, was[2]) end
end

-- Which of two scores holds. contact: being one now, then the later end. due: none once it was done.
local rules = {}
function rules.first(theirs, ours) return tonumber(theirs) < tonumber(ours) and theirs or ours end
function rules.last(theirs, ours) return tonumber(theirs) > tonumber(ours) and theirs or ours end
function rules.ours(_, ours) return ours end
function rules.contact(theirs, ours)
  local a, b = tonumber(theirs), tonumber(ours)
  if (a >= 0) ~= (b >= 0) then return a >= 0 and theirs or ours end
  return a < b and theirs or ours
end
rules.due = rules.first

function carry.score(m, name, rule, suffix, done)
  local key = m.prefix .. name
  local theirs = redis.call('ZSCORE', key, m.from .. suffix)
  if not theirs then return end
  local ours = redis.call('ZSCORE', key, m.to .. suffix)
  local now = ours and rules[rule](theirs, ours) or theirs
  if rule == 'due' and not ours and fact_has(m.prefix .. done, m.to) == 1 then now = '' end
  -- Adding comes first: a key that is empty for a moment would lose its time to live.
  if now ~= '' then redis.call('ZADD', key, now, m.to .. suffix) end
  redis.call('ZREM', key, m.from .. suffix)
  remember(m, 'score', name .. '\n' .. rule .. '\n' .. suffix, table.concat({theirs, ours or '', now}, '\n'))
end

function part.score(m, names, before)
  local key, rule, suffix, was = m.prefix .. names[1], names[2], names[3], lines(before)
  local now = redis.call('ZSCORE', key, m.to .. suffix) or ''
  if now ~= was[3] and (now == '' or rule == 'due') then return end
  redis.call('ZADD', key, was[1], m.from .. suffix)
  if now == was[3] then
    if was[2] ~= '' then
      redis.call('ZADD', key, was[2], m.to .. suffix)
    else
      redis.call('ZREM', key, m.to .. suffix)
    end
  end
end

function carry.field(m, name)
  local key = m.prefix .. name
  local theirs = redis.call('HGET', key, m.from)
  if not theirs then return end
  local new = redis.call('HSETNX', key, m.to, theirs)
  redis.call('HDEL', key, m.from)
  remember(m, 'field', name, (new == 1 and 'new' or 'had') .. theirs)
end

function part.field(m, names, before)
  local key, theirs = m.prefix .. names[1], string.sub(before, 4)
  local now = redis.call('HGET', key, m.to)
  if not now then return end
  redis.call('HSET', key, m.from, theirs)
  if string.sub(before, 1, 3) == 'new' and now == theirs then redis.call('HDEL', key, m.to) end
end

-- What came with a time to live keeps it; of two the longer.
local function lives_as(from, to)
  local left = redis.call('PTTL', from)
  if left > 0 and left > redis.call('PTTL', to) then redis.call('PEXPIRE', to, left) end
end

function carry.bits(m, to, from)
  local ours, theirs = m.prefix .. to, m.prefix .. from
  if redis.call('EXISTS', theirs) == 0 then return end
  remember(m, 'bits', to .. '\n' .. from, redis.call('GET', ours) or '')
  redis.call('BITOP', 'OR', ours, ours, theirs)
end

-- Bits that were taken while they were merged are taken from both.
function part.bits(m, names, before)
  local ours, theirs = m.prefix .. names[1], m.prefix .. names[2]
  local brought, was = theirs .. ':brought', theirs .. ':was' -- gone again when the script ends
  redis.call('SET', was, before)
  redis.call('BITOP', 'AND', was, was, theirs)
  redis.call('BITOP', 'XOR', brought, theirs, was)
  redis.call('BITOP', 'AND', brought, brought, ours)
  redis.call('BITOP', 'AND', theirs, theirs, ours)
  redis.call('BITOP', 'XOR', ours, ours, brought)
  redis.call('DEL', brought, was)
  if before == '' and redis.call('BITCOUNT', ours) == 0 then redis.call('DEL', ours) end
end

-- Entries with ids of their own (of: the id of another one) get ids after those there are.
function carry.entries(m, to, from)
  local ours, theirs, names = m.prefix .. to, m.prefix .. from, 'entries\n' .. to .. '\n' .. from
  local brought = cjson.decode(redis.call('HGET', m.record, names) or '[]')
  local coming = redis.call('LRANGE', theirs, #brought, -1)
  if #coming == 0 then return end
  local last = 0
  for _, one in ipairs(redis.call('LRANGE', ours, 0, -1)) do last = math.max(last, cjson.decode(one).id or 0) end
  for _, one in ipairs(coming) do
    local entry = cjson.decode(one)
    if entry.id then entry.id = entry.id + last end
    if entry.of then entry.of = entry.of + last end
    brought[#brought + 1] = cjson.encode(entry)
    redis.call('RPUSH', ours, brought[#brought])
  end
  redis.call('HSET', m.record, names, cjson.encode(brought))
end

-- What is not there any more was taken away while they were merged, from both.
function part.entries(m, names, before)
  local ours, theirs = m.prefix .. names[1], m.prefix .. names[2]
  local own = redis.call('LRANGE', theirs, 0, -1)
  redis.call('DEL', theirs)
  for i, one in ipairs(cjson.decode(before)) do
    if redis.call('LREM', ours, -1, one) == 1 then redis.call('RPUSH', theirs, own[i]) end
  end
end

-- "swap": a field has the member's number as its second line.
local function named(m, field, swap)
  if swap ~= 'swap' then return field end
  return (string.gsub(field, '^(.-\n)' .. m.from .. ':', '%1' .. m.to .. ':', 1))
end

function carry.table(m, to, from, swap)
  local ours, theirs = m.prefix .. to, m.prefix .. from
  local fields = redis.call('HGETALL', theirs)
  for i = 1, #fields, 2 do
    if redis.call('HSETNX', ours, named(m, fields[i], swap), fields[i + 1]) == 1 then
      remember(m, 'table', table.concat({to, from, swap, fields[i]}, '\n'), fields[i + 1])
    end
  end
  if #fields > 0 then lives_as(theirs, ours) end
end

function part.table(m, names, before)
  local ours, theirs = m.prefix .. names[1], m.prefix .. names[2]
  local field = table.concat(names, '\n', 4)
  local now = redis.call('HGET', ours, named(m, field, names[3]))
  if now == before then
    redis.call('HDEL', ours, named(m, field, names[3]))
  elseif not now then
    redis.call('HDEL', theirs, field)
  end
end

-- What was counted of both is counted of one; what still comes to the former number comes on top.
function carry.counter(m, to, from)
  local ours, theirs, names = m.prefix .. to, m.prefix .. from, 'counter\n' .. to .. '\n' .. from
  local now, was = redis.call('GET', theirs), lines(redis.call('HGET', m.record, names) or '')
  if not now or now == was[1] then return end
  local state = was[2] or (redis.call('EXISTS', ours) == 1 and 'had' or 'new')
  redis.call('INCRBY', ours, now - (tonumber(was[1]) or 0))
  lives_as(theirs, ours)
  redis.call('HSET', m.record, names, now .. '\n' .. state)
end

local function less(counted, brought) return math.max(0, tonumber(counted) - tonumber(brought)) end

function part.counter(m, names, before)
  local ours, was = m.prefix .. names[1], lines(before)
  local now = redis.call('GET', ours)
  if not now then return end
  local left = less(now, was[1])
  if left == 0 and was[2] == 'new' then
    redis.call('DEL', ours)
  else
    redis.call('DECRBY', ours, now - left)
  end
end

function carry.tally(m, name)
  local key, names = m.prefix .. name, 'tally\n' .. name
  local theirs = redis.call('HGET', key, m.from)
  if not theirs then return end
  redis.call('HINCRBY', key, m.to, theirs)
  redis.call('HDEL', key, m.from)
  redis.call('HINCRBY', m.record, names, theirs)
end

function part.tally(m, names, before)
  local key = m.prefix .. names[1]
  local now = redis.call('HGET', key, m.to)
  if not now then return end
  redis.call('HSET', key, m.from, before)
  local left = less(now, before)
  if left > 0 then redis.call('HSET', key, m.to, left) else redis.call('HDEL', key, m.to) end
end

function carry.value(m, to, from)
  local ours, theirs = m.prefix .. to, m.prefix .. from
  local value, was = redis.call('GET', theirs), redis.call('GET', ours)
  local ends = redis.call('PEXPIRETIME', ours)
  local later = redis.call('PEXPIRETIME', theirs)
  if not value or later < 0 or (was and ends >= later) then return end
  redis.call('SET', ours, value, 'PXAT', later)
  remember(m, 'value', to .. '\n' .. from, table.concat({value, was or '', was and ends or ''}, '\n'))
end

-- What was used up while they were merged is used up for both.
function part.value(m, names, before)
  local ours, theirs, was = m.prefix .. names[1], m.prefix .. names[2], lines(before)
  local now = redis.call('GET', ours)
  if not now then
    redis.call('DEL', theirs)
  elseif now == was[1] then
    redis.call('DEL', ours)
    if was[3] ~= '' then redis.call('SET', ours, was[2], 'PXAT', was[3]) end
  end
end
