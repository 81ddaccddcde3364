-- Writes one customer if nobody wrote first. 1 = written, 0 = somebody did; any other number is the
-- server's clock in microseconds: it differs too much from the one the decision went by.
-- KEYS[1] the customer; ARGV: version expected ('0' = nothing there), next version, document, moved; '' = none;
-- then the decision's now in microseconds ('' = none was used) and how far it may be off.
-- A full server refuses the first HSET, before anything is changed, and nothing after it.
local was = redis.call('HMGET', KEYS[1], 'v', 'm')
if (was[1] or '0') ~= ARGV[1] then
  return 0
end
if ARGV[5] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  if math.abs(now - ARGV[5]) > tonumber(ARGV[6]) then
    return now
  end
end
-- As nearly always: a document, and it did not move.
if ARGV[3] ~= '' and ARGV[4] == '' and not was[2] then
  redis.call('HSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3])
  return 1
end
redis.call('HSET', KEYS[1], 'v', ARGV[2])
for i, field in ipairs({'d', 'm'}) do
  local value = ARGV[i + 2]
  if value ~= '' then
    redis.call('HSET', KEYS[1], field, value)
  else
    redis.call('HDEL', KEYS[1], field)
  end
end
return 1
