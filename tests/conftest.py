import os
from collections.abc import Iterator

import calc as harness
import pytest


def require_calc() -> None:
    """Skip where there is no LibreOffice to test with; fail instead under CI."""
    why = harness.missing()
    if why and os.environ.get("CI"):
        pytest.fail(why)
    if why:
        pytest.skip(why)


@pytest.fixture(scope="session")
def calc() -> Iterator[harness.Calc]:
    """One real LibreOffice Calc for the whole session, without the extension."""
    require_calc()
    with harness.Calc() as running:
        yield running
