"""Entering the CAPEX_ formulas of an open workbook again, so that they find the add-in that is loaded here.

Excel keeps a function of an add-in as a link to the add-in's file on the machine where it was typed, and a formula that
was read before the add-in was loaded stays #NAME? until it is entered again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from capexrisk_addin.excel.build import FILE_NAME

EXCEL_LINKS = 1  # xlExcelLinks, xlLinkTypeExcelLinks
ALLOWED = (
    "AllowFormattingCells",
    "AllowFormattingColumns",
    "AllowFormattingRows",
    "AllowInsertingColumns",
    "AllowInsertingRows",
    "AllowInsertingHyperlinks",
    "AllowDeletingColumns",
    "AllowDeletingRows",
    "AllowSorting",
    "AllowFiltering",
    "AllowUsingPivotTables",
)
"""What a protection may allow, in the order of Excel's method Protect."""

_NAME = re.escape(FILE_NAME)
_PREFIX = re.compile(rf"(?:'(?:[^']|'')*{_NAME}'|\[?{_NAME}\]?|\[\d+\])!(?=CAPEX_)", re.IGNORECASE)
_OURS = re.compile(r"(?<![\w.])CAPEX_[A-Z_]+\(", re.IGNORECASE)


def refreshed(book: Any) -> str:
    """Repair links of the open workbook and enter its CAPEX_ formulas again; gives a sentence with what was done."""
    links = _repaired(book)
    entered, locked = 0, []
    for sheet in book.sheets:
        cells = list(_formulas(sheet))
        if not cells:
            continue
        with _unprotected(sheet) as open:
            if not open:
                locked.append(sheet.name)
                continue
            for cell in cells:
                _enter(cell)
            entered += len(cells)
    said = [f"{entered} formulas were entered again in {book.name}."]
    if not entered and not locked:
        said = [f"No CAPEX_ formula is in {book.name}."]
    if links:
        said.append(f"{links} links to an add-in elsewhere now lead to the one here.")
    if locked:
        said.append(f"Not on {', '.join(locked)}: protected with a password; take the protection off and try again.")
    return " ".join(said)


def own(formula: str) -> str:
    """Give a formula with the plain names of our functions, without the file that they were linked to."""
    return _PREFIX.sub("", formula)


def _repaired(book: Any) -> int:
    """Point links to other people's add-in to the one that is loaded; those that Excel refuses are left."""
    ours = next((addin.FullName for addin in _loaded(book)), None)
    sources = book.api.LinkSources(EXCEL_LINKS) or ()
    done = 0
    for source in sources:
        name = re.split(r"[\\/]", str(source))[-1]
        if ours is None or name.casefold() != FILE_NAME or str(source).casefold() == ours.casefold():
            continue
        try:
            book.api.ChangeLink(source, ours, EXCEL_LINKS)
        except Exception:  # COM's error; entering the formulas again mends what can be mended
            continue
        done += 1
    return done


def _loaded(book: Any) -> Iterator[Any]:
    try:
        yield book.api.Application.Workbooks(FILE_NAME)
    except Exception:  # COM's error when no such workbook is open
        return


def _formulas(sheet: Any) -> Iterator[Any]:
    """One cell of each formula that calls our functions; of an array formula its first."""
    used = sheet.used_range
    formulas = used.formula
    if not isinstance(formulas, (list, tuple)):
        formulas = ((formulas,),)
    blocks: set[str] = set()
    for row, line in enumerate(formulas):
        for column, text in enumerate(line):
            if not (isinstance(text, str) and text.startswith("=") and _OURS.search(text)):
                continue
            cell = used[row, column]
            if cell.api.HasArray:
                block = cell.api.CurrentArray.Address
                if block in blocks:
                    continue
                blocks.add(block)
            yield cell


def _enter(cell: Any) -> None:
    if cell.api.HasArray:
        block = cell.api.CurrentArray
        block.FormulaArray = own(block.FormulaArray)
    elif getattr(cell.api, "HasSpill", False):
        cell.api.Formula2 = own(cell.api.Formula2)
    else:
        cell.api.Formula = own(cell.api.Formula)


@contextmanager
def _unprotected(sheet: Any) -> Iterator[bool]:
    """Take a protection without a password off for a while; gives whether the sheet is open."""
    api = sheet.api
    if not api.ProtectContents:
        yield True
        return
    allowed = [bool(getattr(api.Protection, name)) for name in ALLOWED]
    drawings, scenarios = bool(api.ProtectDrawingObjects), bool(api.ProtectScenarios)
    try:
        api.Unprotect("")  # without an argument Excel would ask the user for a password
    except Exception:  # COM's error for a wrong password
        yield False
        return
    try:
        yield True
    finally:
        api.Protect("", drawings, True, scenarios, False, *allowed)
