-- Gives an account its member number, once, and keeps the member's name. Needs lib_fact, lib_search.
local function name_member(prefix, number, name, folded, sound)
  local member, names = prefix .. 'member:at:' .. number, prefix .. 'member:names'
  local old = redis.call('HMGET', member, 'name', 'folded')
  if name == '' or old[1] == name then return end
  if old[2] then redis.call('ZREM', names, old[2] .. '\0' .. number) end
  redis.call('ZADD', names, 0, folded .. '\0' .. number)
  redis.call('HSET', member, 'name', name, 'folded', folded)
  index_text(prefix, number, folded)
  if sound ~= '' then
    redis.call('HSET', member, 'sound', sound)
    index_text(prefix, number, sound)
  else
    redis.call('HDEL', member, 'sound')
  end
end

-- Returns the number, and whether it is a new one.
local function identify(prefix, gateway, account, now)
  local accounts = prefix .. 'member:accounts:' .. gateway
  local number = redis.call('HGET', accounts, account)
  if number then return tonumber(number), false end
  number = redis.call('INCR', prefix .. 'member:seq')
  redis.call('HSET', accounts, account, number)
  redis.call('HSET', prefix .. 'member:at:' .. number, 'since', now,
    'account:' .. gateway, account, 'name', '', 'folded', '')
  fact_add(prefix .. 'members:all', number)
  fact_add(prefix .. 'gateway:members:' .. gateway, number)
  index_account(prefix, number, account)
  return number, true
end
