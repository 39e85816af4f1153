-- Say that what lies here is complete. The mark lies beside the leases, so that what loses them loses it, too, and it holds for
-- this run of the server: one that starts anew may come back with what it had written down long ago.
redis.call('HSET', KEYS[1], 'complete', redis.call('INFO', 'server'):match('run_id:(%x+)'))
