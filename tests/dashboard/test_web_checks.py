"""The operator's page has tests and type checks of its own; they are part of the suite."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import hatch_build

WEB = Path(hatch_build.__file__).parent / "dashboard" / "web"

WITHIN_S = 600
"""They take half a minute on a quiet machine."""


@pytest.mark.timeout(WITHIN_S + 60)
@pytest.mark.parametrize("script", ["check", "test"])
def test_the_pages_own_checks_pass(script: str, need: Any) -> None:
    need((WEB / "node_modules").is_dir(), "the page's packages (install the project once more to get them)")
    node, npm = hatch_build.node_and_npm()
    environment = os.environ | {"PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
    done = subprocess.run(
        [node, npm, "run", script], cwd=WEB, env=environment, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
