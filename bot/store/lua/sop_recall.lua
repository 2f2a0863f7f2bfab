-- include: fact, outbox, target
-- Takes deliveries of a SOP out of the outbox again, where they are not at the gateway.
-- KEYS: sending, SOP states, bodies, owners. ARGV: prefix, SOP, what becomes of their targets ('back':
-- due again; 'drop': stopped; 'none': nothing, only forget what was finished), delivery ids.
-- Returns how many stay.
local prefix, sop, mode = ARGV[1], ARGV[2], ARGV[3]
local state = redis.call('HGET', KEYS[2], sop) or ''
if mode == 'drop' and not string.find(state, '^stopping/') then mode = 'none' end
if mode == 'back' and string.find(state, '^stop') then mode = 'none' end
local stay = 0
if mode == 'none' then
  for i = 4, #ARGV do
    if redis.call('HEXISTS', KEYS[3], ARGV[i]) == 1 then stay = stay + 1 else redis.call('HDEL', KEYS[1], ARGV[i]) end
  end
  return stay
end
for i = 4, #ARGV do
  local id = ARGV[i]
  local kept = redis.call('HGET', KEYS[1], id)
  local body = redis.call('HGET', KEYS[3], id)
  if not kept or not body then
    redis.call('HDEL', KEYS[1], id)
  elseif redis.call('HEXISTS', KEYS[4], id) == 1 then
    stay = stay + 1
  else
    local occurrence, target, lane = string.match(kept, '^(.-)\n(.-)\n(.*)$')
    local delivery = cjson.decode(body)
    local result = prefix .. 'sop:result:' .. delivery.result.run
    redis.call('ZREM', prefix .. 'outbox:lane:' .. lane, id)
    redis.call('HDEL', KEYS[3], id)
    redis.call('HDEL', KEYS[1], id)
    if mode == 'back' then
      fact_remove(result .. ':planned', delivery.result.target)
      due_again(prefix, occurrence, result .. ':planned', target, string.format('%.0f', delivery.due))
    else
      fact_add(result .. ':skipped:stopped', delivery.result.target)
    end
  end
end
return stay
