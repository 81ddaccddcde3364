-- Deletes one record if it still stands at the version it was read at.
if redis.call('HGET', KEYS[1], 'v') ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
