"""Which answers are loaded and which Parquet parts hold their rows: the one commit of a batch.

A *load* is one answer's way into staging. It is `open` until all its rows are committed, `ready`
until everything else about its subject is (the other pages of the list), then `live`, and `retired`
once a newer reading of the subject is live or the subject is no longer part of the league. Readers
see the rows of live loads only, so a newer reading replaces every row of the older one in the same
moment, whatever form each came in.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

from gomafia_kit.errors import GomafiaError
from gomafia_kit.runs.database import RUNS_FILE, meta, open_store, set_meta, sqlite_faults, transaction
from gomafia_kit.site import ask_from

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from gomafia_kit.records import Rejection
    from gomafia_kit.site import Ask


DERIVE_AGAIN: Final = "derive_again"
"""The fact of a folder that names the computed tables whose rows were lost."""


@dataclass(slots=True)
class Load:
    """One answer on its way into staging. `load_id` is None until its first rows are committed.

    `is_ready`: all its rows were committed by an earlier run.
    """

    ask: Ask
    via: str
    fetched_at: datetime
    sha256: str
    parser: str
    load_id: int | None = None
    rows_done: int = 0
    is_ready: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A subject that was read to its end: by these asks and no others, to each of which just this answer came.

    An answer is told by its body's SHA-256 and by what read it.
    """

    subject: str
    answers: Mapping[int, tuple[str, str]]


