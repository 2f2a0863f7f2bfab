-- Targets of SOPs: a group's number, or a member's with the group they are met in, "7:3". A member may
-- have been merged since it was written down. Needs lib_fact, lib_outbox.
local function target_now(prefix, target)
  local member, group = string.match(target, '^(%d+)(:%d+)$')
  return member and survivor(prefix, member) .. group or target
end

-- Makes a target due again, as who it is now; not where these had the same themselves (planned: a
-- fact). Returns how many.
local function due_again(prefix, occurrence, planned, target, due)
  local now = target_now(prefix, target)
  if now ~= target and fact_has(planned, string.match(now, '^%d+')) == 1 then return 0 end
  redis.call('ZADD', prefix .. 'sop:due:' .. occurrence, due, now)
  return 1
end
