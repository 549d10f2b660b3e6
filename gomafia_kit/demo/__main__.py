"""`python -m gomafia_kit.demo`: serve the demo site, or compare its league with the real one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gomafia_kit.demo._calibrate import as_table, comparison
from gomafia_kit.demo._players_file import read_roster
from gomafia_kit.demo._scales import SCALES
from gomafia_kit.demo.league import League
from gomafia_kit.demo.switches import Switches
from gomafia_kit.errors import GomafiaError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    try:
        return act(arguments)
    except GomafiaError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def act(arguments: Sequence[str] | None = None) -> int:
    """The same; raises the error instead of telling it."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.act(options) or 0)
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gomafia_kit.demo", description=__doc__)
    acts = parser.add_subparsers(required=True)
    serving = acts.add_parser("serve", help="serve a league on 127.0.0.1; prints the URL first")
    _add_league(serving)
    serving.add_argument("--port", type=int, default=0, help="0: any free one")
    serving.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE")
    serving.add_argument("--until-stdin-closes", action="store_true", help="end with the parent process")
    serving.set_defaults(act=_serve)
    comparing = acts.add_parser("calibrate", help="print a league's figures beside those of a players file")
    comparing.add_argument("--scale", choices=tuple(SCALES), default="full")
    comparing.add_argument("--seed", type=int, default=1)
    comparing.add_argument("--players", metavar="FILE", required=True, help="the real figures (CSV)")
    comparing.set_defaults(act=_calibrate)
    return parser


def _add_league(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scale", default="tiny", help=f"{', '.join(SCALES)}, or such as '500 players, 3000 games'")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--players", metavar="FILE", help="real players and their figures (CSV)")


def _serve(options: argparse.Namespace) -> None:
    from gomafia_kit.demo._serve import serve

    switches = Switches().with_texts(options.switch)
    league = League(options.scale, options.seed, options.players, switches)
    serve(league, options.port, until_stdin_closes=options.until_stdin_closes)


def _calibrate(options: argparse.Namespace) -> None:
    lines = comparison(League(options.scale, options.seed), read_roster(Path(options.players)))
    sys.stdout.write(f"{as_table(lines, options.scale)}\n")


if __name__ == "__main__":
    sys.exit(main())
