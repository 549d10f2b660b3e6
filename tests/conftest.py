"""What every test gets: no setting of the person's own, and no network but this machine."""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# The same examples each time, however busy the machine is: what chance finds is sought by `make soak-fuzz`.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")


def _stay_on_this_machine(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse connections to other machines (an audit hook: it holds whatever library opens the socket)."""
    if event != "socket.connect":
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return  # a Unix socket
    host = str(address[0])
    if host == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        return
    raise AssertionError(f"A test reached for {host}: tests stay on this machine.")


sys.addaudithook(_stay_on_this_machine)


@pytest.fixture(autouse=True, scope="session")
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings and data folders of the tests are theirs alone, in children too."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GOMAFIA_", "PG")) and name != "GOMAFIA_CHROMIUM"]:
            if name != "GOMAFIA_PLAYERS_FILE":
                patch.delenv(name)
        patch.setenv("GOMAFIA_HOME", str(home))
        yield


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder whose path is as awkward as people's are."""
    return tmp_path / "данные лиги"
