"""Asks what a probe asks for, politely, and keeps the answers as fixtures that a person can send in."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import FetchError, SiteUnreachableError
from gomafia_kit.fetch.manners import patiently
from gomafia_kit.fetch.robots import Robots
from gomafia_kit.probe import checks_api, checks_pages
from gomafia_kit.probe.findings import CHECKS
from gomafia_kit.probe.seen import Seen
from gomafia_kit.probe.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gomafia_kit.fetch.manners import Gate
    from gomafia_kit.fetch.source import Fetcher
    from gomafia_kit.probe.findings import Finding
    from gomafia_kit.probe.steps import Step
    from gomafia_kit.site import Answer, Ask

_ENDINGS: Final = {"api": "json", "page": "html", "text": "txt"}
_MODULES: Final = (checks_api, checks_pages)
"""Where checks stand: importing them puts them on the list."""
_README: Final = """\
# What a probe saw of {source}

Made by `gomafia probe` on {day} (gomafia-kit {version}). Each file is an answer of the site as it came;
`asks.json` says to which ask, and which ones had none; `findings.json` says what was concluded.

Send the whole folder in if something is "different": from it the parsers and the contract can be mended without
asking the site again.

Please look before you send: the answers hold what the site shows of people: nicknames, cities, clubs, results; the
statistics hold first and last names, the day of registration and the id in a social network of the two players that
were asked about. There are no passwords, cookies or addresses in it, and nothing of your own but the contact that you
gave, which isn't in the answers.
"""


class Probe:
    """One contact: `tell` gets a line for each ask before it is made."""

    def __init__(self, fetcher: Fetcher, gate: Gate, tell: Callable[[str], None]) -> None:
        self._fetcher = fetcher
        self._gate = gate
        self._tell = tell
        self._robots = Robots(None)
        self.seen = Seen()
        self.asks: dict[str, Ask] = {}
        self.requests = 0

    def ask(self, steps: Sequence[Step] = STEPS) -> Seen:
        """What the site gives to each step; SiteUnreachableError if it can't be reached at all."""
        for step in steps:
            ask = step.ask(self.seen)
            if ask is None:
                self._tell(f"- {step.what}: nothing to ask.")
                continue
            self._tell(f"- {step.what}: {ask.key}")
            self.asks[step.name] = ask
            self._step(step.name, ask)
        return self.seen

    def _step(self, name: str, ask: Ask) -> None:
        try:
            self._robots.check(ask)
            answer = patiently(lambda: self._fetched(name, ask), self._gate, self._tell)
        except SiteUnreachableError:
            if not self.seen.answers:
                raise  # nobody is there: no need to ask for the rest
            self.seen.refused[name] = SiteUnreachableError("It couldn't be reached any more.")
            return
        except FetchError as error:
            self._tell(f"  {error.message}")
            self.seen.refused[name] = error
            return
        self.seen.answers[name] = answer
        if name == "robots":
            self._obey(answer)

    def _fetched(self, name: str, ask: Ask) -> Answer:
        def another() -> None:
            self._gate.answered()
            self._gate.wait()
            self.requests += 1
            self.seen.redirected.add(name)

        self.requests += 1
        return self._fetcher.fetch(ask, another)

    def _obey(self, answer: Answer) -> None:
        text = answer.body.decode("utf-8", "replace") if answer.status == 200 else None  # noqa: PLR2004 - HTTP's OK
        self._robots = Robots(text)
        self._gate.slow_down(self._robots.crawl_delay or 0.0)


def findings(seen: Seen) -> list[Finding]:
    """What each check finds, in the order of the contract."""
    return sorted((check.finding(seen) for check in CHECKS), key=lambda found: found.section)


def keep(probe: Probe, found: Sequence[Finding], folder: Path, source: str, day: str, version: str) -> None:
    """Write answers, asks and findings into a folder, with a README for the person who sends it in."""
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for place, (name, ask) in enumerate(probe.asks.items(), 1):
        answer = probe.seen.answers.get(name)
        file = f"{place:02d}-{name.replace(', ', '-').replace(' ', '-')}.{_ENDINGS[ask.form]}"
        if answer is not None:
            (folder / file).write_bytes(answer.body)
        told.append(
            {
                "step": name,
                "ask": ask.key,
                "file": file if answer is not None else None,
                "status": answer.status if answer is not None else None,
                "fetched_at": answer.fetched_at.isoformat() if answer is not None else None,
                "redirected": name in probe.seen.redirected,
                "refused": str(probe.seen.refused[name]) if name in probe.seen.refused else None,
            }
        )
    _write_json(folder / "asks.json", told)
    _write_json(folder / "findings.json", [asdict(each) for each in found])
    (folder / "README.md").write_text(_README.format(source=source, day=day, version=version), encoding="utf-8")


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
