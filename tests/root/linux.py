"""Another Linux, as a process of this one: with control groups of version 2, and with systemd.

User-mode Linux is a kernel of its own that reads this machine's files and writes none: whatever a script leaves must
lie in /run, which is in its memory. It needs no virtualisation.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.root.packages import PATH, needed

if TYPE_CHECKING:
    from pathlib import Path

MEMORY = "1600M"
SECONDS = 300

# systemd brings up the loopback device by itself.
INIT = """#!/bin/sh
export PATH={path}
mount -t proc none /proc
mount -t sysfs none /sys
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
mkdir -p /run/systemd/system
cat > /run/systemd/system/script.service <<END
[Unit]
DefaultDependencies=no
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/tty0
Environment=PATH={path} HOME=/run TMPDIR=/run LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
ExecStart=/bin/sh {script}
END
exec {systemd} --unit=script.service --show-status=false
"""


def run_in_linux(script: str, folder: Path) -> str:
    """What a shell script prints, among what the kernel does, that is run by systemd; `folder` takes a few files."""
    kernel = needed("user-mode-linux", "linux.uml")
    systemd = needed("systemd", "/lib/systemd/systemd")
    init, told = folder / "init.sh", folder / "script.sh"
    told.write_text(script)
    init.write_text(INIT.format(path=PATH, script=told, systemd=systemd))
    init.chmod(0o755)
    files = ("root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={init}")
    done = subprocess.run(
        [kernel, *files, f"mem={MEMORY}", "con=null", "con0=fd:0,fd:1", "quiet"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={"HOME": str(folder), "TMPDIR": str(folder), "PATH": PATH},
    )
    return done.stdout + done.stderr
