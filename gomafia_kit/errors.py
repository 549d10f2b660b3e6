"""Every error of the package, what is done about each, and the exit code it ends with.

    GomafiaError                       exit 1
    ├── SettingsError                  2   a parameter, option or settings file is wrong
    ├── UnavailableError               3   asked for what this version or machine doesn't have
    ├── FetchError                     10
    │   ├── SiteUnreachableError       11  passing: retried by manners, then raised
    │   ├── SiteBusyError              12  passing: retried by manners, then raised
    │   ├── AskRefusedError            13  final
    │   ├── DisallowedError            14  final: robots.txt forbids it
    │   ├── NotInArchiveError          15  offline, and the archive has no answer
    │   ├── BrowserError               16  Chromium is missing, or didn't do as asked
    │   │   └── BrowserEndedError      17  passing: another one is started and the ask put again, then raised
    │   ├── SiteDownError              18  the site was down for longer than an import waits
    │   └── AskFailedError             19  the site is there, but an ask gets no sound answer
    ├── ParseError                     20
    │   ├── NoSuchPageError            21  the main page came instead, or a page without that year
    │   ├── LayoutChangedError         22  what we look for isn't there
    │   └── BadValueError              23  one value can't be read (becomes a rejection)
    ├── FolderError                    30  data folder: not writable, wrong kind of drive, of another site
    │   ├── DiskFullError              31
    │   ├── FolderBusyError            32  another import works in it, or a file in it is held
    │   ├── DamagedFileError           33  an archive, part or store that fails its checks
    │   │   └── DamagedAnswerError     35  one answer in the archive; asked for again by itself
    │   └── LayoutVersionError         34  made by another version of this package
    ├── PushError                      40
    │   ├── PostgresUnreachableError   41
    │   ├── PostgresRefusedError       42  login, database, permission
    │   └── PushConflictError          43  the schema holds another league, or more than this folder
    ├── RunStoppedError                50  stopped by a person, signal or budget: safe to go on
    │   └── OutOfBudgetError           52   it came near its memory limit: safe to go on, with more memory
    ├── RunDiedError                   51  the import's process ended without a word (killed, out of memory)
    ├── BrokenAccountError             60  records of a run don't add up: a fault of this package
    └── UnsoundDataError               61  a check found rows or files that can't be right

Policy: one bad row is a rejection, kept and counted, not an exception. A page that we don't
understand stops its stage; its answer stays in the archive. A library's exception is turned into
one of ours at one place, with `from`. Every message names the thing, the value and the remedy,
and never holds a password.
"""

from __future__ import annotations

import difflib
import os
import shlex
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class GomafiaError(Exception):
    """Base of all: a sentence of what happened, and a remedy that a person can follow."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows (IPython asks for it): the sentences a person needs, no traceback."""
        return [f"{type(self).__name__}: {self.message}", *([self.remedy] if self.remedy else [])]


class SettingsError(GomafiaError):
    """A parameter, option or settings file is wrong; nothing was asked or written."""

    exit_code = 2


class UnavailableError(GomafiaError):
    """What was asked for isn't in this version, or not on this machine."""

    exit_code = 3


class FetchError(GomafiaError):
    """An ask got no sound answer."""

    exit_code = 10


class SiteUnreachableError(FetchError):
    """No connection, or none that lasted; retried before it is raised, unless it isn't `passing`."""

    exit_code = 11

    def __init__(self, message: str, remedy: str = "", *, passing: bool = True) -> None:
        super().__init__(message, remedy)
        self.passing = passing


