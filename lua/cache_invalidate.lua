#!lua flags=allow-oom
-- Outdates every entry of a space with one of these slots. Works in a full memory too.
--
-- KEYS: invalidations of the space
-- ARGV: lifetime of the hash in milliseconds, slots...
-- Returns 1. Without the hash there is nothing to outdate: the next reader begins a new history.
if redis.call('EXISTS', KEYS[1]) == 1 then
  local moment = redis.call('HINCRBY', KEYS[1], 'moment', 1)
  for i = 2, #ARGV do
    redis.call('HSET', KEYS[1], ARGV[i], moment)
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1
