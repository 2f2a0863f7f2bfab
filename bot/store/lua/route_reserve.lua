-- include: fact
-- Holds a place in one of a route's groups: for a member who asks or, where the member is 0, for
-- the first of those who wait that can have one. Asked again it answers the same.
-- KEYS: waiting list, its notes (groups they may have, where they are told), routes waited for.
-- ARGV: prefix, route, member, now ms, hold ms (0: only look), order | fewest, readmit (0 or 1),
-- note to wait with ('': does not wait), the member's groups ('': all), then group and capacity
-- (0: none) by turns.
-- Returns {outcome, member, group, until ms, position, fresh (1: not held before)}: held, already, full, barred (removed from
-- every group), wait.
local prefix, route, asker, now, hold = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local policy, readmit, note, own = ARGV[6], ARGV[7] == '1', ARGV[8], ARGV[9]
local DAY = 86400000
local groups = {}
for i = 10, #ARGV, 2 do
  local group = { number = ARGV[i], capacity = tonumber(ARGV[i + 1]) }
  group.present = prefix .. 'group:present:' .. group.number
  group.held = prefix .. 'route:held:' .. group.number
  group.removed = prefix .. 'group:removed:' .. group.number
  group.gone = redis.call('HGET', prefix .. 'group:at:' .. group.number, 'gone') == '1'
  groups[#groups + 1] = group
end

-- Who is there, and those a place is held for who are not.
local function taken(group)
  if group.taken then return group.taken end
  group.taken = fact_count(group.present)
  for _, m in ipairs(redis.call('ZRANGEBYSCORE', group.held, '(' .. now, '+inf')) do
    if fact_has(group.present, m) == 0 then group.taken = group.taken + 1 end
  end
  return group.taken
end

local function has_room(group)
  return not group.gone and (group.capacity == 0 or taken(group) < group.capacity)
end

local function among(group, wanted)
  return wanted == '' or string.find(',' .. wanted .. ',', ',' .. group.number .. ',', 1, true)
end

-- Till when a place is held for a member; nothing where others filled the group meanwhile.
local function held_until(group, member)
  local score = tonumber(redis.call('ZSCORE', group.held, member) or 0)
  if score <= now then return nil end
  if group.capacity > 0 and fact_count(group.present) >= group.capacity then return nil end
  return score
end

-- Returns the outcome, the group, and till when a place is held already.
local function find(member, wanted)
  for _, group in ipairs(groups) do
    if not group.gone and fact_has(group.present, member) == 1 then return 'already', group end
  end
  local best, open = nil, false
  for _, group in ipairs(groups) do
    if not group.gone and among(group, wanted) then
      local barred = not readmit and fact_has(group.removed, member) == 1
      local ends = not barred and held_until(group, member)
      if ends then return 'held', group, ends end
      open = open or not barred
      if not barred and not (best and policy == 'order') and has_room(group) then
        if not best or taken(group) < taken(best) then best = group end
      end
    end
  end
  if best then return 'held', best end
  for _, group in ipairs(groups) do
    if not open and not group.gone and among(group, wanted) then return 'barred' end
  end
  return 'full'
end

local function keep(member, group, known)
  if hold == 0 then return 0 end
  local ends = known or now + hold
  -- Who asks again keeps the place longer, once a day and while nobody waits for it.
  local since = ends - hold
  if known and now - since >= DAY and redis.call('ZCARD', KEYS[1]) == 0 then ends = now + hold end
  for _, other in ipairs(known and {} or groups) do redis.call('ZREM', other.held, member) end
  if ends ~= known then
    redis.call('ZREMRANGEBYSCORE', group.held, '-inf', now)
    redis.call('ZADD', group.held, ends, member)
    redis.call('EXPIRE', group.held, 40 * 86400)
  end
  return ends
end

local function leave(member)
  redis.call('ZREM', KEYS[1], member)
  redis.call('HDEL', KEYS[2], member)
  if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[3], route) end
end

local function answer(outcome, member, group, known)
  local ends = outcome == 'held' and keep(member, group, known) or 0
  local fresh = outcome == 'held' and not known and 1 or 0
  return {outcome, tonumber(member), group and tonumber(group.number) or 0, ends, 0, fresh}
end

local function next_waiting()
  local any = false
  for _, group in ipairs(groups) do any = any or has_room(group) end
  -- Where nothing is open only what a crash interrupted is left to do, and that was at the head.
  for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, any and -1 or 99)) do
    local wanted = string.match(redis.call('HGET', KEYS[2], member) or '', '^[%d,]*')
    local outcome, group, known = find(member, wanted)
    if outcome ~= 'full' then return answer(outcome, member, group, known) end
  end
  if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[3], route) end
  return {'full', 0, 0, 0, 0, 0}
end

if asker == '0' then return next_waiting() end

local outcome, group, known = find(asker, own)
local waits = redis.call('ZSCORE', KEYS[1], asker)
if outcome == 'held' and not known then
  -- What opens is for those who waited first.
  local ahead = waits and redis.call('ZRANK', KEYS[1], asker) or redis.call('ZCARD', KEYS[1])
  if ahead > 0 then outcome, group = 'full', nil end
end
if hold == 0 then return answer(outcome, asker, group, known) end
if outcome ~= 'full' then
  if waits then leave(asker) end
  return answer(outcome, asker, group, known)
end
if note == '' and not waits then return {'full', tonumber(asker), 0, 0, 0, 0} end
if not waits then redis.call('ZADD', KEYS[1], now, asker) end
if note ~= '' then redis.call('HSET', KEYS[2], asker, note) end
redis.call('SADD', KEYS[3], route)
return {'wait', tonumber(asker), 0, 0, redis.call('ZRANK', KEYS[1], asker) + 1, 0}
