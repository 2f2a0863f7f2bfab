-- Timers: events that enter their conversation's queue when their time comes. Setting one of the
-- same id again changes nothing.
local function set_timer(prefix, id, due, event)
  if redis.call('HSETNX', prefix .. 'timers:events', id, event) == 1 then
    redis.call('ZADD', prefix .. 'timers', due, id)
  end
end
