-- include: fact, search
-- Makes older members searchable, and keeps how far that is.
-- KEYS: how far it is. ARGV: prefix, the last number that is done then, then by turns a member's
-- number and the sound of their name.
for i = 3, #ARGV, 2 do
  local member = ARGV[1] .. 'member:at:' .. ARGV[i]
  if redis.call('EXISTS', member) == 1 then
    if ARGV[i + 1] ~= '' then redis.call('HSET', member, 'sound', ARGV[i + 1]) end
    for _, text in ipairs(searched(redis.call('HGETALL', member))) do
      index_text(ARGV[1], tonumber(ARGV[i]), text)
    end
  end
end
redis.call('HSET', KEYS[1], 'at', ARGV[2])
