-- What a place has open, for some milliseconds. KEYS: screens, operators. ARGV: place, milliseconds, alarms, operators.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(KEYS) do
  local all = redis.call('HGETALL', key)
  for place = 1, #all, 2 do
    if tonumber(all[place + 1]:match('^%d+')) <= now then
      redis.call('HDEL', key, all[place])
    end
  end
end
local ends = string.format('%.0f ', now + ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1], ends .. ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ends .. ARGV[4])
