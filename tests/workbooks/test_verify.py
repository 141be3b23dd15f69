"""Stored results are held against what the workbook computes now; the file is never changed."""

import pytest

from capexrisk.examples import examples
from capexrisk.policy import VARIABLE
from capexrisk_workbooks.book import Book
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.spelling import Edit
from capexrisk_workbooks.verify import verify


@pytest.fixture
def finished(tmp_path):
    path = tmp_path / "finished.xlsx"
    path.write_bytes(new_workbook(examples()[10]))
    return path


def edit(path, sheet, spot, value):
    book = Book.read(path)
    path.write_bytes(book.rewritten({sheet: book.sheet(sheet).edited({spot: Edit(value=value)})}))


def test_a_fresh_review_holds(finished):
    before = finished.read_bytes()
    found = verify(finished)
    assert found.holds
    assert found.reasons == ()
    assert finished.read_bytes() == before


def test_a_changed_input_shows_in_the_cells_that_rest_on_it(finished):
    row = next(
        row for (row, col), value in Book.read(finished).sheet("Review").values().items() if value == "Annual capex"
    )
    edit(finished, "Review", (row, 3), 1800.0)
    before = finished.read_bytes()
    found = verify(finished)
    assert not found.holds
    assert "changed since" in found.reasons[0]
    assert any(item.cell.startswith("Review!") for item in found.differences)
    assert finished.read_bytes() == before


def test_a_result_that_was_typed_over_is_found(finished):
    book = Book.read(finished)
    (spot,) = [
        spot for spot, formula in book.sheet("Review").formulas.items() if formula.text.startswith("CAPEX_SCORE(")
    ]
    edit(finished, "Review", spot, 12.0)
    found = verify(finished)
    (score,) = [item for item in found.differences if item.stored == 12.0]
    assert score.computed == 60.0


def test_another_policy_is_the_reason(finished, tmp_path, monkeypatch):
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n[metrics.leverage]\nweight = 5\nsource = "credit committee"\n')
    monkeypatch.setenv(VARIABLE, str(own))
    found = verify(finished)
    assert not found.holds
    assert "Bank X" in found.reasons[0]
