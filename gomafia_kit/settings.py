"""All settings of an import, checked in one place whatever they come from.

A parameter (notebook, command line, call) wins over the environment (`GOMAFIA_<NAME>`), which wins
over the settings file (`settings.toml` in the folder of data folders, or where `GOMAFIA_SETTINGS`
points), which wins over the default. Passwords are no settings: the database's address is read from
the environment where it is used, and is never written down.
"""

from __future__ import annotations

import csv
import hashlib
import ipaddress
import math
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gomafia_kit.errors import SettingsError, did_you_mean
from gomafia_kit.site import FIRST_YEAR, REGIONS, SITE_URL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STAGES: Final = ("clubs", "players", "judges", "tournaments", "games", "statistics", "push")
SCALES: Final = ("tiny", "small", "full", "x10")
DEFAULT_SEED: Final = 1
POLITE_SECONDS: Final = 2.0
LEAST_SECONDS: Final = 1.0
OTHER_VARIABLES: Final = tuple(
    f"GOMAFIA_{name}" for name in ("ALERT", "CHROMIUM", "HEADLESS", "HOME", "POSTGRES_URL", "SETTINGS")
)
"""What else the environment may name; each is read where it is used."""
_PLAYERS_COLUMNS: Final = ("player_id", "name", "region", "year")
_SECRET_WORDS: Final = ("password", "passwd", "secret", "token", "dsn", "postgres_url", "database_url")


@dataclass(frozen=True, slots=True)
class _Spec:
    """How a setting is read and what people are told about it."""

    read: Callable[[str, object], Any]
    help: str


def _wrong(name: str, value: object, expected: str) -> SettingsError:
    return SettingsError(f"{name}: {value!r} is not {expected}.", f"Give {name} {expected}.")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, "a text")
    return value.strip()


def _path(name: str, value: object) -> str:
    found = os.fspath(value) if isinstance(value, os.PathLike) else value
    return _text(name, found)


def _contact(name: str, value: object) -> str:
    text = _text(name, value)
    if not (text.isascii() and text.isprintable()):
        raise _wrong(name, value, "an e-mail or web address in Latin letters (it stands in a header of HTTP)")
    return text


