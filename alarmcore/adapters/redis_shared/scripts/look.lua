-- What holds now of the leases and signs of life, as field, value, field, value ...; what has ended is removed meanwhile, and the
-- mark is there only if it was set in this run of the server.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = redis.call('INFO', 'server'):match('run_id:(%x+)')
local all = redis.call('HGETALL', KEYS[1])
local found = {}
for place = 1, #all, 2 do
  local field, value = all[place], all[place + 1]
  local ends = value:match('^(%d+) ')
  if ends and tonumber(ends) <= now then
    redis.call('HDEL', KEYS[1], field)
  elseif ends or value == run then
    found[#found + 1] = field
    found[#found + 1] = value
  end
end
return found
