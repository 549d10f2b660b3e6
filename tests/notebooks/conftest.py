from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.widgets.runs import finished_import

if TYPE_CHECKING:
    from gomafia_kit.widgets.handle import RunHandle


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> RunHandle:
    return finished_import(tmp_path_factory.mktemp("лига и") / "данные")
