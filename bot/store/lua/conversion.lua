-- include: fact, heard
-- Records a conversion and adds it to its sums, once for each name it is told under.
-- KEYS: seen, conversions. ARGV: prefix, content digest, seconds it is remembered, entries kept,
-- body, day, kind, currency, value (0.0001), link, step, group, member, now ms, entry of its
-- member's timeline, entries kept of that.
-- Returns {entry, digest of what was recorded under the name, 1 when it was recorded now}.
local known = redis.call('GET', KEYS[1])
if known then
  local entry, digest = string.match(known, '^(%S+) (%S+)$')
  return {entry, digest, 0}
end
local prefix, day, kind, currency, value = ARGV[1], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local step, group, member = ARGV[11], ARGV[12], ARGV[13]

local function add(key, field)
  redis.call('HINCRBY', key, field .. ':value', value)
  redis.call('HINCRBY', key, field .. ':count', 1)
end

local function add_member(link, cell)
  for _, who in ipairs({'all', 's' .. step, 'g' .. group}) do
    fact_add(prefix .. 'conversion:members:' .. link .. ':' .. who, member)
  end
  local people = prefix .. 'conversion:people:' .. link .. ':' .. day
  redis.call('HINCRBY', people, cell .. '/' .. member, 1)
  redis.call('EXPIRE', people, ARGV[3], 'NX')
end

local parts = {all = 'all', day = day, step = step, group = group}
for _, link in ipairs(ARGV[10] == '0' and {'0'} or {'0', ARGV[10]}) do
  for part, name in pairs(parts) do
    local key = prefix .. 'conversion:by:' .. part .. ':' .. link
    add(key, name .. ':' .. kind .. ':' .. currency)
  end
  local cell = step .. '/' .. group
  local key = prefix .. 'conversion:day:' .. link .. ':' .. day
  add(key, cell .. '/' .. kind .. '/' .. currency)
  if member ~= '0' then add_member(link, cell) end
  if link ~= '0' then
    redis.call('SADD', prefix .. 'conversion:links:all', link)
    redis.call('SADD', prefix .. 'conversion:links:' .. day, link)
  end
end
if member ~= '0' then
  heard(prefix, 'conversion', member, group, tonumber(ARGV[14]))
  redis.call('XADD', prefix .. 'timeline:' .. member, 'MAXLEN', '~', ARGV[16], '*', 'entry', ARGV[15])
end
local entry = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'conversion', ARGV[5])
redis.call('SET', KEYS[1], entry .. ' ' .. ARGV[2], 'EX', ARGV[3])
return {entry, ARGV[2], 1}
