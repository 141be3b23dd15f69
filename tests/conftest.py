import os
import venv
from collections.abc import Iterator
from pathlib import Path

import calc as harness
import pytest

from capexrisk_addin.calc.extension import write_extension


def require_calc() -> None:
    """Skip where there is no LibreOffice to test with; fail instead under CI."""
    why = harness.missing()
    if why and os.environ.get("CI"):
        pytest.fail(why)
    if why:
        pytest.skip(why)


@pytest.fixture(autouse=True)
def own_ledger(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger for each test, so that none looks into the user's."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    monkeypatch.setenv("CAPEXRISK_LEDGER", str(path))
    return path


@pytest.fixture(scope="session")
def calc() -> Iterator[harness.Calc]:
    """One real LibreOffice Calc for the whole session, as it comes."""
    require_calc()
    with harness.Calc() as running:
        yield running


@pytest.fixture(scope="session")
def calc_with_functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Calc]:
    """One real LibreOffice Calc for the whole session, with the CAPEX_ functions computed by this Python."""
    require_calc()
    with harness.Calc(write_extension(tmp_path_factory.mktemp("extension") / "capexrisk.oxt")) as running:
        yield running


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has only the standard library."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"
