-- Store "ends rest" under a field for some milliseconds, unless somebody with another name holds it still. 1: stored, 0: not.
-- ARGV: field, milliseconds, token, name.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held then
  local ends, _, name = held:match('^(%d+) (%d+) (.*)$')
  if tonumber(ends) > now and name ~= ARGV[4] then
    return 0
  end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s %s', now + ARGV[2], ARGV[3], ARGV[4]))
return 1
