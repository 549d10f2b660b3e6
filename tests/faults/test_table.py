"""`docs/faults.md` tells of each fault that a test brings about, and of no other."""

from __future__ import annotations

from pathlib import Path

from tests.faults.table import FAULTS, PAGE, Row, plain, read, written

NAMES = [name for names in FAULTS.values() for name in names]


def test_the_page_tells_of_every_fault_and_no_other() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = read(page)
    assert list(rows) == NAMES
    assert page == written(rows)


def test_every_fault_is_told_by_a_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in NAMES if f'"{name}"' not in tests] == []


def test_a_sentence_is_written_and_read_as_it_is() -> None:
    row = Row(NAMES[0], "one | other", "nothing", 0.3)
    assert read(written({NAMES[0]: row})) == {NAMES[0]: row}


def test_what_differs_from_time_to_time_is_left_out(tmp_path: Path) -> None:
    sentence = f"http://127.0.0.1:8123/judges: no answer within 0.5 s. Attempt 2 of 5 in 0.1 s. See {tmp_path}/a."
    expected = "http://127.0.0.1:.../judges: no answer within ... s. Attempt 2 of 5 in ... s. See .../a."
    assert plain(sentence, tmp_path) == expected
