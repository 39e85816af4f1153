"""The tools that judge what is shipped in deploy/, each where this machine has it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
RUN_WITHIN_S: Final = 60.0


def program(name: str) -> str | None:
    """Beside this Python (those that pip installed), on the path, or where only root looks."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, given: str = "") -> str:
    """What a command says; it must end well."""
    done = attempt(*command, cwd=cwd, env=env, given=given)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def attempt(
    *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """A command, however it ends."""
    return subprocess.run(
        command, cwd=cwd, env=env, input=given, capture_output=True, text=True, timeout=RUN_WITHIN_S, check=False
    )


def certificates(folder: Path, *names: str) -> None:
    """An authority and certificates, by the script that is shipped."""
    run("sh", DEPLOY / "certificates.sh", folder, *names)