@dataclass(slots=True)
class Portion:
    """What a batch holds of a load; with `finished` its account comes along."""

    load: Load
    rows: Counter[str] = field(default_factory=Counter)
    finished: bool = False
    fetched: Mapping[str, int] = field(default_factory=dict)
    duplicates: Mapping[str, int] = field(default_factory=dict)
    rejections: Sequence[Rejection] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """What an import couldn't read by any road: `times` runs met it, and the last said why.

    `attempts` is how often these runs put its ask to the site, by all roads together; None if one of them was
    of a version that didn't count. An answer that wasn't sound is kept in the archive, among the refused.
    """

    subject: str
    stage: str
    ask_key: str
    error: str
    message: str
    first_at: datetime
    last_at: datetime
    times: int
    attempts: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one table: records that stood in the answers, those refused, and those that stood twice in one answer."""

    fetched: int
    rejected: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Part:
    """A Parquet file of a table: path relative to the data folder."""

    table: str
    path: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class LivePart:
    """A part with live rows; `ask_ids` says whose rows are live, None if all are."""

    path: str
    ask_ids: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class LiveAsk:
    """An ask whose answer is live; `form` says how it was read, `personal` whether personal data was wanted."""

    ask: Ask
    form: str
    personal: bool
    via: str


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """An answer that is live: to which ask it is, its body, and what read it."""

    ask_id: int
    ask_key: str
    kind: str
    parser: str
    sha256: str


@dataclass(frozen=True, slots=True)
class BatchNote:
    """What the journal keeps of a batch."""

    run_id: int
    stage: str
    number: int
    started_at: datetime
    seconds: float
    rows_target: int


class Ledger:
    """The ledger of one data folder, for the one process that writes."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / RUNS_FILE
        self._db = open_store(data_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def folder_id(self) -> str:
        """The folder's own name for ever (a UUID)."""
        return self._meta("folder_id") or ""

    def _meta(self, name: str) -> str | None:
        with sqlite_faults(self.path):
            return meta(self._db, name)

    def remember(self, **facts: str) -> None:
        """Keep facts about the folder, all of them together."""
        with sqlite_faults(self.path), transaction(self._db) as db:
            for name, value in facts.items():
                set_meta(db, name, value)

    def recall(self, name: str) -> str | None:
        """A fact kept before, or None."""
        return self._meta(name)

    # -- loads --------------------------------------------------------------------------------

    def live_sha(self, ask: Ask, parser: str) -> str | None:
        """The body's SHA-256 of the answer that is live for an ask and was read by this parser; else None."""
        rows = self._read(
            "SELECT sha256 FROM load WHERE ask_id = ? AND subject = ? AND state = 'live' AND parser = ?",
            (ask.ask_id, ask.subject, parser),
        )
        return rows[0][0] if rows else None

    def has_live(self, ask: Ask) -> bool:
        """True if any answer to an ask is live."""
        return bool(self._read("SELECT 1 FROM load WHERE ask_id = ? AND state = 'live'", (ask.ask_id,)))

    def is_live(self, ask: Ask, sha256: str) -> bool:
        """True if this very body is live for an ask."""
        return bool(
            self._read(
                "SELECT 1 FROM load WHERE ask_id = ? AND subject = ? AND state = 'live' AND sha256 = ?",
                (ask.ask_id, ask.subject, sha256),
            )
        )

    def live_rows(self, ask: Ask) -> int:
        """How many records stood in the answer that is live for an ask."""
        rows = self._read(
            "SELECT coalesce(sum(fetched), 0) FROM load JOIN tally USING (load_id)"
            " WHERE ask_id = ? AND subject = ? AND state = 'live'",
            (ask.ask_id, ask.subject),
        )
        return int(rows[0][0])

    def begin(self, ask: Ask, via: str, fetched_at: datetime, sha256: str, parser: str) -> Load:
        """A load for an answer: the one that an earlier run began, or a new one."""
        rows = self._read(
            "SELECT load_id, rows_done, state = 'ready' FROM load"
            " WHERE ask_id = ? AND subject = ? AND state IN ('open', 'ready') AND sha256 = ? AND parser = ?",
            (ask.ask_id, ask.subject, sha256, parser),
        )
        load_id, rows_done, is_ready = rows[0] if rows else (None, 0, False)
        return Load(ask, via, fetched_at, sha256, parser, load_id, rows_done, bool(is_ready))

    def touch(self, ask: Ask, fetched_at: datetime) -> None:
        """Note that the live answer to an ask was confirmed: the same body came again."""
        with sqlite_faults(self.path), transaction(self._db) as db:
            db.execute(
                "UPDATE load SET fetched_at = ?, about = ? WHERE ask_id = ? AND subject = ? AND state = 'live'",
                (fetched_at.isoformat(), json.dumps(dict(ask.about)), ask.ask_id, ask.subject),
            )

    def fact(self, subject: str, name: str) -> str | None:
        """What was known when the live answer about a subject was asked for; None if nothing was."""
        rows = self._read(  # of several asks not each knows it
            "SELECT json_extract(about, ?1) FROM load WHERE subject = ?2 AND state = 'live'"
            " AND json_extract(about, ?1) IS NOT NULL ORDER BY load_id DESC LIMIT 1",
            (f"$.{name}", subject),
        )
        return rows[0][0] if rows else None

    def commit(
        self, note: BatchNote, parts: Sequence[Part], portions: Sequence[Portion], readings: Sequence[Reading] = ()
    ) -> None:
        """Make a batch's parts, its portions of loads, the readings that end in it and its account true together."""
        with sqlite_faults(self.path), transaction(self._db) as db:
            part_ids = {part.table: _insert_part(db, part) for part in parts}
            rejected = 0
            load_ids: list[int] = []
            for portion in portions:
                load_ids.append(load_id := _note_load(db, portion))
                for table, rows in portion.rows.items():
                    db.execute("INSERT INTO part_load VALUES (?, ?, ?)", (part_ids[table], load_id, rows))
                if portion.finished:
                    rejected += _finish(db, load_id, portion)
            for reading in readings:
                _settle(db, reading)
            rows = sum(part.rows for part in parts)
            db.execute(
                "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    note.run_id,
                    note.stage,
                    note.number,
                    note.started_at.isoformat(),
                    note.seconds,
                    note.rows_target,
                    rows,
                    rejected,
                ),
            )
        for portion, load_id in zip(portions, load_ids, strict=True):  # only now is it true
            portion.load.rows_done += sum(portion.rows.values())
            portion.load.load_id = load_id

    def is_settled(self, reading: Reading) -> bool:
        """True if just these answers about the subject are live, and nothing else about it is on its way."""
        rows = self._read(
            "SELECT ask_id, sha256, parser, state FROM load WHERE subject = ? AND state != 'retired'",
            (reading.subject,),
        )
        found = {ask_id: (sha256, parser) for ask_id, sha256, parser, _ in rows}
        return all(state == "live" for *_, state in rows) and found == reading.answers

    def settled(self, subject: str) -> list[LiveAnswer]:
        """The live answers about a subject; none if anything else about it is on its way."""
        rows = self._read(
            "SELECT ask_id, ask_key, kind, parser, sha256, state = 'live' FROM load"
            " WHERE subject = ? AND state != 'retired' ORDER BY load_id",
            (subject,),
        )
        return [LiveAnswer(*facts) for *facts, _ in rows] if all(is_live for *_, is_live in rows) else []

    def retire_others(self, name: str, ids: Iterable[int]) -> int:
        """Retire what is known of subjects of that name that are no longer in the league; how many answers it was."""
        keep = json.dumps([f"{name}/{item}" for item in ids])
        with sqlite_faults(self.path), transaction(self._db) as db:
            db.execute(
                "DELETE FROM failure WHERE subject GLOB ? AND subject NOT IN (SELECT value FROM json_each(?))",
                (f"{name}/*", keep),
            )
            cursor = db.execute(
                "UPDATE load SET state = 'retired' WHERE state != 'retired' AND subject GLOB ?"
                " AND subject NOT IN (SELECT value FROM json_each(?))",
                (f"{name}/*", keep),
            )
            return cursor.rowcount

    # -- what failed --------------------------------------------------------------------------

    def note_failure(
        self, subject: str, stage: str, ask_key: str, error: Exception, attempts: int, at: datetime
    ) -> None:
        """Put what can't be read onto the list of failures, until it is read; its ask was put `attempts` times."""
        message = error.message if isinstance(error, GomafiaError) else str(error)
        with sqlite_faults(self.path), transaction(self._db) as db:
            db.execute(
                "INSERT INTO failure VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET stage = excluded.stage,"
                " ask_key = excluded.ask_key, error = excluded.error, message = excluded.message,"
                " last_at = excluded.last_at, times = times + 1, attempts = attempts + excluded.attempts",
                (subject, stage, ask_key, type(error).__name__, message, at.isoformat(), at.isoformat(), attempts),
            )

    def failures(self) -> tuple[Failure, ...]:
        """What could not be read so far, stage by stage."""
        rows = self._read(
            "SELECT subject, stage, ask_key, error, message, first_at, last_at, times, attempts FROM failure"
            " ORDER BY stage, subject"
        )
        return tuple(
            Failure(
                subject,
                stage,
                key,
                error,
                message,
                datetime.fromisoformat(first),
                datetime.fromisoformat(last),
                times,
                attempts,
            )
            for subject, stage, key, error, message, first, last, times, attempts in rows
        )

    # -- what is live -------------------------------------------------------------------------

    def live_parts(self, table: str, *, derived: bool = True) -> list[LivePart]:
        """The parts that hold live rows of a table; with `derived` those of computed rows as well."""
        rows = self._read(
            "SELECT path, rows = live_rows, CASE WHEN rows != live_rows THEN ("
            "  SELECT json_group_array(ask_id) FROM part_load JOIN load USING (load_id)"
            "  WHERE part_load.part_id = part.part_id AND state = 'live' AND (? OR via != 'derived')"
            ") END FROM part JOIN ("
            "  SELECT part_id, sum(part_load.rows) AS live_rows FROM part_load JOIN load USING (load_id)"
            "  WHERE state = 'live' AND (? OR via != 'derived') GROUP BY part_id"
            ") USING (part_id) WHERE name = ? ORDER BY part_id",
            (derived, derived, table),
        )
        return [LivePart(path, None if whole else tuple(json.loads(asks))) for path, whole, asks in rows]

    def live_asks(self) -> Iterator[LiveAsk]:
        """The asks whose answers are live, subject by subject, each with how its answer was read."""
        rows = self._read(
            "SELECT ask_key, kind, subject, about, parser, via FROM load WHERE state = 'live' AND via != 'derived'"
            " ORDER BY subject, load_id"
        )
        for key, kind, subject, about, parser, via in rows:
            _, _, form, *more = parser.split(" ")
            yield LiveAsk(ask_from(key, kind, subject, json.loads(about)), form, bool(more), via)

    def settled_parts(self, table: str, large: int) -> list[LivePart]:
        """The live parts of a table that are worth rewriting: shorter than `large` rows, or with rows of nobody.

        Those in which a load is still on its way stay out.
        """
        facts = {
            path: (rows, is_open)
            for path, rows, is_open in self._read(
                "SELECT path, rows, part_id IN (SELECT part_id FROM part_load JOIN load USING (load_id)"
                " WHERE state IN ('open', 'ready')) FROM part WHERE name = ?",
                (table,),
            )
        }
        found = [(part, *facts[part.path]) for part in self.live_parts(table)]
        return [part for part, rows, is_open in found if not is_open and (rows < large or part.ask_ids is not None)]

    def answers(self) -> Iterator[tuple[int, str, str, str, datetime, str]]:
        """The live answers as rows of the table `answer`, in key order.

        One that tells of two subjects (a club's page: of its members and its president) is one answer.
        """
        rows = self._stream(  # SQLite takes what stands beside a maximum from the maximum's row
            "SELECT ask_id, ask_key, kind, via, max(fetched_at), sha256 FROM load WHERE state = 'live'"
            " GROUP BY ask_id ORDER BY ask_id"
        )
        for ask_id, ask_key, kind, via, fetched_at, sha256 in rows:
            yield ask_id, ask_key, kind, via, datetime.fromisoformat(fetched_at), sha256

    def fingerprint(self, *tables: str) -> str:
        """A name for the live content of these tables (all if none is named): the same as long as nothing changes."""
        condition = f"AND name IN ({', '.join('?' * len(tables))})" if tables else ""
        rows = self._stream(
            f"SELECT DISTINCT load_id, fetched_at FROM load LEFT JOIN tally USING (load_id)"
            f" WHERE state = 'live' {condition} ORDER BY load_id",
            tables,
        )
        return _name_for(rows)

    def fingerprint_of_loads(self, tables: Sequence[str]) -> str:
        """A name for the live answers of the site with rows of these tables; when they came doesn't matter."""
        rows = self._stream(
            f"SELECT DISTINCT load_id FROM load JOIN tally USING (load_id) WHERE state = 'live'"
            f" AND via != 'derived' AND name IN ({', '.join('?' * len(tables))}) ORDER BY load_id",
            tables,
        )
        return _name_for(load_id for (load_id,) in rows)

    def tournaments_with_refused_games(self) -> list[int]:
        """The tournaments of which a game or a seat was refused, in order."""
        rows = self._read(
            "SELECT DISTINCT subject FROM rejection JOIN load USING (load_id) WHERE state = 'live'"
            " AND name IN ('game', 'seat') AND subject GLOB 'tournament/*'"
        )
        return sorted(int(subject.partition("/")[2]) for (subject,) in rows)

    def rejected_seats(self) -> list[tuple[int, int]]:
        """Tournament and player of each refused seat whose player is known."""
        found = []
        for key, *_ in self._read(
            "SELECT key FROM rejection JOIN load USING (load_id) WHERE state = 'live' AND name = 'seat'"
        ):
            facts = dict(item.split("=", 1) for item in key.split(", ") if "=" in item)
            if facts.get("player_id", "").isdigit() and facts.get("tournament_id", "").isdigit():
                found.append((int(facts["tournament_id"]), int(facts["player_id"])))
        return found

    def tallies(self) -> dict[str, Tally]:
        """The account of the live answers by table, as it was kept when each was loaded."""
        rejected = dict(
            self._read(
                "SELECT name, count(*) FROM rejection JOIN load USING (load_id) WHERE state = 'live' GROUP BY name"
            )
        )
        rows = self._read(
            "SELECT name, sum(fetched), sum(duplicates) FROM tally JOIN load USING (load_id)"
            " WHERE state = 'live' AND via != 'derived' GROUP BY name"
        )
        return {name: Tally(fetched, rejected.get(name, 0), twice) for name, fetched, twice in rows}

    def live_row_counts(self, *, derived: bool) -> dict[str, int]:
        """For each table, how many rows live loads put into parts: of the site's answers, or of computed ones."""
        return dict(
            self._read(
                "SELECT name, sum(part_load.rows) FROM part_load JOIN part USING (part_id) JOIN load USING (load_id)"
                " WHERE state = 'live' AND (via = 'derived') = ? GROUP BY name",
                (derived,),
            )
        )

    def rejections(self, table: str | None = None) -> list[tuple[str, str, str, str, str, str]]:
        """The refused records of live answers: table, key, field, value as it came, rule, ask."""
        return self._read(
            "SELECT name, key, field, value, rule, ask_key FROM rejection JOIN load USING (load_id)"
            " WHERE state = 'live' AND (? IS NULL OR name = ?) ORDER BY rejection.rowid",
            (table, table),
        )

    # -- parts --------------------------------------------------------------------------------

    def replace_parts(self, table: str, old: Sequence[str], new: Part, rows: Mapping[int, int]) -> None:
        """Let one part take the place of several; `rows` counts its rows by ask."""
        with sqlite_faults(self.path), transaction(self._db) as db:
            part_id = _insert_part(db, new)
            loads = db.execute(
                "SELECT DISTINCT ask_id, load_id FROM part JOIN part_load USING (part_id) JOIN load USING (load_id)"
                " WHERE name = ? AND path IN (SELECT value FROM json_each(?)) AND state = 'live'",
                (table, json.dumps(list(old))),
            ).fetchall()
            db.executemany(
                "INSERT INTO part_load VALUES (?, ?, ?)",
                [(part_id, load_id, rows[ask_id]) for ask_id, load_id in loads if ask_id in rows],
            )
            db.executemany("DELETE FROM part WHERE name = ? AND path = ?", [(table, path) for path in old])

    def sweep(self) -> None:
        """Forget loads that are retired and parts that hold rows of nobody else."""
        with sqlite_faults(self.path), transaction(self._db) as db:
            db.execute(
                "DELETE FROM part WHERE part_id NOT IN (SELECT part_id FROM part_load JOIN load USING (load_id)"
                " WHERE state != 'retired')"
            )
            db.execute("DELETE FROM load WHERE state = 'retired' AND load_id NOT IN (SELECT load_id FROM part_load)")

    def parts(self) -> list[Part]:
        """All parts of the manifest."""
        return [Part(*row) for row in self._read("SELECT name, path, rows, bytes FROM part ORDER BY part_id")]

    def distrust(self, paths: Iterable[str]) -> None:
        """Note that the rows in these parts are lost: what they were read from is to be read again.

        Their answers stay live until they were, so that nothing is published without them; computed rows are
        forgotten at once, and their tables stand in `derive_again`.
        """
        chosen = json.dumps(list(paths))
        held = "SELECT load_id FROM part_load JOIN part USING (part_id) WHERE path IN (SELECT value FROM json_each(?))"
        derived = f"via = 'derived' AND state = 'live' AND load_id IN ({held})"
        with sqlite_faults(self.path), transaction(self._db) as db:
            lost = db.execute(f"SELECT subject FROM load WHERE {derived}", (chosen,))
            tables = {subject.removeprefix("derived/") for (subject,) in lost}
            tables |= set(json.loads(meta(db, DERIVE_AGAIN) or "[]"))
            set_meta(db, DERIVE_AGAIN, json.dumps(sorted(tables)))
            db.execute(
                "UPDATE load SET state = 'retired' WHERE (state IN ('open', 'ready') OR via = 'derived')"
                f" AND load_id IN ({held})",
                (chosen,),
            )
            db.execute(f"UPDATE load SET sha256 = '' WHERE state = 'live' AND load_id IN ({held})", (chosen,))

    def distrusted(self) -> dict[str, list[LiveAsk]]:
        """The subjects of which an answer is to be read again, each with all of its live asks."""
        lost = {row[0] for row in self._read("SELECT subject FROM load WHERE state = 'live' AND sha256 = ''")}
        found: dict[str, list[LiveAsk]] = {}
        for item in self.live_asks() if lost else ():
            if item.ask.subject in lost:
                found.setdefault(item.ask.subject, []).append(item)
        return found

    def give_up(self, subjects: Iterable[str]) -> None:
        """Retire all that is known of subjects whose lost rows can't be read again: readers would meet gaps."""
        with sqlite_faults(self.path), transaction(self._db) as db:
            db.execute(
                "UPDATE load SET state = 'retired' WHERE subject IN (SELECT value FROM json_each(?))",
                (json.dumps(list(subjects)),),
            )

    def part_shares(self, path: str) -> dict[int, int]:
        """How many rows of a part are whose: by ask, whatever has become of the answer."""
        return dict(
            self._read(
                "SELECT ask_id, sum(part_load.rows) FROM part JOIN part_load USING (part_id) JOIN load USING (load_id)"
                " WHERE path = ? GROUP BY ask_id",
                (path,),
            )
        )

    def staged_bodies(self) -> set[tuple[int, str]]:
        """The answers that are staged whole: ask and SHA-256 of the body."""
        return set(self._read("SELECT ask_id, sha256 FROM load WHERE state IN ('live', 'ready')"))

    def known_paths(self) -> set[str]:
        """The paths of all parts in the manifest."""
        return {row[0] for row in self._read("SELECT path FROM part")}

    def _read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with sqlite_faults(self.path):
            return self._db.execute(query, tuple(values)).fetchall()

    def _stream(self, query: str, values: Sequence[object] = ()) -> Iterator[Any]:
        """A result of any size, row by row."""
        with sqlite_faults(self.path):
            yield from self._db.execute(query, tuple(values))


