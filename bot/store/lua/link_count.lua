-- include: fact, outbox, heard
-- Counts the hits of some entries of the hits stream and takes the entries out, all at once. A hit
-- whose bit is set was counted: it came in two entries, or this batch is counted twice.
-- KEYS: hits. ARGV: prefix, rules version, window ms, hits kept, n, n entry ids, then per hit:
-- origin, serial, at ms, day, hour, code, visitor, verdict, app, way, link, step, run, group,
-- member, line. Returns verdicts and how often each, by turns.
local prefix, rules, window = ARGV[1], ARGV[2], tonumber(ARGV[3])
local DAY = 86400
local sums, given, links = {}, {}, {}

local function add(key, field, number)
  local fields = sums[key]
  if not fields then fields = {}; sums[key] = fields end
  fields[field] = (fields[field] or 0) + (number or 1)
end

local function live(key, days)
  if not given[key] then
    redis.call('EXPIRE', key, days * DAY)
    given[key] = true
  end
end

-- What is the same for all clicks of a link in this batch.
local function note(link, at)
  local noted = links[link]
  if not noted then noted = {clicks = 0, first = at, last = at}; links[link] = noted end
  noted.clicks = noted.clicks + 1
  noted.first, noted.last = math.min(noted.first, at), math.max(noted.last, at)
end

local function seen(origin, serial)
  local chunk = math.floor(serial / 1048576)
  local key = prefix .. 'hits:seen:' .. origin .. ':' .. chunk
  local before = redis.call('SETBIT', key, serial - chunk * 1048576, 1)
  live(key, 31)
  return before == 1
end

local function repeated(code, visitor, at)
  local key = prefix .. 'hits:recent:' .. code .. ':' .. visitor
  local last = redis.call('SET', key, at, 'NX', 'GET', 'EX', 60)
  if not last then return false end
  if math.abs(at - tonumber(last)) < window then return true end
  redis.call('SET', key, at, 'EX', 60)
  return false
end

-- The places a click counts in, with the field of their sums.
local function places(hit)
  local by = prefix .. 'link:by:'
  local found = {
    {prefix .. 'link:counts:' .. hit.link, '', hit.link, 'all'},
    {by .. 'step:' .. hit.link, hit.step .. ':', hit.link, 's' .. hit.step},
    {by .. 'group:' .. hit.link, hit.group .. ':', hit.link, 'g' .. hit.group},
  }
  if hit.step ~= '0' then
    found[4] = {by .. 'step:0', hit.step .. ':', '0', 's' .. hit.step}
  end
  return found
end

-- Milliseconds since the message was sent, to the group or to its member alone; '-' when that is
-- not known. Who opened a group's link may be known by name, too.
local function delay(hit)
  if hit.run == '' then return '-' end
  local alone = hit.group == '0' or fact_has(prefix .. 'sop:places:' .. hit.run, hit.group) == 1
  local target = tonumber(alone and hit.member or hit.group)
  local key = prefix .. 'sop:sent:' .. hit.run .. ':' .. math.floor(target / 256)
  local sent = redis.call('BITFIELD_RO', key, 'GET', 'u32', '#' .. target % 256)[1]
  if sent == 0 then return '-' end
  return math.max(0, hit.at - sent * 1000)
end

-- Whoever looks at the member finds it; older than the numbers in link:people it is of no use.
local function trail(hit)
  if hit.member == '0' then return end
  local key = prefix .. 'link:trail:' .. hit.member
  redis.call('ZADD', key, hit.at, hit.link .. '/' .. hit.step .. '/' .. hit.group .. '/' .. hit.day)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', hit.at - 400 * DAY * 1000)
  live(key, 400)
end

-- Adds a click to those of a member (0: all whom nobody knows) in a place on a day; whether it is
-- the first of them.
local function count_person(hit)
  local people = prefix .. 'link:people:' .. hit.link .. ':' .. hit.day
  local field = hit.step .. '/' .. hit.group .. '/' .. hit.member
  local before = redis.call('HGET', people, field)
  if before then
    -- What was spooled comes late: the first click is the earliest, not the one counted first.
    local clicks, first, rest = string.match(before, '^(%d+) (%d+)(.*)$')
    if hit.at < tonumber(first) then
      first, rest = hit.at, ' ' .. delay(hit) .. ' ' .. hit.way
      trail(hit)
    end
    redis.call('HSET', people, field, clicks + 1 .. ' ' .. first .. rest)
    return false
  end
  redis.call('HSET', people, field, '1 ' .. hit.at .. ' ' .. delay(hit) .. ' ' .. hit.way)
  live(people, 400)
  trail(hit)
  return true
end

-- A member is new in a place for ever, and on a day for the day; once it clicked there that day,
-- nothing of this is new any more.
local function count_member(hit)
  local clicked = prefix .. 'link:clicked:'
  if hit.way ~= '0' then fact_add(clicked .. hit.link .. ':w' .. hit.way, hit.member) end
  if not count_person(hit) then return end
  for _, place in ipairs(places(hit)) do
    if fact_add(clicked .. place[3] .. ':' .. place[4], hit.member) == 1 then
      add(place[1], place[2] .. 'members')
    end
  end
  local today = prefix .. 'link:today:' .. hit.link .. ':' .. hit.day
  if fact_add(today, hit.member) == 1 then
    add(prefix .. 'link:by:day:' .. hit.link, hit.day .. ':members')
  end
  live(today, 100)
end

local function new_visitor(hit, link, scope)
  local key = prefix .. 'link:visitors:' .. link .. ':' .. hit.day
  local added = redis.call('SADD', key, scope .. '/' .. hit.visitor) == 1
  live(key, 7)
  return added
