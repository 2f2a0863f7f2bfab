-- include: fact
-- Takes numbers out of a fact; one with nobody left is deleted. KEYS: fact. ARGV: numbers.
-- Returns how many were in it.
local gone = 0
for _, number in ipairs(ARGV) do
  if fact_has(KEYS[1], number) == 1 then
    fact_remove(KEYS[1], number)
    gone = gone + 1
  end
end
if gone > 0 and redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('BITCOUNT', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[1])
end
return gone
