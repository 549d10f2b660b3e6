"""Finds the batch size by trying: each size in a fresh process, in random order, several times.

    order -> Workbench: a scratch folder with the answers -> Trial, Trial ... -> advice: the size, and why

No site is ever asked: answers come from an archive, or from a site on this machine.
"""

from __future__ import annotations

from gomafia_kit.tuner.advice import Advice, Scenario, advice_of, scenarios_of
from gomafia_kit.tuner.keep import write_settings
from gomafia_kit.tuner.order import DEFAULT_SIZES, REPEATS, TRANSPORTS, Order, changed
from gomafia_kit.tuner.trial import Trial
from gomafia_kit.tuner.tuning import Tuning, tried
from gomafia_kit.tuner.workbench import Workbench

__all__ = [
    "DEFAULT_SIZES",
    "REPEATS",
    "TRANSPORTS",
    "Advice",
    "Order",
    "Scenario",
    "Trial",
    "Tuning",
    "Workbench",
    "advice_of",
    "changed",
    "scenarios_of",
    "tried",
    "write_settings",
]
