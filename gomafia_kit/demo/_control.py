"""The demo's own endpoints, under a path that the real site doesn't have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.demo._http import JSON, Reply
from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.demo._http import Request
    from gomafia_kit.demo._site import Site

PREFIX: Final = "/__demo__/"


def control(site: Site, request: Request) -> Reply:
    """Do what is asked; the answer is always JSON, {"error": ...} with 400 for nonsense."""
    act = _ACTS.get(request.path.removeprefix(PREFIX))
    if act is None:
        return _reply({"error": f"Choose one of {', '.join(_ACTS)}."}, 404)
    try:
        wanted = json.loads(request.body) if request.body else {}
        return _reply(act(site, wanted))
    except SettingsError as error:
        return _reply({"error": error.message, "remedy": error.remedy}, 400)
    except (ValueError, TypeError) as error:
        return _reply({"error": str(error), "remedy": "Send a JSON object."}, 400)


def _reply(value: object, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), JSON, status)


def _log(site: Site, wanted: dict[str, Any]) -> object:
    told = site.log.told(wanted.get("last"))
    if wanted.get("reset"):
        site.log.reset()
    return told


def _switches(site: Site, wanted: dict[str, Any]) -> object:
    site.league.switches = site.league.switches.with_values(wanted)
    return site.league.switches.as_values()


def _redeploy(site: Site, _: dict[str, Any]) -> object:
    site.redeploy()
    return {"build_id": site.build_id}


def _robots(site: Site, wanted: dict[str, Any]) -> object:
    site.robots = str(wanted["text"])
    return {}


def _fault(site: Site, wanted: dict[str, Any]) -> object:
    if wanted.get("clear"):
        site.faults.clear()
    else:
        site.faults.order(wanted)
    return {}


def _change(site: Site, wanted: dict[str, Any]) -> object:
    fields = {name: value for name, value in wanted.items() if name != "what"}
    return site.league.change(str(wanted.get("what")), **fields)


def _league(site: Site, _: dict[str, Any]) -> object:
    """All it takes to make the same league elsewhere."""
    roster = site.league.world.roster
    return {
        "scale": site.league.world.scale.name,
        "seed": site.league.world.seed,
        "players": roster.path if roster else None,
        "switches": site.league.switches.as_values(),
        "changes": [{"what": what, "fields": fields} for what, fields in site.league.changes],
        "build_id": site.build_id,
    }


_ACTS: Final[dict[str, Callable[[Site, dict[str, Any]], object]]] = {
    "log": _log,
    "switches": _switches,
    "redeploy": _redeploy,
    "robots": _robots,
    "fault": _fault,
    "change": _change,
    "league": _league,
}
