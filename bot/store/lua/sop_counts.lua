-- include: fact
-- How many targets and members each outcome of some runs has. KEYS: the key that names the slot.
-- ARGV: prefix, SOP, how many families ("result:", "members:") with an outcome, these, then runs.
-- Returns the numbers, run by run.
local kinds, out = tonumber(ARGV[3]), {}
for i = 4 + kinds, #ARGV do
  for k = 4, 3 + kinds do
    local family, outcome = string.match(ARGV[k], '^(%a+:)(.*)$')
    out[#out + 1] = fact_count(ARGV[1] .. 'sop:' .. family .. ARGV[2] .. '/' .. ARGV[i] .. ':' .. outcome)
  end
end
return out
