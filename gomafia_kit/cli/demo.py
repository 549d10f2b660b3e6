"""`gomafia demo`: the demo site by itself, and its league beside the real one."""

from __future__ import annotations

import click

from gomafia_kit.settings import SCALES

_SIZES = "|".join(SCALES)
_seed = click.option("--seed", type=click.IntRange(0), default=1, help="Which league.  [default: 1]")


@click.group()
def demo() -> None:
    """The demo site, and its league beside the real one."""


@demo.command()
@click.option("--scale", metavar=_SIZES, default="tiny", help="Size of the league.  [default: tiny]")
@_seed
@click.option("--players", metavar="FILE", help="A CSV of real players to put on its pages.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free one.  [default: 0]")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="Answer an open question otherwise.")
def serve(scale: str, seed: int, players: str | None, port: int, switches: tuple[str, ...]) -> int:
    """Serve a league on this machine until Ctrl+C; the first line is the site's URL."""
    line = ["serve", *_league(scale, seed, players), "--port", str(port)]
    for switch in switches:
        line += ["--switch", switch]
    return _demo(scale, line)


@demo.command()
@click.option(
    "--scale", metavar=_SIZES, default="full", help="Size of the league: full is the real one's.  [default: full]"
)
@_seed
@click.option("--players", metavar="FILE", required=True, help="The real figures (CSV).")
def calibrate(scale: str, seed: int, players: str) -> int:
    """Print a league's figures beside those of real players."""
    return _demo(scale, ["calibrate", *_league(scale, seed, players)])


def _league(scale: str, seed: int, players: str | None) -> list[str]:
    return ["--scale", scale, "--seed", str(seed), *(["--players", players] if players else [])]


def _demo(scale: str, line: list[str]) -> int:
    from gomafia_kit.demo.__main__ import act
    from gomafia_kit.settings import Settings

    Settings.gather({"scale": scale}, environment={})  # the one check of scales, with the nearest right name
    return act(line)