def _name_for(items: Iterable[object]) -> str:
    """A name for what is listed, by the list's text; it is taken in item by item, for there may be many."""
    digest = hashlib.sha256(b"[")
    for number, item in enumerate(items):
        digest.update(f"{', ' if number else ''}{item!r}".encode())
    digest.update(b"]")
    return digest.hexdigest()


def _insert_part(db: sqlite3.Connection, part: Part) -> int:
    row = db.execute(
        "INSERT INTO part (name, path, rows, bytes) VALUES (?, ?, ?, ?) RETURNING part_id",
        (part.table, part.path, part.rows, part.bytes),
    ).fetchone()
    return int(row[0])


def _note_load(db: sqlite3.Connection, portion: Portion) -> int:
    load, rows = portion.load, sum(portion.rows.values())
    if load.load_id is not None:
        db.execute("UPDATE load SET rows_done = rows_done + ? WHERE load_id = ?", (rows, load.load_id))
        return load.load_id
    # An answer to the same ask that never became live is superseded by this one.
    db.execute(
        "UPDATE load SET state = 'retired' WHERE ask_id = ? AND subject = ? AND state IN ('open', 'ready')",
        (load.ask.ask_id, load.ask.subject),
    )
    row = db.execute(
        "INSERT INTO load (ask_id, ask_key, kind, subject, about, via, fetched_at, sha256, parser, rows_done, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open') RETURNING load_id",
        (
            load.ask.ask_id,
            load.ask.key,
            load.ask.kind,
            load.ask.subject,
            json.dumps(dict(load.ask.about)),
            load.via,
            load.fetched_at.isoformat(),
            load.sha256,
            load.parser,
            rows,
        ),
    ).fetchone()
    return int(row[0])


