-- Writes one customer if nobody wrote first.
-- KEYS[1] the customer; ARGV: version expected ('0' = nothing there), next version, document, moved; '' = none.
-- A full server refuses the first HSET, before anything is changed, and nothing after it.
if (redis.call('HGET', KEYS[1], 'v') or '0') ~= ARGV[1] then
  return 0
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