class SiteBusyError(FetchError):
    """The site said "slow down", "later" (`retry_after` seconds) or "my fault"; retried before it is raised."""

    exit_code = 12

    def __init__(self, message: str, remedy: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class AskRefusedError(FetchError):
    """The site answered, and the answer is no.

    `by_status`: by a status such as 403, which is about who asks rather than about what is asked for.
    """

    exit_code = 13

    def __init__(self, message: str, remedy: str = "", *, by_status: bool = False) -> None:
        super().__init__(message, remedy)
        self.by_status = by_status


class DisallowedError(FetchError):
    """robots.txt forbids the path."""

    exit_code = 14


class NotInArchiveError(FetchError):
    """Offline, and the archive holds no answer to this ask."""

    exit_code = 15


class BrowserError(FetchError):
    """Chromium is missing, or ended, or didn't do as asked."""

    exit_code = 16


class BrowserEndedError(BrowserError):
    """Chromium ended, crashed or hung in the middle of an ask; retried with another one before it is raised."""

    exit_code = 17


class SiteDownError(FetchError):
    """The site was down for longer than the import waits; what came before is safe."""

    exit_code = 18


class AskFailedError(FetchError):
    """The site is there, but an ask got no sound answer however often it was put, and by whatever road."""

    exit_code = 19


class ParseError(GomafiaError):
    """An answer is not what the site's contract says."""

    exit_code = 20


class NoSuchPageError(ParseError):
    """What was asked for doesn't exist: the site sent its main page, or its page has no such year.

    `was_asked`: the site was asked just now; if not, a page that was open told it.
    """

    exit_code = 21

    def __init__(self, message: str, remedy: str = "", *, was_asked: bool = True) -> None:
        super().__init__(message, remedy)
        self.was_asked = was_asked


class LayoutChangedError(ParseError):
    """What we look for isn't there: says what was sought, what was found, and where."""

    exit_code = 22


class BadValueError(ParseError):
    """One value can't be read for sure."""

    exit_code = 23


class FolderError(GomafiaError):
    """The data folder can't be used."""

    exit_code = 30


class DiskFullError(FolderError):
    """No space left; what was committed is safe."""

    exit_code = 31


class FolderBusyError(FolderError):
    """Another process works in the folder or holds a file of it."""

    exit_code = 32


class DamagedFileError(FolderError):
    """A file of ours fails its checks."""

    exit_code = 33


class DamagedAnswerError(DamagedFileError):
    """One archived answer isn't what came: asked for again by itself, where the site may be asked."""

    exit_code = 35


class LayoutVersionError(FolderError):
    """The folder was made by another version of this package."""

    exit_code = 34


class PushError(GomafiaError):
    """Rows didn't reach PostgreSQL; its tables are as they were before.

    `is_passing`: trying again soon may help, and was tried.
    """

    exit_code = 40
    is_passing = False


class PostgresUnreachableError(PushError):
    """No server answers at the address."""

    exit_code = 41


class PostgresRefusedError(PushError):
    """The server answers and says no: login, database or permission."""

    exit_code = 42


class PushConflictError(PushError):
    """The schema holds another league, or answers that this folder doesn't have."""

    exit_code = 43


class BrokenAccountError(GomafiaError):
    """The records of a run don't add up: a fault of this package."""

    exit_code = 60


class UnsoundDataError(GomafiaError):
    """A check of a data folder found something wrong; what and where is told by the check."""

    exit_code = 61


class RunStoppedError(GomafiaError):
    """Stopped between two batches, everything before it committed; run again to go on."""

    exit_code = 50


class OutOfBudgetError(RunStoppedError):
    """It came near its memory limit and stopped before the system would end it; everything before is committed."""

    exit_code = 52


class RunDiedError(GomafiaError):
    """The import's process ended without a word; run again to go on."""

    exit_code = 51


def command_for(data_dir: Path | str, words: str) -> str:
    """`gomafia <words>` as it is typed for this data folder: without its name another one may be meant.

    It stands here since every layer writes remedies, and every layer may import this module.
    """
    return f"gomafia {words} --data-dir {shlex.quote(str(data_dir))}"


def start_first(data_dir: Path | str) -> str:
    """What is done about a data folder that holds no run."""
    return f"Start one by: {command_for(data_dir, 'run')}"


def _all_kinds(kind: type[GomafiaError]) -> dict[str, type[GomafiaError]]:
    found = {kind.__name__: kind}
    for child in kind.__subclasses__():
        found |= _all_kinds(child)
    return found


def revived(name: str, message: str, remedy: str) -> GomafiaError:
    """The error of that class name, as another process met it; the base class if the name is unknown."""
    return _all_kinds(GomafiaError).get(name, GomafiaError)(message, remedy)


def did_you_mean(text: object, choices: Iterable[str]) -> str:
    """The end of a sentence about a name that isn't there: the nearest that is; empty where none is near."""
    near = difflib.get_close_matches(text, list(choices), n=1, cutoff=0.5) if isinstance(text, str) else []
    return f" Did you mean {near[0]}?" if near else ""


_ALERT: Final = "GOMAFIA_ALERT"
_SHORTEST_KEY: Final = 8
_URLS_WITH_SECRETS: Final = ("GOMAFIA_POSTGRES_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for programs that need no secret: without the addresses of database, proxies and alerts."""
    secret = {"PGPASSWORD", _ALERT, *_URLS_WITH_SECRETS}
    return {name: value for name, value in environment.items() if name.upper() not in secret}


def redacted(text: str) -> str:
    """The text without the secrets that the environment tells: of the database, of proxies, of where alerts go."""
    secrets = {os.environ.get("PGPASSWORD", ""), _behind_the_host(os.environ.get(_ALERT, ""))}
    for name in (*_URLS_WITH_SECRETS, _ALERT):
        for value in (os.environ.get(name, ""), os.environ.get(name.lower(), "")):
            secrets |= _passwords(value)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***").replace(repr(secret)[1:-1], "***")
    return text


def _passwords(url: str) -> set[str]:
    """The passwords of an address, as they stand there and decoded: the user's, and those among its options."""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        found = {parts.password or ""}
    except ValueError:
        return {url}
    options = (option.partition("=") for option in parts.query.split("&"))
    found |= {value for name, _, value in options if "password" in name.lower()}
    return found | {unquote(password) for password in found}


def _behind_the_host(url: str) -> str:
    """What is behind the host of an http(s) address, where hooks have their key; empty for all else, and for no key."""
    scheme, _, rest = url.partition("://")
    path = rest.partition("/")[2]
    return path if scheme.lower() in {"http", "https"} and len(path) >= _SHORTEST_KEY else ""
