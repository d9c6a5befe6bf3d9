#!lua flags=allow-oom
-- Reads an entry, unless one of its tags was invalidated after it was read from the database.
--
-- KEYS: entry, invalidations of its space, generation of the whole cache
-- ARGV: id of the server's run, a random name, lifetime of the hash in milliseconds
-- Returns {bytes or nil, absence, milliseconds left, slots, history, moment}.
--
-- The invalidations of a space are a hash: `run`, `generation` and `history` name the life it
-- belongs to, `moment` counts, and each other field is a slot with the moment of its last
-- invalidation. Wherever any of that is lost (evicted, another server, a flush), a new history
-- begins, and entries of another history are not there.
local generation = redis.call('GET', KEYS[3])
if not generation then
  generation = ARGV[2]
  redis.call('SET', KEYS[3], generation)
end
local life = redis.call('HMGET', KEYS[2], 'run', 'generation', 'history', 'moment')
if life[1] ~= ARGV[1] or life[2] ~= generation then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'run', ARGV[1], 'generation', generation, 'history', ARGV[2],
             'moment', '0')
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  return {false, 0, 0, '', ARGV[2], '0'}
end
local history, moment = life[3], life[4]
local entry = redis.call('HMGET', KEYS[1], 'history', 'moment', 'slots', 'absence', 'bytes')
if entry[1] ~= history then
  return {false, 0, 0, '', history, moment}
end
local slots = {}
for slot in string.gmatch(entry[3], '%d+') do
  slots[#slots + 1] = slot
end
if #slots > 0 then
  local read_at = tonumber(entry[2])
  for _, invalidated in ipairs(redis.call('HMGET', KEYS[2], unpack(slots))) do
    if invalidated and tonumber(invalidated) > read_at then
      return {false, 0, 0, '', history, moment}
    end
  end
end
return {entry[5], tonumber(entry[4]), redis.call('PTTL', KEYS[1]), entry[3], history, moment}
