"""`python -m gomafia_kit.cli` is `gomafia`."""

from __future__ import annotations

import sys

from gomafia_kit.cli import main

if __name__ == "__main__":
    sys.exit(main())
