-- Tags: giving and taking one, with all that hangs on it: the others of an exclusive group, its end,
-- who did it, and what can be undone. Needs lib_fact and lib_heard.
-- tags:rivals has a tag's rivals by line, tags:lasts the ms it lasts; application: '' or an id.
local LATELY = 16

local function tag_noted(prefix, sign, tag, member, now, source)
  if source == '' then return end
  local key = prefix .. 'tags:lately:' .. member
  redis.call('LPUSH', key, table.concat({now .. sign, tag, source}, '\n'))
  redis.call('LTRIM', key, 0, LATELY - 1)
end

-- What somebody changes is no application's any more.
local function tag_touched(prefix, tag, member)
  for _, id in ipairs(redis.call('SMEMBERS', prefix .. 'tags:open:' .. tag)) do
    fact_remove(prefix .. 'tags:changed:' .. id, member)
  end
end

local function tag_end(prefix, tag, member, at)
  redis.call('ZADD', prefix .. 'tags:ends:' .. tag, at, member)
  redis.call('SADD', prefix .. 'tags:ending', tag)
end

-- Returns 1 when they had it. An application keeps when it would have ended.
local function take_tag(prefix, tag, member, now, source, application)
  local ends = prefix .. 'tags:ends:' .. tag
  local at = redis.call('ZSCORE', ends, member)
  if at then redis.call('ZREM', ends, member) end
  if fact_remove(prefix .. 'tag:' .. tag, member) == 0 then return 0 end
  if at and application ~= '' then
    redis.call('ZADD', prefix .. 'tags:ended:' .. application .. ':' .. tag, at, member)
  end
  tag_touched(prefix, tag, member)
  tag_noted(prefix, '-', tag, member, now, source)
  return 1
end

-- When one who has it already gets it again: its end moves later, never sooner, unless it is said.
local function tag_again(prefix, tag, member, now, lasts)
  local ends = prefix .. 'tags:ends:' .. tag
  if lasts == '0' then
    redis.call('ZREM', ends, member)
  elseif lasts ~= '' then
    tag_end(prefix, tag, member, now + lasts)
  else
    local usual = redis.call('HGET', prefix .. 'tags:lasts', tag)
    if usual then redis.call('ZADD', ends, 'XX', 'GT', now + usual, member) end
  end
end

-- by: 'sop' for the bot's own doing, which is no answer to anything; 'quiet' begins nothing either.
-- lasts: ms, '0' for ever, '' as the tag says. The moment is kept when a SOP counts from it.
-- Returns 1 when they did not have it.
local function give_tag(prefix, tag, member, now, by, source, application, lasts)
  if fact_add(prefix .. 'tag:' .. tag, member) == 0 then
    if application == '' then tag_again(prefix, tag, member, now, lasts) end
    return 0
  end
  tag_touched(prefix, tag, member)
  if lasts == '' then lasts = redis.call('HGET', prefix .. 'tags:lasts', tag) or '0' end
  if lasts ~= '0' then tag_end(prefix, tag, member, now + lasts) end
  for rival in string.gmatch(redis.call('HGET', prefix .. 'tags:rivals', tag) or '', '[^\n]+') do
    if take_tag(prefix, rival, member, now, source, application) == 1 and application ~= '' then
      fact_add(prefix .. 'tags:took:' .. application .. ':' .. rival, member)
    end
  end
  if by ~= 'quiet' and redis.call('SISMEMBER', prefix .. 'moments:tags', tag) == 1 then
    redis.call('ZADD', prefix .. 'moments:tag:' .. tag, now, member)
  end
  if by == '' then heard(prefix, 'tag', member, 0, now) end
  tag_noted(prefix, '+', tag, member, now, source)
  return 1
end

-- What an application has done to a member is kept with it, until somebody changes it.
local function tag_applied(prefix, application, member)
  fact_add(prefix .. 'tags:changed:' .. application, member)
  redis.call('HINCRBY', prefix .. 'tags:progress:' .. application, 'changed', 1)
end

