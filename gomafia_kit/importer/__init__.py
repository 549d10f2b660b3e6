"""The import as a process of its own: `start` gives a handle at once, the child does the work.

So the analyst's own data doesn't count into the budget, the kernel may restart, and memory goes
back to the system when the import ends. The handle only reads and writes the run store.
"""

from __future__ import annotations

from gomafia_kit.importer.handle import ImportHandle, run_here, start
from gomafia_kit.importer.lock import working_alone

__all__ = ["ImportHandle", "run_here", "start", "working_alone"]
