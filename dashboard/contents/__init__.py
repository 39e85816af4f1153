"""Everything an installation keeps, as rows: out of either database, into either, and into an archive.

One form for all three, so that a backup of one database can be restored into the other, and moving is the same as both at once.
"""

from dashboard.contents.pouring import Contents, Progress, Target, pour
from dashboard.contents.tables import TABLES, Row, Table

__all__ = ["TABLES", "Contents", "Progress", "Row", "Table", "Target", "pour"]
