#!lua
-- Keeps an entry that was read from the database after `moment` of `history`, unless one of its tags
-- was invalidated since, or somebody who read later was faster. Refused by the server when its
-- memory is full (no allow-oom).
--
-- KEYS: entry, invalidations of its space, generation of the whole cache
-- ARGV: id of the server's run, history, moment, slots ("1,22"), absence (0, 1), lifetime in
-- milliseconds, bytes
-- Returns 1 when it is kept.
local life = redis.call('HMGET', KEYS[2], 'run', 'generation', 'history')
local generation = redis.call('GET', KEYS[3])
if life[1] ~= ARGV[1] or life[2] ~= generation or life[3] ~= ARGV[2] then
  return 0
end
local read_at = tonumber(ARGV[3])
local slots = {}
for slot in string.gmatch(ARGV[4], '%d+') do
  slots[#slots + 1] = slot
end
if #slots > 0 then
  for _, invalidated in ipairs(redis.call('HMGET', KEYS[2], unpack(slots))) do
    if invalidated and tonumber(invalidated) > read_at then
      return 0
    end
  end
end
local there = redis.call('HMGET', KEYS[1], 'history', 'moment')
if there[1] == ARGV[2] and tonumber(there[2]) > read_at then
  return 0
end
redis.call('HSET', KEYS[1], 'history', ARGV[2], 'moment', ARGV[3], 'slots', ARGV[4], 'absence',
           ARGV[5], 'bytes', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
