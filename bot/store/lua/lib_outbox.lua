-- Putting a delivery into its lane. A lane holds one conversation's deliveries of one class in
-- order of due time, then id; at most one of a lane is at the gateway at a time.
local function gateway_of(conversation)
  return string.sub(conversation, 1, string.find(conversation, '/', 1, true) - 1)
end

local function lane_wake(prefix, class, conversation)
  local head = redis.call('ZRANGE', prefix .. 'outbox:lane:' .. class .. ':' .. conversation, 0, 0, 'WITHSCORES')
  if head[1] then
    redis.call('ZADD', prefix .. 'outbox:due:' .. gateway_of(conversation) .. ':' .. class, head[2], conversation)
  end
end

local function deliver(prefix, conversation, class, due, body)
  local id = string.format('%012d', redis.call('INCR', prefix .. 'outbox:seq'))
  local lane = class .. ':' .. conversation
  redis.call('HSET', prefix .. 'outbox:body', id, body)
  redis.call('ZADD', prefix .. 'outbox:lane:' .. lane, due, id)
  -- Behind another it waits for it, also where that one waits to be tried again.
  if redis.call('ZRANGE', prefix .. 'outbox:lane:' .. lane, 0, 0)[1] == id
      and redis.call('HEXISTS', prefix .. 'outbox:busy', lane) == 0 then
    redis.call('ZADD', prefix .. 'outbox:due:' .. gateway_of(conversation) .. ':' .. class, due, conversation)
  end
  return id
end

-- The member a number leads to, if it was merged since it was written down.
local function survivor(prefix, member)
  local into = redis.call('HGET', prefix .. 'merge:into', member)
  while into do
    member, into = into, redis.call('HGET', prefix .. 'merge:into', into)
  end
  return member
end

-- What begins with a member's number, "m7" or "m7:2026-06-17", as it is the survivor's.
local function whose(prefix, name)
  local member, about = string.match(name, '^m(%d+)(.*)$')
  return member and 'm' .. survivor(prefix, member) .. about or name
end

-- What a delivery counts under by one of its caps.
local function cap_key(prefix, name) return prefix .. 'cap:' .. whose(prefix, name) end
