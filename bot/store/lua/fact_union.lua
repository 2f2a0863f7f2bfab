-- include: fact
-- Adds everybody of some facts to another. KEYS: the fact. ARGV: names of the others.
for _, name in ipairs(ARGV) do fact_merge(KEYS[1], name) end
return 1
