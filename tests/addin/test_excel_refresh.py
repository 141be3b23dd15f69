"""Refresh functions: CAPEX_ formulas of an open workbook entered again, links repaired, protection left as it was."""

import pytest
import pywin32
from excel import Book, Cell, Excel, Sheet, pressed

from capexrisk_addin.excel import refresh


@pytest.fixture
def classic():
    with pywin32.installed() as host:
        yield host


def refreshed(classic, sheet, links=()):
    addin = Book("C:\\Users\\Ann\\XLSTART\\capexrisk.xlam")
    book = Book("C:\\reviews\\Acme.xlsx", sheets=[sheet], links=links)
    sheet.Parent = book
    excel = Excel(addin, book)
    pressed(classic, excel, "refresh_functions")
    ((_, said),) = classic.said
    return book, said


@pytest.mark.parametrize(
    "stored",
    [
        "='C:\\Users\\Bob\\XLSTART\\capexrisk.xlam'!CAPEX_SCORE(Inputs,Customers,Scenarios,Questions)",
        "='C:\\Users\\O''Neil\\capexrisk.XLAM'!CAPEX_SCORE(Inputs,Customers,Scenarios,Questions)",
        "=capexrisk.xlam!CAPEX_SCORE(Inputs,Customers,Scenarios,Questions)",
        "=[1]!CAPEX_SCORE(Inputs,Customers,Scenarios,Questions)",
        "=CAPEX_SCORE(Inputs,Customers,Scenarios,Questions)",
    ],
)
def test_formulas_get_their_plain_names_back(stored):
    assert refresh.own(stored) == "=CAPEX_SCORE(Inputs,Customers,Scenarios,Questions)"


def test_other_links_stay():
    assert refresh.own("='C:\\x\\rates.xlsx'!Rate*[2]Sheet1!A1") == "='C:\\x\\rates.xlsx'!Rate*[2]Sheet1!A1"


def test_refresh_enters_our_formulas_again_and_no_others(classic):
    sheet = Sheet(
        "Review", [["Label", "='C:\\x\\capexrisk.xlam'!CAPEX_PAYBACK(Inputs,Customers)"], ["=A1*2", "=SUM(B1)"]]
    )
    _, said = refreshed(classic, sheet)
    assert sheet.entered == [("Formula", "=CAPEX_PAYBACK(Inputs,Customers)")]
    assert said == "1 formulas were entered again in Acme.xlsx."


def test_refresh_enters_an_array_formula_once_as_an_array(classic):
    sheet = Sheet("Stress", [["", ""]])
    formula = "=[1]!CAPEX_STRESS(Inputs,Customers,Scenarios)"
    sheet.UsedRange.cells[0][:] = [Cell(sheet, formula, "$A$1:$B$1"), Cell(sheet, formula, "$A$1:$B$1")]
    refreshed(classic, sheet)
    assert sheet.entered == [("FormulaArray", "=CAPEX_STRESS(Inputs,Customers,Scenarios)")]


def test_refresh_keeps_a_spilling_formula_spilling(classic):
    sheet = Sheet("Own", [[""]])
    sheet.UsedRange.cells[0][0] = Cell(sheet, "=CAPEX_POLICY()", spills=True)
    refreshed(classic, sheet)
    assert sheet.entered == [("Formula2", "=CAPEX_POLICY()")]


def test_refresh_puts_a_protection_back_as_it_was(classic):
    sheet = Sheet("Review", [["=CAPEX_VERSION()", ""]], protected=True)
    refreshed(classic, sheet)
    assert sheet.entered == [("Formula", "=CAPEX_VERSION()")]
    allowed = [name in ("AllowInsertingRows", "AllowSorting") for name in refresh.ALLOWED]
    assert sheet.calls == [("Unprotect", ""), ("Protect", "", True, True, False, False, *allowed)]


def test_refresh_names_sheets_with_a_password(classic):
    sheet = Sheet("Review", [["=CAPEX_VERSION()", ""]], protected=True, password="secret")
    _, said = refreshed(classic, sheet)
    assert sheet.entered == []
    assert "Not on Review: protected with a password" in said


def test_refresh_repairs_links_to_another_persons_addin(classic):
    links = ["C:\\Users\\Bob\\capexrisk.xlam", "C:\\Users\\Ann\\XLSTART\\capexrisk.xlam", "C:\\rates.xlsx",
             "C:\\refused\\capexrisk.xlam"]  # fmt: skip
    book, said = refreshed(classic, Sheet("Review", [["=CAPEX_VERSION()", ""]]), links)
    assert book.changed == [("C:\\Users\\Bob\\capexrisk.xlam", "C:\\Users\\Ann\\XLSTART\\capexrisk.xlam")]
    assert "1 links to an add-in elsewhere" in said


def test_refresh_of_a_workbook_without_our_functions_says_so(classic):
    _, said = refreshed(classic, Sheet("Sheet1", [["=SUM(A2:A9)", "CAPEX_SCORE"]]))
    assert said == "No CAPEX_ formula is in Acme.xlsx."
