"""An installation of many processes on PostgreSQL: journals of partitions, leases, an inbox, claims, and books."""

from alarmcore.adapters.postgres_journal.books import PostgresBooks
from alarmcore.adapters.postgres_journal.claims import PostgresClaims
from alarmcore.adapters.postgres_journal.database import Durability, PostgresDatabase
from alarmcore.adapters.postgres_journal.inbox import PostgresInbox
from alarmcore.adapters.postgres_journal.journal import PostgresJournal
from alarmcore.adapters.postgres_journal.leases import PostgresLeases
from alarmcore.adapters.postgres_journal.migrate import applied, fit, migrate
from alarmcore.adapters.postgres_journal.partitions import PostgresPartitions

__all__ = [
    "Durability",
    "PostgresBooks",
    "PostgresClaims",
    "PostgresDatabase",
    "PostgresInbox",
    "PostgresJournal",
    "PostgresLeases",
    "PostgresPartitions",
    "applied",
    "fit",
    "migrate",
]
