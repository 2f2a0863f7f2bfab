-- include: fact
-- How members stand at the moment they are to be written to.
-- KEYS: the key that names the slot. ARGV: prefix, opt-out tag, required tag or '', group count,
-- group numbers, then targets (number:group).
-- Returns {group it is in now (its own first; 0: none), opted out, has the tag, ...}.
local prefix, groups = ARGV[1], tonumber(ARGV[4])
local function present(group, number) return fact_has(prefix .. 'group:present:' .. group, number) == 1 end
local out = {}
for i = 5 + groups, #ARGV do
  local number, own = string.match(ARGV[i], '^(%d+):(%d+)$')
  local found = 0
  if own ~= '0' and present(own, number) then
    found = tonumber(own)
  else
    for g = 5, 4 + groups do
      if present(ARGV[g], number) then
        found = tonumber(ARGV[g])
        break
      end
    end
  end
  out[#out + 1] = found
  out[#out + 1] = fact_has(prefix .. 'tag:' .. ARGV[2], number)
  out[#out + 1] = ARGV[3] == '' and 1 or fact_has(prefix .. 'tag:' .. ARGV[3], number)
end
return out
