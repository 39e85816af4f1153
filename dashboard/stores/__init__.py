"""What the front door keeps beside the journal, in either database: credentials, site documents, the installation's secret."""

from dashboard.stores.ports import Stores
from dashboard.stores.sqlite import SqliteStores

__all__ = ["SqliteStores", "Stores"]
