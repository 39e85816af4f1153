-- Whether any place shows this: 1 or 0. ARGV: the text to find.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
  if tonumber(value:match('^%d+')) > now and value:find(ARGV[1], 1, true) then
    return 1
  end
end
return 0
