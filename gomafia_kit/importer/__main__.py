"""`python -m gomafia_kit.importer`: the import's own process; it reads its order from standard input."""

from __future__ import annotations

import os
import sys

from gomafia_kit.importer.child import main

os.umask(0o077)
sys.exit(main())
