-- Remove a field if it is held under this name. ARGV: field, name.
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and held:match('^%d+ %d+ (.*)$') == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
