-- include: fact, search, identify
-- Gives an account its member number, once, and keeps its name.
-- KEYS: accounts of the gateway, member sequence, members, names, members of the gateway.
-- ARGV: prefix, gateway, account id, name, folded name, now ms, the name's sound. Returns the number.
local number = identify(ARGV[1], ARGV[2], ARGV[3], ARGV[6])
-- Of a merged member's accounts each may have another name; theirs stays as it is.
if redis.call('EXISTS', ARGV[1] .. 'merge:stack:' .. number) == 0 then
  name_member(ARGV[1], number, ARGV[4], ARGV[5], ARGV[7])
end
return number
