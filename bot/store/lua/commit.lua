-- include: fact, outbox, timer, heard, tag, search, effects
-- Commits what handling one event did, together with the event's acknowledgement.
-- KEYS: queue, leases, owner, tries, ready. ARGV: prefix, conversation, token, event id,
-- how many further items are wanted (0: more are in hand; -1: give the conversation back), effects.
-- Returns {status, item, ...}: status is 'ok', 'fenced' (not ours any more), or 'conflict'.
if redis.call('HGET', KEYS[3], ARGV[2]) ~= ARGV[3] then return {'fenced'} end
local head = redis.call('LINDEX', KEYS[1], 0)
local mark = ARGV[4] .. '\n'
if head and string.sub(head, 1, #mark) == mark then
  local failed, at = check(ARGV[1], 6)
  if failed then return {'conflict', tostring(failed)} end
  perform(ARGV[1], at) -- first: where the server refuses one, the event must still be there
  redis.call('LPOP', KEYS[1])
  redis.call('HDEL', KEYS[4], ARGV[2])
end
local want = tonumber(ARGV[5])
if want == 0 then return {'ok'} end
if want > 0 then
  local items = redis.call('LRANGE', KEYS[1], 0, want - 1)
  if items[1] then
    table.insert(items, 1, 'ok')
    return items
  end
end
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RPUSH', KEYS[5], ARGV[2]) end
return {'ok'}
