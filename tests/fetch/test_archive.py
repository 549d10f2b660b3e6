"""The archive: what is in it is not asked for again, and comes back byte for byte or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit.errors import DamagedFileError, FolderError, LayoutVersionError, NotInArchiveError
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.manners import Gate
from gomafia_kit.fetch.source import Source
from gomafia_kit.site import club_list, tournament
from tests.answers import AT, answer, success

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def archive(data_dir: Path) -> Iterator[Archive]:
    data_dir.mkdir()
    with Archive(data_dir, "a league") as found:
        yield found


def test_an_answer_comes_back_as_it_was_kept(archive: Archive) -> None:
    kept = success(tournament(7), {"title": "Кубок 🐺"})
    archive.keep(kept)
    found = archive.get(tournament(7))
    assert (found.body, found.status, found.fetched_at, found.via) == (kept.body, 200, AT, "http")
    assert found.from_archive is True
    assert archive.size() == (1, len(kept.body))


@given(st.binary(max_size=2_000))
@settings(max_examples=40)
def test_any_bytes_come_back(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    with Archive(tmp_path_factory.mktemp("archive"), "a league") as archive:
        archive.keep(answer(tournament(7), body))
        assert archive.get(tournament(7)).body == body


def test_a_newer_answer_takes_the_place_of_the_older_one(archive: Archive) -> None:
    archive.keep(answer(tournament(7), "old"))
    archive.keep(answer(tournament(7), "new"))
    assert archive.get(tournament(7)).body == b"new"
    assert archive.size()[0] == 1


def test_an_answer_that_is_too_old_is_not_taken(archive: Archive) -> None:
    archive.keep(answer(tournament(7), "body"))
    assert archive.find(tournament(7), not_before=AT + timedelta(seconds=1)) is None
    assert archive.find(tournament(7), not_before=AT) is not None


def test_what_is_not_there_is_told_with_a_remedy(archive: Archive) -> None:
    assert archive.find(club_list()) is None
    with pytest.raises(NotInArchiveError, match="no answer to api POST /api/club/getTop") as caught:
        archive.get(club_list())
    assert caught.value.remedy == "Run once without offline to ask the site."


def test_an_unsound_answer_is_kept_as_evidence_but_is_no_answer(archive: Archive, data_dir: Path) -> None:
    archive.keep_refused(answer(tournament(7), "<html>first"), "HTML came")
    archive.keep_refused(answer(tournament(7), "<html>second"), "HTML came")
    assert archive.find(tournament(7)) is None
    with sqlite3.connect(data_dir / "archive.sqlite") as db:
        assert db.execute("SELECT count(*), max(reason) FROM refused").fetchone() == (1, "HTML came")
    archive.keep(answer(tournament(7), "sound"))
    with sqlite3.connect(data_dir / "archive.sqlite") as db:
        assert db.execute("SELECT count(*) FROM refused").fetchone() == (0,)
    db.close()


@pytest.mark.parametrize("damage", ["UPDATE answer SET body = zeroblob(20)", "UPDATE answer SET sha256 = 'other'"])
def test_a_damaged_answer_is_never_given_out(archive: Archive, data_dir: Path, damage: str) -> None:
    archive.keep(success(tournament(7), {"title": "Кубок"}))
    source = Source(archive, {}, Gate(0), lambda _: None)
    assert source.holds(tournament(7), None)
    db = sqlite3.connect(data_dir / "archive.sqlite")
    db.execute(damage)
    db.commit()
    db.close()
    assert not source.holds(tournament(7), None)
    with pytest.raises(DamagedFileError, match="the answer to api POST /api/tournament/get"):
        archive.get(tournament(7))


def test_bodies_that_claim_to_be_endless_are_damaged_ones(archive: Archive, data_dir: Path) -> None:
    """By its header such a body is longer than any memory."""
    crafted = bytes.fromhex("28b52ffd") + bytes([0xE0]) + (1 << 62).to_bytes(8, "little") + b"x" * 10
    for number in (7, 8):
        archive.keep(success(tournament(number), {"title": "Кубок"}))
    with closing(sqlite3.connect(data_dir / "archive.sqlite")) as db, db:
        db.execute("UPDATE answer SET body = ? WHERE ask_id = ?", (crafted, tournament(7).ask_id))
    number, _, damaged = archive.check_bodies()
    assert (number, damaged) == (2, [tournament(7).key])


def test_a_folder_holds_one_league(archive: Archive, data_dir: Path) -> None:
    with pytest.raises(FolderError, match="holds answers of a league, not of another"):
        Archive(data_dir, "another")


def test_a_layout_of_another_version_is_told_apart(archive: Archive, data_dir: Path) -> None:
    db = sqlite3.connect(data_dir / "archive.sqlite")
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(LayoutVersionError, match="has layout 99, this version of gomafia_kit reads layout 1"):
        Archive(data_dir, "a league")


def test_a_file_that_is_no_archive_is_told_apart(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "archive.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(DamagedFileError, match=r"archive\.sqlite is damaged"):
        Archive(data_dir, "a league")
