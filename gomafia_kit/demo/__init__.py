"""A made-up league and a local site that tells it as gomafia.pro would.

`start` runs the site; `League` is the truth to compare an import with. Nothing of the rest of the
package is used here but its errors, so that the site can't share a parser's mistakes.
"""

from __future__ import annotations

from gomafia_kit.demo._scales import SCALES
from gomafia_kit.demo.league import League
from gomafia_kit.demo.process import DemoSite, command, start
from gomafia_kit.demo.switches import Switches

__all__ = ["SCALES", "DemoSite", "League", "Switches", "command", "start"]
