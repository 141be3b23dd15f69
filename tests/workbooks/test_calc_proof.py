"""The workbook behaves the same in a real LibreOffice as in the batch: every result cell, after each kind of change."""

from pathlib import Path

import pytest

from capexrisk.examples import examples
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.recalc import recalculate

pytestmark = pytest.mark.libreoffice

EXAMPLES = {f"{record['inputs']['entity']} {record['inputs']['period_end']}": record for record in examples()}
GRANITE = EXAMPLES["Granite Compute 2026-03-31"]


def result_cells(path: Path):
    """Every cell that a formula fills, with its stored value."""
    book = Book.read(path)
    for part in book.sheets:
        sheet = book.sheet(part.name)
        values = sheet.values()
        for spot in [*sheet.formulas, *sheet.members]:
            yield part.name, spot, values.get(spot)


def assert_same(document, path: Path) -> int:
    """Hold what LibreOffice shows against what the batch stored; gives how many cells were compared."""
    shown = {name: document.values(name) for name in document.sheets}
    compared = 0
    for sheet, (row, col), value in result_cells(path):
        rows = shown[sheet]
        found = rows[row - 1][col - 1] if row <= len(rows) and col <= len(rows[row - 1]) else None
        where = f"{sheet} row {row} column {col}: batch {value!r}, LibreOffice {found!r}"
        if isinstance(value, float):
            assert isinstance(found, float), where
            assert found == pytest.approx(value, rel=1e-12, abs=1e-12), where
        else:
            assert str(found or "") == str(value or ""), where
        compared += 1
    return compared


@pytest.mark.parametrize("record", [None, *EXAMPLES.values()], ids=["blank", *EXAMPLES])
def test_calc_shows_what_the_file_stores(record, calc_with_functions, tmp_path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(new_workbook(record))
    with calc_with_functions.open(path) as document:
        document.recalculate()
        assert assert_same(document, path) > 1000


def field(document, name):
    """The sheet and (row, column) of a named cell."""
    sheet, (top, left, *_rest) = document.where(name)
    return sheet, (top, left)


def a_number(document):
    sheet, cell = field(document, "cash")
    document.set(sheet, cell, 320.5)


def a_cleared_cell(document):
    sheet, cell = field(document, "total_debt")
    document.set(sheet, cell, None)


def a_text_in_a_number(document):
    sheet, cell = field(document, "interest_expense")
    document.set(sheet, cell, "1,234")


def a_percentage_as_text(document):
    sheet, cell = field(document, "gross_margin")
    document.set(sheet, cell, "41.5%")


def customers_inserted_and_sorted(document):
    document.unprotect("Customers")
    document.insert_rows("Customers", 9, 1)
    for column, value in enumerate(("Customer Zeta", "Neocloud", 95.0, 20.0, "High yield", "Yes", "Yes"), start=2):
        document.set("Customers", (9, column), value)
    document.sort("Customers", "B7:I32", 4)


def a_scenario_edited_and_one_added(document):
    document.set("Scenarios", (8, 4), 0.4)
    for column, value in ((2, "mine"), (3, "If it rains"), (6, 0.15), (12, 0.05)):
        document.set("Scenarios", (20, column), value)


def an_error_among_the_inputs(document):
    sheet, cell = field(document, "depreciation")
    document.enter(sheet, cell, "=1/0")


def yes_and_no(document):
    sheet, cell = field(document, "margin_includes_depreciation")
    document.set(sheet, cell, "No")


CHANGES = (
    a_number,
    a_cleared_cell,
    a_text_in_a_number,
    a_percentage_as_text,
    customers_inserted_and_sorted,
    a_scenario_edited_and_one_added,
    an_error_among_the_inputs,
    yes_and_no,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_gives_the_same_in_calc_and_in_the_batch(change, calc_with_functions, tmp_path):
    path, saved = tmp_path / "review.xlsx", tmp_path / "saved.xlsx"
    path.write_bytes(new_workbook(GRANITE))
    with calc_with_functions.open(path) as document:
        change(document)
        document.recalculate()
        document.save(saved)
        before = list(result_cells(saved))
        outcome = recalculate(saved)
        assert outcome.status in ("recalculated", "unchanged", "incomplete"), outcome.sentence
        assert outcome.kept == ()
        assert_same(document, saved)
    again = recalculate(saved)
    assert not again.changed
    values = {(sheet, spot): value for sheet, spot, value in before if isinstance(value, float)}
    assert values or outcome.status == "incomplete"
    for sheet, spot, value in result_cells(saved):
        if (sheet, spot) in values:
            assert value == pytest.approx(values[sheet, spot], rel=1e-13), (sheet, spot)


def test_stale_values_are_not_what_calc_computes(calc_with_functions, tmp_path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(template_bytes(GRANITE))  # no stored values at all
    with calc_with_functions.open(path) as document:
        document.recalculate()
        with pytest.raises(AssertionError):
            assert_same(document, path)
