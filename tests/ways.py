"""The three ways in which a review is recalculated, for tests that must hold whichever is taken."""

import fuzz
import pytest

from capexrisk_workbooks.evaluation import shortcut

STALE = fuzz.stale(fuzz.reviews()[0])
COMPUTED_ON = fuzz.with_user_formulas(STALE)
WAYS = {"template": STALE, "computed on": COMPUTED_ON, "by the engine alone": COMPUTED_ON}


def taken(way: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Give the review for one way, which recalculating then takes."""
    if way == "by the engine alone":
        monkeypatch.setattr(shortcut, "evaluate", lambda *_: None)
    return WAYS[way]
