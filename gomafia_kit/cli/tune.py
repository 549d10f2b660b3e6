"""`gomafia tune`: which batch size is best on this machine, found by trying."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.cli.options import gathered, given, json_option, setting_option
from gomafia_kit.cli.signals import stopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.tuner import Tuning

_SETTINGS: Final = (
    *("source", "scale", "stages", "data_dir", "form", "memory_limit_mb", "pages_per_browser", "gc"),
    *("years", "tournament_ids", "since", "seed", "players_file"),
)
NOTHING_RECOMMENDED: Final = 1
"""Exit code where the trials show no size to take; the others' where something is wrong."""


def _some_settings(command: Any) -> Any:  # noqa: ANN401 - a decorator of click commands
    for name in reversed(_SETTINGS):
        command = setting_option(name)(command)
    return command


@click.command()
@click.option("--sizes", metavar="VALUE", help="Rows a batch to try, as 100,1000,automatic.")
@click.option("--repeats", type=int, default=3, show_default=True, help="How often each size is tried.")
@click.option(
    "--transport",
    type=click.Choice(["archive", "http", "chromium"]),
    default="archive",
    show_default=True,
    help="Where answers come from: the archive, or a site on this machine.",
)
@click.option("--order-seed", type=int, default=1, show_default=True, help="Decides the order of the trials.")
@click.option("--write", is_flag=True, help="Write what is recommended into the settings file.")
@_some_settings
@json_option
def tune(
    sizes: str | None, repeats: int, transport: str, order_seed: int, *, write: bool, as_json: bool, **options: object
) -> int:
    """Find the batch size for this machine by trying.

    Each size is tried in a fresh process, in random order, several times, on archived answers (of --data-dir,
    or of the demo league) or with the demo site; no other site is ever asked. Told are rows/s and peak
    memory, and the size to take with the reason. Without --stages: tournaments and games. Ends with 1 if no
    size can be recommended.
    """
    from gomafia_kit.tuner import Order, advice_of, tried

    order = Order.of(gathered(given(options)), sizes, repeats, transport, order_seed)
    wishes: list[str] = []

    def wish() -> bool:
        wishes.append("stop")
        return True

    with stopping(wish):
        tuning = tried(order, _teller(), lambda: bool(wishes), lambda words: click.echo(words, err=True))
    click.echo(json.dumps(_finite(_plain(tuning)), ensure_ascii=False, indent=2) if as_json else _told(tuning))
    if not advice_of(tuning).is_something:
        return NOTHING_RECOMMENDED
    if write:
        click.echo(_written(tuning), err=as_json)
    return 0


def _teller() -> Callable[[Tuning], None]:
    began = time.monotonic()

    def tell(tuning: Tuning) -> None:
        trial = tuning.trials[-1]
        ended = "" if trial.is_done else f", {trial.ended}"
        told = f"{trial.rate:,.0f} rows/s, peak {tuning.peak_mb(trial):.0f} MB{ended}"
        click.echo(f"{time.monotonic() - began:6.0f} s  {told}", err=True)

    return tell


def _written(tuning: Tuning) -> str:
    from gomafia_kit.widgets.tuning import TuningView, written_words

    return written_words(tuning, TuningView(tuning).write())


def _told(tuning: Tuning) -> str:
    from gomafia_kit.widgets.tuning import TuningView

    return repr(TuningView(tuning))


def _finite(value: Any) -> Any:  # noqa: ANN401 - whatever JSON may hold
    """The same with None for numbers that JSON has no word for: what too few trials bound has no end."""
    match value:
        case dict():
            return {name: _finite(part) for name, part in value.items()}
        case list() | tuple():
            return [_finite(part) for part in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _plain(tuning: Tuning) -> dict[str, Any]:
    from gomafia_kit.tuner import advice_of, scenarios_of

    return {
        "tried": tuning.order.words,
        "advice": asdict(advice_of(tuning)),
        "trials": [
            {**asdict(trial), "rows_a_second": trial.rate, "peak_mb": tuning.peak_mb(trial)} for trial in tuning.trials
        ],
        "memory": asdict(tuning.memory),
        "scenarios": [asdict(scenario) for scenario in scenarios_of(tuning)],
    }
