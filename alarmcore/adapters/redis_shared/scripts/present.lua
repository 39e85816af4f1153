-- What each place has said last, if that has not ended.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
  local ends, said = value:match('^(%d+) (.*)$')
  if tonumber(ends) > now then
    found[#found + 1] = said
  end
end
return found
