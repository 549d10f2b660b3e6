"""docs/memory.md has a place for every part of the guide that it replaces, and names nothing that isn't there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Final

import pytest

import gomafia_kit as gk
from gomafia_kit.cli import docs
from gomafia_kit.cli.guide import RESULTS, kept, made_anew, shown

ROOT = Path(__file__).parents[1]
PAGE: Final = (docs.docs_dir() / "memory.md").read_text(encoding="utf-8")

HEADINGS: Final = (
    "Overview",
    "Current Configuration",
    "Memory Profiling Tools",
    "Node.js Built-in Memory Profiling",
    "Heap Snapshot",
    "process.memoryUsage()",
    "clinic.js (Node.js Performance Profiling)",
    "Playwright Memory Profiling",
    "Memory Optimization Strategies",
    "Strategy 1: Reduce Batch Size",
    "Strategy 2: Stream Processing Instead of Batching",
    "Strategy 3: Release Playwright Resources Aggressively",
    "Strategy 4: Database Query Optimization",
    "Memory Monitoring During Import",
    "Real-Time Monitoring Script",
    "Batch Size Decision Matrix",
    "Performance Testing Checklist",
    "Before Optimization",
    "After Optimization",
    "Load Testing",
    "Troubleshooting Memory Issues",
    "Symptom: OOM Error During Import",
    "Symptom: Memory Leak (Increasing Heap Over Time)",
    "Symptom: Slow Import After N Hours",
    "Recommendations",
    "For Production Deployment",
    "For Development",
    "Appendix: Memory Profiling Checklist",
)
ITEMS: Final = (
    "Profile baseline memory usage with current batch size (100)",
    "Identify peak memory during import",
    "Measure import duration for 1,000 players",
    "Profile memory usage with new batch size",
    "Verify peak memory reduced by >30%",
    "Measure import duration (acceptable if <2x slower)",
    "Test with 10,000+ records to verify no OOM errors",
    "Import 100 players (small dataset test)",
    "Import 1,000 players (medium dataset test)",
    "Import 10,000 players (large dataset test)",
    "Monitor memory graphs for leaks (increasing trend)",
    "Baseline memory profile captured",
    "Peak memory identified (<1GB for serverless)",
    "Batch size optimized (50 recommended)",
    "Playwright cleanup verified",
    "Database cursor pagination tested",
    "Memory leak testing (6-hour import)",
    "Load testing with 10,000+ records",
    "Production monitoring configured",
    "GC tuning applied if needed",
    "Documentation updated",
)


def _rows(heading: str) -> list[tuple[str, str, str]]:
    """The table at the page's end whose first column is headed so."""
    table = PAGE.partition(f"| {heading} | here | by |\n")[2].partition("\n\n")[0]
    return re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", table.partition("\n")[2], re.MULTILINE)


@pytest.mark.parametrize(("heading", "wanted"), [("its heading", HEADINGS), ("its checklists", ITEMS)])
def test_every_part_of_the_guide_has_its_place(heading: str, wanted: tuple[str, ...]) -> None:
    rows = _rows(heading)
    assert tuple(part for part, _, _ in rows) == wanted
    titles = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for part, place, command in rows:
        assert re.findall(r"`([^`]+)`", command), part
        assert place == "this page" or set(re.findall(r"\(#(.+?)\)", place)) <= anchors, place


def test_each_section_shows_what_a_command_printed() -> None:
    for section in PAGE.split("\n## ")[1:-1]:
        assert re.search(r"^```text\n(?:\$|>>>|kept:) .+\n.", section, re.MULTILINE), section.partition("\n")[0]


def test_every_command_and_call_that_is_named_is_there() -> None:
    named = re.findall(r"`([^`]+)`", PAGE) + [line for _, line in shown(PAGE)]
    commands = docs.commands()
    for text in named:
        if text.startswith("gomafia "):
            name = " ".join(text.split()[:2])
            assert name in commands, text
            options = {flag for option in commands[name].params for flag in option.opts}
            assert {word for word in text.split() if word.startswith("--")} <= options, text
    for call in re.findall(r"\bgk\.(\w+)", PAGE):
        assert call in gk.__all__ or call == "memory", call
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) <= set(targets)
    for module in re.findall(r"python -m\s+(benchmarks\.\w+)", PAGE):
        assert importlib.util.find_spec(module), module


def test_what_is_shown_can_be_made_anew() -> None:
    blocks = shown(PAGE)
    assert len(blocks) > 20
    again = made_anew(PAGE, lambda prompt, line: f"{prompt} {line}\nnew")
    assert shown(again) == blocks
    assert again.count("\nnew\n```") == len(blocks)


def test_figures_that_took_long_are_the_newest_that_were_kept() -> None:
    results = RESULTS.read_text(encoding="utf-8")
    names = [line for prompt, line in shown(PAGE) if prompt == "kept:"]
    assert len(names) > 5
    for name in names:
        assert kept(name, results) in PAGE
    with pytest.raises(ValueError, match="no figures of 'what was never measured'"):
        kept("what was never measured", results)


def test_both_pages_calculate_the_same() -> None:
    line = "$ gomafia memory --calculate 512\n"
    calculated = docs.kept_examples()["gomafia memory"].partition(line)[2]
    assert calculated
    assert f"{line}{calculated}\n```" in PAGE
