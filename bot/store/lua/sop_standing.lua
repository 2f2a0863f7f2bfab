-- include: fact
-- In which group members are at the moment they are to be written to.
-- KEYS: the key that names the slot. ARGV: prefix, group count, group numbers, then targets
-- (number:group). Returns the group of each: its own first; 0: in none.
local prefix, groups = ARGV[1], tonumber(ARGV[2])
local function present(group, number) return fact_has(prefix .. 'group:present:' .. group, number) == 1 end
local out = {}
for i = 3 + groups, #ARGV do
  local number, own = string.match(ARGV[i], '^(%d+):(%d+)$')
  local found = 0
  if own ~= '0' and present(own, number) then
    found = tonumber(own)
  else
    for g = 3, 2 + groups do
      if present(ARGV[g], number) then
        found = tonumber(ARGV[g])
        break
      end
    end
  end
  out[#out + 1] = found
end
return out
