"""Programs of the system that some tests need: installed where they are missing, since a test isn't skipped."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def needed(package: str, program: str) -> str:
    """The path of a program (or of another file of that path), for which its Debian package is installed."""
    if not _found(program):
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", package]):
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                env={"DEBIAN_FRONTEND": "noninteractive", "PATH": PATH},
            )
            assert done.returncode == 0, done.stdout + done.stderr
    found = _found(program)
    assert found, f"{package} has no {program}"
    return found


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _found(program: str) -> str:
    if "/" not in program:
        return shutil.which(program, path=PATH) or ""
    return next((str(path) for path in sorted(Path("/").glob(program.lstrip("/")))), "")
