-- include: fact, outbox, target
-- Puts targets among an occurrence's due ones, each once for as long as the occurrence is open.
-- KEYS: SOP states, open occurrences, due, fed. ARGV: prefix, SOP, its state, occurrence, then pairs
-- of target (number or number:group) and due ms.
-- Returns how many were new, or -1 when the SOP or the occurrence is not as it was.
if redis.call('HGET', KEYS[1], ARGV[2]) ~= ARGV[3] then return -1 end
local progress = redis.call('HGET', KEYS[2], ARGV[4])
if progress ~= 'feeding' and progress ~= 'always' and progress ~= 'following' then return -1 end
local new = 0
for i = 5, #ARGV, 2 do
  local target = target_now(ARGV[1], ARGV[i])
  if fact_add(KEYS[4], tonumber(string.match(target, '^%d+'))) == 1 then
    redis.call('ZADD', KEYS[3], ARGV[i + 1], target)
    new = new + 1
  end
end
return new