def _finish(db: sqlite3.Connection, load_id: int, portion: Portion) -> int:
    db.execute("UPDATE load SET state = 'ready' WHERE load_id = ?", (load_id,))
    db.executemany(
        "INSERT INTO tally VALUES (?, ?, ?, ?)",
        [(load_id, table, number, portion.duplicates.get(table, 0)) for table, number in portion.fetched.items()],
    )
    db.executemany(
        "INSERT INTO rejection VALUES (?, ?, ?, ?, ?, ?)",
        [(load_id, r.table, r.key, r.field, r.value, r.rule) for r in portion.rejections],
    )
    return len(portion.rejections)


def _settle(db: sqlite3.Connection, reading: Reading) -> None:
    """Let what was read of a subject take the place of all that was known of it.

    That may be an answer that is live already, or one that waited for the others about its subject; what waits
    besides came earlier, in a reading that never came to its end.
    """
    read = json.dumps([[ask_id, *answer] for ask_id, answer in reading.answers.items()])
    db.execute("DELETE FROM failure WHERE subject = ?", (reading.subject,))
    db.execute(
        "UPDATE load SET state = 'retired' WHERE subject = ? AND state != 'retired' AND NOT EXISTS ("
        "SELECT 1 FROM json_each(?) WHERE value ->> 0 = ask_id AND value ->> 1 = sha256 AND value ->> 2 = parser)",
        (reading.subject, read),
    )
    db.execute("UPDATE load SET state = 'live' WHERE subject = ? AND state = 'ready'", (reading.subject,))