def _bool(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise _wrong(name, value, "true or false")


def number(name: str, value: object) -> float:
    """The value, or what its text says, as a finite number; SettingsError names it if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(name, value, "a number")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise _wrong(name, value, "a number") from None
    if not math.isfinite(found):
        raise _wrong(name, value, "a finite number")
    return found


def whole(name: str, value: object) -> int:
    """The same for whole numbers."""
    found = number(name, value)
    if not found.is_integer():
        raise _wrong(name, value, "a whole number")
    return int(found)


def _maybe(read: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    return lambda name, value: None if value is None or value == "" else read(name, value)


def at_least(least: float, read: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    """Reads a value as `read` does; SettingsError if it is less."""

    def check(name: str, value: object) -> Any:  # noqa: ANN401 - whatever `read` gives
        found = read(name, value)
        if found < least:
            raise _wrong(name, value, f"{least} or more")
        return found

    return check


def between(name: str, value: object, least: int, most: int) -> int:
    """The value as a whole number; SettingsError if it isn't one from `least` to `most`."""
    found = whole(name, value)
    if not least <= found <= most:
        raise SettingsError(f"{name}: {found} is out of range.", f"Give {name} from {least} to {most}.")
    return found


def one_of(*choices: str) -> Callable[[str, object], str]:
    """Reads a value that is one of these words; SettingsError names the nearest right one if not."""

    def check(name: str, value: object) -> str:
        text = _text(name, value)
        if text not in choices:
            raise SettingsError(f"{name}: {value!r} is none of {', '.join(choices)}.{did_you_mean(text, choices)}")
        return text

    return check


def items(value: object) -> list[object]:
    """What a list holds, given as such or as a text with commas; anything else is one item."""
    if isinstance(value, str):
        return [item.strip() for item in value.strip("[]() ").split(",") if item.strip()]
    return list(value) if isinstance(value, Iterable) else [value]


def _stages(name: str, value: object) -> tuple[str, ...]:
    read = one_of(*STAGES)
    asked = {read(name, item.strip("'\" ") if isinstance(item, str) else item) for item in items(value)}
    if not asked:
        raise SettingsError(f"{name}: no stage is given.", f"Choose from {', '.join(STAGES)}.")
    return tuple(stage for stage in STAGES if stage in asked)


def _years(name: str, value: object) -> tuple[int, ...]:
    years: set[int] = set()
    for item in items(value):
        span = re.fullmatch(r"(\d{4})\s*-\s*(\d{4})", item) if isinstance(item, str) else None
        years.update(range(int(span[1]), int(span[2]) + 1) if span else [whole(name, item)])
    latest = datetime.now(UTC).year + 1
    for year in sorted(years):
        if not FIRST_YEAR <= year <= latest:
            raise SettingsError(
                f"{name}: {year} is not a season of the site.", f"Seasons are {FIRST_YEAR} to {latest}."
            )
    if not years:
        raise SettingsError(f"{name}: {value!r} holds no year.", "Give years as 2023, 2023,2024 or 2019-2025.")
    return tuple(sorted(years))


def _ids(name: str, value: object) -> tuple[int, ...]:
    found = {at_least(1, whole)(name, item) for item in items(value)}
    if not found:
        raise SettingsError(f"{name}: {value!r} holds no number.", "Give numbers as 2349,2350.")
    return tuple(sorted(found))


def _day(name: str, value: object) -> str:
    text = _text(name, value)
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise _wrong(name, value, "a day as 2024-01-31") from None


def _region(name: str, value: object) -> str:
    text = _text(name, value)
    return one_of(*REGIONS)(name, text) if text else ""


def _source(name: str, value: object) -> str:
    text = _text(name, value).rstrip("/")
    if text in {"demo", "site"}:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _wrong(name, value, "a sound address") from None
    if parts.username or parts.password:
        raise SettingsError(
            f"{name} holds a user or a password.", "Give the address without it: settings are written down."
        )
    if parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment:
        try:
            _ = parts.port
        except ValueError:
            raise _wrong(name, value, "an address with a sound port") from None
        return text
    raise SettingsError(
        f"{name}: {value!r} is no source.{did_you_mean(text, ('demo', 'site'))}",
        f"Give demo, site (that is {SITE_URL}), or a base URL as http://127.0.0.1:8000.",
    )


def _setting(default: Any, read: Callable[[str, object], Any], text: str) -> Any:  # noqa: ANN401 - as dataclasses.field
    return field(default=default, metadata={"spec": _Spec(read, text)})


def is_loopback(url: str) -> bool:
    """True if the host of `url` is this very machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def pace_of(source: str, seconds: float | None) -> float:
    """Seconds from one ask to the next at that source; `seconds` None is automatic."""
    if seconds is not None:
        return seconds
    return 0.0 if source == "demo" or is_loopback(source) else POLITE_SECONDS


def project_dir() -> Path:
    """The project's checkout, or where none is (an installed package), the working folder.

    `GOMAFIA_HOME` names another one.
    """
    if home := os.environ.get("GOMAFIA_HOME"):
        return Path(home).expanduser().resolve()
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def data_folder(path: str | Path) -> Path:
    """The data folder that a path means, absolute, whether it is there or is yet to be made.

    A relative path is taken from the working folder if it is there, else from the project's folder if it is there.
    One that is nowhere yet lies in the working folder; but a notebook in the project's `notebooks`, whose kernel
    works there, means the same folder as a command that is given in the project's: one in that. Raises SettingsError
    for what is no path, as a run's number.
    """
    no_path = SettingsError(
        f"data_dir: {path!r} is no path of a folder.",
        "Give one, as data/demo-tiny; a run's number stands beside it: gk.attach(data_dir, number).",
    )
    try:
        path = Path(path).expanduser()
    except (TypeError, RuntimeError):
        raise no_path from None
    if "\0" in str(path):
        raise no_path
    if path.is_absolute() or os.path.exists(path):  # noqa: PTH110 - Path's own raises for a name that can't be
        return path.absolute()
    of_project = project_dir() / path
    is_meant = os.path.exists(of_project) or Path.cwd().is_relative_to(project_dir() / "notebooks")  # noqa: PTH110 - so
    return of_project if is_meant else path.absolute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an import can be told; each value was checked. Make one by `Settings.gather`."""

    source: str = _setting("demo", _source, "demo, site, or the base URL of anything that speaks like it")
    scale: str = _setting("tiny", one_of(*SCALES), "size of the demo league: tiny, small, full, x10")
    stages: tuple[str, ...] = _setting(STAGES, _stages, f"which of {', '.join(STAGES)}")
    staging: str = _setting("duckdb", one_of("duckdb", "parquet"), "what to publish: duckdb or parquet")
    data_dir: str = _setting("", _path, "data folder; empty: data/<source> of the project")
    via: str = _setting("auto", one_of("auto", "http", "chromium"), "who fetches: auto, http, chromium")
    form: str = _setting("auto", one_of("auto", "api", "page_data", "dom"), "what is read: auto, api, page_data, dom")
    batch_rows: int | None = _setting(None, _maybe(at_least(1, whole)), "rows a batch; none: automatic")
    seconds_between_asks: float | None = _setting(
        None, _maybe(at_least(0, number)), "pace; none: 2 s, and no pause on loopback"
    )
    years: tuple[int, ...] | None = _setting(None, _maybe(_years), "seasons, as 2023,2024; none: all")
    tournament_ids: tuple[int, ...] | None = _setting(None, _maybe(_ids), "games of these tournaments only; none: all")
    since: str = _setting("", _day, "games of tournaments from this day on, as 2024-01-31; empty: all")
    club_id: int | None = _setting(
        None, _maybe(at_least(1, whole)), "members, figures and games of this club only; none: all"
    )
    region: str = _setting("", _region, "players of this region only, as central or volga_region; empty: all")
    official_years: bool = _setting(False, _bool, "also each player's official figures: 1 ask a player and year")
    presidents: bool = _setting(False, _bool, "also each club's president: 1 page a club")
    participants: bool = _setting(
        False, _bool, "also how many take part in each tournament and who runs it: 1 page a tournament"
    )
    history: bool = _setting(False, _bool, "also each player's tournaments with prize money: pages of each player")
    personal: bool = _setting(False, _bool, "also first and last names, social network accounts, judges' real names")
    update: bool = _setting(False, _bool, "bring up to date: lists, and tournaments that are new, open or changed")
    refresh: bool = _setting(False, _bool, "ask again for what the archive holds already; push every table")
    retry: bool = _setting(False, _bool, "ask only for what failed before: the list of failures")
    offline: bool = _setting(False, _bool, "ask nothing: read the archive only")
    memory_limit_mb: int | None = _setting(
        None, _maybe(at_least(64, whole)), "memory of the importer; none: the cgroup's or machine's"
    )
    longest_outage_minutes: float = _setting(
        180.0, at_least(0, number), "how long an import waits for a site that is down before it ends"
    )
    longest_minutes: float | None = _setting(
        None, _maybe(at_least(0.01, number)), "end, as by a stop, after so many minutes; none: when all is done"
    )
    stall_minutes: float = _setting(15.0, at_least(0.01, number), "say so when nothing has happened for so long")
    pages_per_browser: int | None = _setting(
        None, _maybe(at_least(1, whole)), "pages of one Chromium; none: 250, or fewer if it grows"
    )
    gc: str = _setting("auto", one_of("auto", "never", "batch"), "when Python collects garbage: auto, never, batch")
    contact: str = _setting("", _contact, "how the site's admins reach you: stands in the User-Agent")
    postgres_schema: str = _setting("gomafia", _text, "schema of the pushed tables")
    seed: int = _setting(DEFAULT_SEED, at_least(0, whole), "demo only: which league")
    players_file: str = _setting("", _path, "demo only: a CSV of real players to put on its pages")
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Every setting's name."""
        return tuple(item.name for item in fields(cls) if item.name != "origins")

    @classmethod
    def help(cls, name: str) -> str:
        """One line about a setting."""
        return _SPECS[name].help

    @classmethod
    def gather(
        cls,
        parameters: Mapping[str, object],
        *,
        given: frozenset[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settings from parameters, environment and file; SettingsError names what is wrong and the nearest name.

        A parameter that equals the default counts as not given, unless its name is in `given`.
        """
        refuse_unknown(parameters)
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for origin, found in (
            ("file", _from_file(environment)),
            ("environment", _from_environment(environment)),
            ("parameter", _as_given(parameters, given)),
        ):
            values |= found
            origins |= dict.fromkeys(found, origin)
        all_origins = {name: origins.get(name, "automatic") for name in cls.names()}
        return cls(**values, origins=MappingProxyType(all_origins)).checked()

    def checked(self) -> Settings:
        """Itself, if its values go together."""
        self._check_pace()
        self._check_roads()
        if not re.fullmatch(r"(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}", self.postgres_schema):
            raise _wrong("postgres_schema", self.postgres_schema, "a plain lower-case name, none of PostgreSQL's own")
        players_file = str(self._checked_players_file()) if self.players_file else ""
        return replace(self, players_file=players_file, data_dir=str(self.folder))

    def _checked_players_file(self) -> Path:
        """Where the file is, if its first line looks like one of players; the demo site reads the others."""
        if self.source != "demo":
            raise SettingsError("players_file goes with source=demo only.", "Leave it out, or set source=demo.")
        path = Path(self.players_file).expanduser().absolute()
        try:
            with path.open(encoding="utf-8", newline="") as file:
                names = next(csv.reader(file), [])
        except OSError as error:
            raise SettingsError(
                f"players_file: {path} can't be read: {error.strerror}.", "Give the path of a CSV file."
            ) from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise SettingsError(f"players_file: {path} can't be read: {error}.", "Give a CSV file in UTF-8.") from None
        if missing := [name for name in _PLAYERS_COLUMNS if name not in names]:
            raise SettingsError(
                f"players_file: {path} is no CSV of players: its first line has no column {', '.join(missing)}.",
                "Give the path of a CSV file of players.",
            )
        return path

    def _check_pace(self) -> None:
        seconds = self.seconds_between_asks
        if seconds is not None and seconds < LEAST_SECONDS and not self.is_local:
            raise SettingsError(
                f"seconds_between_asks: {seconds:g} is too quick for {self.base_url}.",
                f"Off this machine it is {LEAST_SECONDS:g} at least; {POLITE_SECONDS:g} is polite.",
            )

    def _check_roads(self) -> None:
        if self.refresh and self.offline:
            raise SettingsError("refresh asks the site again, offline asks nothing.", "Choose one of them.")
        if self.retry and self.offline:
            raise SettingsError("retry asks the site, offline asks nothing.", "Choose one of them.")
        if self.update and self.offline:
            raise SettingsError("update asks the site, offline asks nothing.", "Choose one of them.")
        if self.region and self.club_id is not None:
            raise SettingsError("region and club_id both choose players.", "Give one of them.")

    @property
    def is_local(self) -> bool:
        """True if the source is on this very machine."""
        return self.source == "demo" or is_loopback(self.base_url)

    @property
    def base_url(self) -> str:
        """Address of the source; of a demo site it is known only once that runs (then ``)."""
        return {"demo": "", "site": SITE_URL}.get(self.source, self.source)

    @property
    def pace(self) -> float:
        """Seconds from one ask to the next, at least."""
        return pace_of(self.source, self.seconds_between_asks)

    @property
    def league(self) -> str:
        """Which league this is: a data folder and a PostgreSQL schema hold one.

        The port of a site on this machine is left out: it changes from start to start.
        """
        if self.source == "demo":
            name = f"demo-{self.scale}"
            if self.seed != DEFAULT_SEED:
                name += f"-seed{self.seed}"
            if self.players_file:
                name += "-players-" + _digest(Path(self.players_file).expanduser())
            return name
        parts = urlsplit(self.base_url)
        port = "" if self.is_local or parts.port is None else f":{parts.port}"
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"

    def source_facts(self) -> dict[str, Any]:
        """The settings that say which league this is."""
        return {name: getattr(self, name) for name in ("source", "scale", "seed", "players_file")}

    @property
    def folder(self) -> Path:
        """The data folder, absolute."""
        if self.data_dir:
            return data_folder(self.data_dir)
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self.league.split("://")[-1])
        return project_dir() / "data" / name

    def as_parameters(self) -> dict[str, Any]:
        """Plain values (JSON), from which `gather` makes the same settings in another process."""
        plain = {name: getattr(self, name) for name in self.names()}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    def described(self) -> dict[str, dict[str, Any]]:
        """Each setting's value and where it came from, for the receipt."""
        return {
            name: {"value": value, "from": self.origins.get(name, "automatic")}
            for name, value in self.as_parameters().items()
        }


_SPECS: Final[dict[str, _Spec]] = {
    item.name: item.metadata["spec"] for item in fields(Settings) if item.name != "origins"
}


def refuse_unknown(names: Mapping[str, object]) -> None:
    """Nothing, if every name is a setting; else SettingsError with the nearest right name."""
    for name in names:
        if name in _SPECS:
            continue
        refuse_secret(name)
        raise SettingsError(
            f"{name} is no parameter.{did_you_mean(name, tuple(_SPECS))}", f"There are: {', '.join(_SPECS)}."
        )


def refuse_secret(name: str, *, is_written: bool = False) -> None:
    """Nothing, unless the name is one of a secret: then SettingsError says where secrets belong.

    `is_written`: it stands in a notebook already, as papermill has put it there.
    """
    if any(word in name.lower() for word in _SECRET_WORDS):
        wrong = "it stands in this notebook now" if is_written else "secrets would be written into the notebook"
        delete = "Delete this copy of the notebook, and change what was secret. " if is_written else ""
        raise SettingsError(
            f"{name} is no parameter: {wrong}.", f"{delete}Set GOMAFIA_POSTGRES_URL, PGSERVICE or a pass file instead."
        )


def _as_given(parameters: Mapping[str, object], given: frozenset[str] | None) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in parameters.items():
        spec = _SPECS[name]
        default = getattr(_DEFAULTS, name)
        told = given is not None and name in given
        if told or value is None or spec.read(name, value) != default:
            if value is None and default is not None:
                raise _wrong(name, value, "given")
            if value is not None or told:
                found[name] = spec.read(name, value)
    return found


_DEFAULTS: Final = Settings()


def demo_settings(parameters: Mapping[str, object]) -> Settings:
    """The settings of a notebook's own demo: the tiny demo league, but for the parameters.

    Environment and settings file say nothing here but where PostgreSQL's tables go: by any other name they could
    make the demo another league, or ask a site for it that nobody meant to be asked.
    """
    refuse_unknown(parameters)
    told = {name: _SPECS[name].read(name, value) for name, value in parameters.items()}
    values = {"postgres_schema": Settings.gather({}).postgres_schema, **told}
    origins = MappingProxyType({name: "parameter" if name in told else "automatic" for name in Settings.names()})
    return replace(_DEFAULTS, **values, origins=origins).checked()


def one_settings(settings: Settings | None, parameters: Mapping[str, object]) -> Settings:
    """The settings given as such, or made of parameters; SettingsError if it is both, or no settings at all."""
    if settings is None:
        return Settings.gather(parameters)
    require_settings(settings)
    if parameters:
        raise SettingsError(
            f"Settings and parameters ({', '.join(parameters)}) are given both.",
            "Give the settings alone, or every parameter by name.",
        )
    return settings


def require_settings(settings: object) -> None:
    """Nothing, if these are settings; else SettingsError."""
    if not isinstance(settings, Settings):
        raise SettingsError(
            f"settings: {settings!r} are no settings.",
            "Give parameters by name, as source='demo', or what gk.check_parameters gives.",
        )


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """The settings that `GOMAFIA_<NAME>` gives; SettingsError for a name that nothing reads."""
    names = {f"GOMAFIA_{name.upper()}": name for name in _SPECS}
    for variable in environment:
        if variable.startswith("GOMAFIA_") and variable not in {*names, *OTHER_VARIABLES}:
            known = (*names, *OTHER_VARIABLES)
            raise SettingsError(
                f"The environment: {variable} is no setting.{did_you_mean(variable, known)}",
                f"Unset it. There are: {', '.join(known)}.",
            )
    given = {name: environment[variable] for variable, name in names.items() if variable in environment}
    return {name: _read(name, value, f"The environment (GOMAFIA_{name.upper()})") for name, value in given.items()}


def _read(name: str, value: object, place: str) -> object:
    """A setting's value; what is wrong with it is told with the place where it stands."""
    try:
        return _SPECS[name].read(name, value)
    except SettingsError as error:
        raise SettingsError(f"{place}: {error.message}", error.remedy) from None


def settings_file(environment: Mapping[str, str] | None = None) -> Path:
    """Where the settings file is, or would be: the one that `GOMAFIA_SETTINGS` names, else the project's."""
    told = (os.environ if environment is None else environment).get("GOMAFIA_SETTINGS")
    return Path(told).expanduser() if told else project_dir() / "data" / "settings.toml"


def _from_file(environment: Mapping[str, str]) -> dict[str, object]:
    told = environment.get("GOMAFIA_SETTINGS")
    path = settings_file(environment)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if told:
            raise SettingsError(f"GOMAFIA_SETTINGS: {path} is no file.", "Give the path of a TOML file.") from None
        return {}
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} can't be read: {error.strerror}.", "Check its permissions, or take it away."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is no TOML: {error}.", "Mend or delete it.") from error
    try:
        refuse_unknown(found)
    except SettingsError as error:
        raise SettingsError(f"The settings file {path}: {error.message}", error.remedy) from None
    return {name: _read(name, value, f"The settings file {path}") for name, value in found.items()}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
