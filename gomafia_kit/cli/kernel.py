"""The kernel of a notebook that runs headlessly: what it says outside its cells goes into a file.

A kernel inherits the terminal. What its libraries log while it ends (ipykernel now and then a traceback of a socket
that is closed already) would stand among the lines of `gomafia run` though nothing failed, and why it doesn't start
would be lost where nobody watches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_client.manager import AsyncKernelManager
from traitlets import Unicode

if TYPE_CHECKING:
    from pathlib import Path


class LoggedKernelManager(AsyncKernelManager):
    """Starts kernels whose standard output and error, but for what cells print, are appended to `log_path`."""

    log_path = Unicode(help="The file that the kernel's own words go to.").tag(config=True)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: object) -> None:
        with open(self.log_path, "ab") as log:  # noqa: ASYNC230, PTH123 - a local file; the kernel gets a copy of the descriptor
            await super()._async_launch_kernel(kernel_cmd, **options | {"stdout": log, "stderr": log})


def words_in(log: Path) -> str:
    """Where to read what a kernel said, for the end of a remedy; empty if it said nothing."""
    return f" What its kernel said: {log}" if log.is_file() and log.stat().st_size else ""


def drop_if_silent(log: Path) -> None:
    """Remove the file of a kernel that said nothing."""
    if not words_in(log):
        log.unlink(missing_ok=True)