end

-- A visitor is new once a day and link: nobody can tell whether it is the same on another day.
local function count_visitor(hit)
  count_person(hit)
  local way = 'w' .. hit.way
  if new_visitor(hit, hit.link, way) then
    add(prefix .. 'link:seen:' .. hit.link .. ':' .. hit.day, way)
  end
  local together = 'g' .. hit.group .. ':' .. hit.step
  if not new_visitor(hit, hit.link, together) then return end
  local day = prefix .. 'link:seen:' .. hit.link .. ':' .. hit.day
  add(day, together)
  for _, place in ipairs(places(hit)) do
    if place[3] ~= '0' and new_visitor(hit, hit.link, place[4]) then
      add(place[1], place[2] .. 'visitors')
      add(day, place[4])
      if place[4] == 'all' then add(prefix .. 'link:by:day:' .. hit.link, hit.day .. ':visitors') end
      if place[4] == 's' .. hit.step and hit.step ~= '0' then
        add(prefix .. 'link:by:step:0', hit.step .. ':visitors')
      end
    end
  end
end

local function count_click(hit)
  if hit.app ~= '' then add(prefix .. 'link:counts:' .. hit.link, 'app:' .. hit.app) end
  note(hit.link, hit.at)
  if hit.member == '0' then
    count_visitor(hit)
  else
    count_member(hit)
    local who = survivor(prefix, hit.member)
    if hit.step ~= '0' then heard(prefix, 'click', who, hit.group, hit.at) end
    local clicked = hit.link .. ' ' .. hit.step .. ' ' .. hit.group
    redis.call('SET', prefix .. 'link:heard:' .. who, clicked, 'EX', DAY)
  end
end

local function count_link(hit, verdict)
  local by = prefix .. 'link:by:'
  local sums_of = places(hit)
  sums_of[#sums_of + 1] = {prefix .. 'link:counts:0', ''}
  sums_of[#sums_of + 1] = {by .. 'day:' .. hit.link, hit.day .. ':'}
  sums_of[#sums_of + 1] = {by .. 'day:0', hit.day .. ':'}
  for _, place in ipairs(sums_of) do
    add(place[1], place[2] .. 'hits')
    if verdict == 'click' then add(place[1], place[2] .. 'clicks') end
  end
  add(prefix .. 'link:counts:' .. hit.link, verdict)
  add(prefix .. 'link:counts:0', verdict)
  local cell = hit.step .. '/' .. hit.group .. '/' .. hit.hour .. '/' .. hit.way
  add(prefix .. 'link:day:' .. hit.link .. ':' .. hit.day, cell .. ':' .. verdict)
  local active = prefix .. 'link:active:' .. hit.day
  if not given[active .. hit.link] then
    redis.call('SADD', active, hit.link)
    redis.call('HSETNX', prefix .. 'link:rules:' .. hit.link, hit.day, rules)
    live(active, 400)
    given[active .. hit.link] = true
  end
  if verdict == 'click' then count_click(hit) end
end

local verdicts = {}
local CLOSED = {gone = true, early = true, expired = true, full = true}
local function judge(hit)
  local verdict = hit.verdict
  verdicts[verdict] = (verdicts[verdict] or 0) + 1
  if hit.link == '0' then
    local orphans = prefix .. 'link:orphans'
    redis.call('ZINCRBY', orphans, 1, hit.code)
    if redis.call('ZCARD', orphans) > 1000 then redis.call('ZPOPMIN', orphans) end
    add(prefix .. 'link:counts:0', verdict)
    return
  end
  if verdict == 'click' and repeated(hit.code, hit.visitor, hit.at) then
    verdicts.click = verdicts.click - 1
    verdict = 'repeat'
    verdicts[verdict] = (verdicts[verdict] or 0) + 1
  end
  count_link(hit, verdict)
  if CLOSED[verdict] then redis.call('ZINCRBY', prefix .. 'link:closed:' .. verdict, 1, hit.link) end
  redis.call('XADD', prefix .. 'hits:kept', 'MAXLEN', '~', ARGV[4], '*',
    'hit', hit.line, 'verdict', verdict, 'rules', rules)
end

local NAMES = {'origin', 'serial', 'at', 'day', 'hour', 'code', 'visitor', 'verdict', 'app', 'way',
  'link', 'step', 'run', 'group', 'member', 'line'}
local entries = tonumber(ARGV[5])
for i = 6, 5 + entries do redis.call('XDEL', KEYS[1], ARGV[i]) end
for i = 6 + entries, #ARGV, #NAMES do
  if not seen(ARGV[i], tonumber(ARGV[i + 1])) then
    local hit = {}
    for n, name in ipairs(NAMES) do hit[name] = ARGV[i + n - 1] end
    hit.at = tonumber(hit.at)
    judge(hit)
  end
end
for key, fields in pairs(sums) do
  for field, number in pairs(fields) do redis.call('HINCRBY', key, field, number) end
end
for link, noted in pairs(links) do
  local sum = prefix .. 'link:counts:' .. link
  redis.call('ZINCRBY', prefix .. 'link:top', noted.clicks, link)
  local first, last = unpack(redis.call('HMGET', sum, 'first', 'last'))
  redis.call('HSET', sum, 'first', math.min(noted.first, tonumber(first) or noted.first),
    'last', math.max(noted.last, tonumber(last) or noted.last))
end
local out = {}
for verdict, number in pairs(verdicts) do
  out[#out + 1] = verdict
  out[#out + 1] = number
end
return out
