-- include: fact, heard
-- Counts the hits of some entries of the hits stream and takes the entries out, all at once. A hit
-- whose bit is set was counted: it came in two entries, or this batch is counted twice.
-- KEYS: hits. ARGV: prefix, rules version, window ms, hits kept, n, n entry ids, then per hit:
-- origin, serial, at ms, day, code, visitor, verdict, app, link, step, group, member, line.
-- Returns verdicts and how often each, by turns.
local prefix, rules, window = ARGV[1], ARGV[2], tonumber(ARGV[3])
local DAY = 86400
local sums, given, links = {}, {}, {}

local function add(key, field)
  local fields = sums[key]
  if not fields then fields = {}; sums[key] = fields end
  fields[field] = (fields[field] or 0) + 1
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
  if not given[key] then
    redis.call('EXPIRE', key, 31 * DAY)
    given[key] = true
  end
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

-- Whether this person is new in the scope: a member for ever, a visitor for the day.
local function new(link, scope, day, member, visitor)
  if member == '0' then
    local key = prefix .. 'link:visitors:' .. link .. ':' .. day
    local added = redis.call('SADD', key, scope .. '/' .. visitor) == 1
    if not given[key] then
      redis.call('EXPIRE', key, 7 * DAY)
      given[key] = true
    end
    return added and 'visitors'
  end
  if scope ~= 'day' then
    return fact_add(prefix .. 'link:clicked:' .. link .. ':' .. scope, member) == 1 and 'members'
  end
  local key = prefix .. 'link:today:' .. link .. ':' .. day
  local added = fact_add(key, member) == 1
  if not given[key] then
    redis.call('EXPIRE', key, 100 * DAY)
    given[key] = true
  end
  return added and 'members'
end

local function count(key, field, scope, hit, click)
  add(key, field .. 'hits')
  if not click then return end
  add(key, field .. 'clicks')
  local kind = new(hit.link, scope, hit.day, hit.member, hit.visitor)
  if kind then add(key, field .. kind) end
end

-- A step's clicks over all its links; what waits for a click goes on.
local function count_step(hit, click)
  local any = {link = '0', day = hit.day, member = hit.member, visitor = hit.visitor}
  count(prefix .. 'link:by:step:0', hit.step .. ':', 's' .. hit.step, any, click)
  if click and hit.member ~= '0' then heard(prefix, 'click', hit.member, hit.group, hit.at) end
end

local function count_link(hit, verdict)
  local link, click = hit.link, verdict == 'click'
  local sum = prefix .. 'link:counts:' .. link
  local all, by = prefix .. 'link:counts:0', prefix .. 'link:by:'
  add(sum, verdict)
  add(all, verdict)
  add(all, 'hits')
  add(by .. 'day:0', hit.day .. ':hits')
  count(sum, '', 'all', hit, click)
  count(by .. 'day:' .. link, hit.day .. ':', 'day', hit, click)
  count(by .. 'step:' .. link, hit.step .. ':', 's' .. hit.step, hit, click)
  count(by .. 'group:' .. link, hit.group .. ':', 'g' .. hit.group, hit, click)
  if hit.step ~= '0' then count_step(hit, click) end
  if not click then return end
  add(all, 'clicks')
  add(by .. 'day:0', hit.day .. ':clicks')
  if hit.app ~= '' then add(sum, 'app:' .. hit.app) end
  note(link, hit.at)
  if hit.member ~= '0' then add(prefix .. 'link:member:' .. link, hit.group .. ':' .. hit.member) end
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

local entries = tonumber(ARGV[5])
for i = 6, 5 + entries do redis.call('XDEL', KEYS[1], ARGV[i]) end
for i = 6 + entries, #ARGV, 13 do
  if not seen(ARGV[i], tonumber(ARGV[i + 1])) then
    judge({
      at = tonumber(ARGV[i + 2]), day = ARGV[i + 3], code = ARGV[i + 4], visitor = ARGV[i + 5],
      verdict = ARGV[i + 6], app = ARGV[i + 7], link = ARGV[i + 8], step = ARGV[i + 9],
      group = ARGV[i + 10], member = ARGV[i + 11], line = ARGV[i + 12],
    })
  end
end
for key, fields in pairs(sums) do
  for field, number in pairs(fields) do redis.call('HINCRBY', key, field, number) end
end
for link, noted in pairs(links) do
  local sum = prefix .. 'link:counts:' .. link
  redis.call('ZINCRBY', prefix .. 'link:top', noted.clicks, link)
  redis.call('HSETNX', sum, 'first', noted.first)
  redis.call('HSET', sum, 'last', noted.last)
end
local out = {}
for verdict, number in pairs(verdicts) do
  out[#out + 1] = verdict
  out[#out + 1] = number
end
return out
