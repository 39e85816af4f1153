"""The journals' contract is found by its name, as in its own folder, also when only these tests are run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "alarmcore"))