-- Gives a tag back with the end it had; not when that has passed.
local function tag_back(prefix, application, tag, member, now, source)
  local lasts = '0'
  local at = redis.call('ZSCORE', prefix .. 'tags:ended:' .. application .. ':' .. tag, member)
  if at then lasts = string.format('%.0f', at - now) end
  if not at or at - now > 0 then give_tag(prefix, tag, member, now, 'sop', source, '', lasts) end
end

-- Takes back what an application has done to a member, if nobody changed it since. rivals: by line.
local function tag_undone(prefix, application, tag, member, now, sign, source, rivals)
  local changed = prefix .. 'tags:changed:' .. application
  if fact_has(changed, member) == 0 then return end
  fact_remove(changed, member)
  redis.call('HINCRBY', prefix .. 'tags:progress:' .. application, 'undone', 1)
  if sign == '-' then return tag_back(prefix, application, tag, member, now, source) end
  take_tag(prefix, tag, member, now, source, '')
  for rival in string.gmatch(rivals, '[^\n]+') do
    if fact_has(prefix .. 'tags:took:' .. application .. ':' .. rival, member) == 1 then
      tag_back(prefix, application, rival, member, now, source)
    end
  end
end

local function fact_without(key, from)
  if redis.call('TYPE', key).ok == 'string' and redis.call('TYPE', from).ok == 'string' then
    local both = key .. ':both' -- gone again when the script ends
    redis.call('BITOP', 'AND', both, key, from)
    redis.call('BITOP', 'XOR', key, key, both)
    redis.call('DEL', both)
  elseif redis.call('TYPE', from).ok == 'string' then
    for _, m in ipairs(redis.call('SMEMBERS', key)) do
      if fact_has(from, m) == 1 then fact_remove(key, m) end
    end
  else
    for _, m in ipairs(redis.call('SMEMBERS', from)) do fact_remove(key, m) end
  end
end

-- Everybody of one tag has another one instead, with its later end; nobody has two of a group.
local function tag_into(prefix, from, tag)
  local ends, gone = prefix .. 'tags:ends:', prefix .. 'tag:' .. from
  local known, kept = prefix .. 'tag:' .. tag, {}
  if redis.call('EXISTS', known, ends .. tag) == 0 then -- nobody has it: a name is all that changes
    if redis.call('EXISTS', gone) == 1 then redis.call('RENAME', gone, known) end
    if redis.call('EXISTS', ends .. from) == 1 then redis.call('RENAME', ends .. from, ends .. tag) end
    if redis.call('SREM', prefix .. 'tags:ending', from) == 1 then
      redis.call('SADD', prefix .. 'tags:ending', tag)
    end
    gone = known
  end
  for rival in string.gmatch(redis.call('HGET', prefix .. 'tags:rivals', tag) or '', '[^\n]+') do
    if rival ~= from then
      fact_without(prefix .. 'tag:' .. rival, gone)
      for _, m in ipairs(redis.call('ZRANGE', ends .. rival, 0, -1)) do
        if fact_has(gone, m) == 1 then redis.call('ZREM', ends .. rival, m) end
      end
    end
  end
  if gone == known then return end
  -- Whoever has one of both for ever keeps it for ever.
  for _, m in ipairs(redis.call('ZRANGE', ends .. tag, 0, -1)) do
    if fact_has(gone, m) == 1 and not redis.call('ZSCORE', ends .. from, m) then table.insert(kept, m) end
  end
  local moved = redis.call('ZRANGE', ends .. from, 0, -1, 'WITHSCORES')
  for i = 1, #moved, 2 do
    local m = moved[i]
    local has, at = fact_has(known, m) == 1, redis.call('ZSCORE', ends .. tag, m)
    if not has or at then redis.call('ZADD', ends .. tag, 'GT', moved[i + 1], m) end
  end
  for _, m in ipairs(kept) do redis.call('ZREM', ends .. tag, m) end
  if redis.call('EXISTS', ends .. tag) == 1 then redis.call('SADD', prefix .. 'tags:ending', tag) end
  fact_merge(known, gone)
  redis.call('DEL', gone, ends .. from)
  redis.call('SREM', prefix .. 'tags:ending', from)
end
