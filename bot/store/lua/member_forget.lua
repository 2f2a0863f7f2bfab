-- include: fact, search
-- Takes letters out of the search that nobody of a block has any more.
-- ARGV: prefix, block, then the grams to look at.
local prefix, block = ARGV[1], tonumber(ARGV[2])
local kept = {}
for number = block * BLOCK, block * BLOCK + BLOCK - 1 do
  for _, text in ipairs(searched(redis.call('HGETALL', prefix .. 'member:at:' .. number))) do
    for _, gram in ipairs(grams_of(text)) do kept[gram] = true end
  end
end
for i = 3, #ARGV do
  if not kept[ARGV[i]] then fact_remove(prefix .. 'member:grams:' .. ARGV[i], block) end
end
