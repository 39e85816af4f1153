"""What processes share through Redis: leases, rings, who is on a page. Never on an alarm's path; losing all of it loses nothing.

No personal data lies in it: names of partitions, workers and tenants, ids of alarms, operators as their credentials call them.
What a person's device last reported is not kept here either: nobody reads it but the owner, who has it in memory and in the
database, where the current belief about a position belongs.
"""

from alarmcore.adapters.redis_shared.bell import RedisBell
from alarmcore.adapters.redis_shared.leases import RedisLeases
from alarmcore.adapters.redis_shared.link import RedisLink, open_redis
from alarmcore.adapters.redis_shared.presence import RedisPresence

__all__ = ["RedisBell", "RedisLeases", "RedisLink", "RedisPresence", "open_redis"]
