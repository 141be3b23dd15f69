"""The workbook while it is being made: cells written with their style, data as data, formulas as formulas."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Protection
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from capexrisk.errors import InputError
from capexrisk.policy import Policy
from capexrisk.records import Record
from capexrisk.version import VERSION
from capexrisk_workbooks import style
from capexrisk_workbooks.ooxml.cells import escaped, spelled_number
from capexrisk_workbooks.pages.places import SHEETS, Block, Place

Functions = Literal["excel", "office"]
PREFIX = {"excel": "", "office": "_xldudf_"}
"""How a function's name is stored: plainly for the Excel add-in, with a prefix for Office add-ins."""

LONGEST_TEXT = 32767
_CALL = re.compile(r"\bCAPEX_(?=[A-Z_]+\()")
_FORMULA_LIKE = ("=", "+", "-", "@", "'")


class Making:
    """A new workbook with its seven sheets, the review that goes into it, and the form its functions are stored in."""

    def __init__(self, record: Record, policy: Policy, functions: Functions) -> None:
        self.record, self.policy, self.prefix = record, policy, PREFIX[functions]
        self.book = Workbook()
        self.book.remove(self.book.worksheets[0])
        style.register(self.book)
        for name in SHEETS:
            self.book.create_sheet(name)

    def sheet(self, name: str) -> Worksheet:
        """Give a sheet by its name."""
        return self.book[name]

    def formula(self, text: str) -> str:
        """Give a formula as it is stored in a cell; `text` has no equals sign."""
        return "=" + _CALL.sub(f"{self.prefix}CAPEX_", text)

    def label(self, place: Place, text: str, look: str) -> Cell:
        """Write text of ours."""
        cell = self._cell(place)
        cell.value = text or None
        style.dress(cell, look)
        return cell

    def tint(self, place: Place, look: str) -> None:
        """Give all cells of a place a look, and leave what they hold."""
        for row in range(place.rows):
            for column in range(place.columns):
                style.dress(self._cell(place.cell(row, column)), look)

    def calculate(self, place: Place, text: str, look: str, number_format: str | None = None) -> Cell:
        """Write a formula, given without its equals sign."""
        cell = self._cell(place)
        cell.value = self.formula(text)
        style.dress(cell, look, number_format)
        return cell

    def fill(self, block: Block, looks: Iterable[str], formats: Iterable[str | None] | None = None) -> None:
        """Write a table of results: titles above, one array formula, and the look of each of its columns."""
        place = block.place
        sheet = self.sheet(place.sheet)
        formats = list(formats or [None] * place.columns)
        for column, (look, number_format) in enumerate(zip(looks, formats, strict=True)):
            across = "column header right" if look in ("result", "link") else "column header in"
            self.label(place.cell(-1, column), block.titles[column], across)
            for row in range(place.rows):
                style.dress(self._cell(place.cell(row, column)), look, number_format)
        sheet[place.cell(0).local] = ArrayFormula(place.local, self.formula(block.call))

    def type_in(self, place: Place, value: object, look: str, number_format: str | None = None) -> Cell:
        """Write what a person would have typed; text stays text, whatever it looks like."""
        cell = self._cell(place)
        style.dress(cell, look, number_format)
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT:
                raise InputError(
                    f"A text begins {value[:40]!r} and has {len(value):,} characters; a cell holds 32,767."
                )
            cell.value = escaped(value)
            cell.data_type = "s"
            if value.startswith(_FORMULA_LIKE):
                cell.quotePrefix = True  # pyright: ignore[reportAttributeAccessIssue]
        elif isinstance(value, float):
            cell.value = spelled_number(value)  # openpyxl would round to 16 digits
            cell.data_type = "n"
        else:
            cell.value = value  # pyright: ignore[reportAttributeAccessIssue]
        return cell

    def link(self, place: Place, text: str, target: Place, look: str = "hyperlink") -> Cell:
        """Write text that leads to another cell of the workbook."""
        cell = self.label(place, text, look)
        cell.hyperlink = Hyperlink(ref=place.local, location=f"{target.sheet}!{target.local}", display=text)
        return cell

    def name(self, name: str, target: Place | str, hidden: bool = False) -> None:
        """Define a name for the whole workbook, for cells or for a constant formula."""
        text = target if isinstance(target, str) else str(target)
        self.book.defined_names[name] = DefinedName(name, attr_text=text, hidden=hidden or None)

    def head(self, name: str, title: str, note: str, last_column: int) -> None:
        """Write the band on top of a sheet: its title, what it is for, and the entity on the right."""
        self.tint(Place(name, 1, 1, 2, last_column), "title")
        self.label(Place(name, 1, 2), title, "title")
        self.label(Place(name, 2, 2), note, "title note left")
        self.calculate(Place(name, 1, last_column), 'IF(entity="","",entity)', "title note")
        sheet = self.sheet(name)
        sheet.row_dimensions[1].height, sheet.row_dimensions[2].height = 24, 18
        sheet.column_dimensions["A"].width = 2.5

    def unlock_rows(self, place: Place) -> None:
        """Let whole rows be deleted and sorted under protection: every cell of them must be unlocked."""
        dimensions = self.sheet(place.sheet).row_dimensions
        for row in range(place.row, place.row + place.rows):
            dimensions[row].protection = Protection(locked=False)  # pyright: ignore[reportAttributeAccessIssue]

    def finish_sheet(self, name: str, *, last: Place, landscape: bool, titles: str, freeze: str, tall: int = 0) -> None:
        """Protect a sheet without a password and set how it is frozen and printed; `last` ends the printed area."""
        sheet = self.sheet(name)
        sheet.protection.sheet = True
        for allowed in ("formatCells", "formatColumns", "formatRows", "insertRows", "insertColumns", "deleteRows",
                        "deleteColumns", "insertHyperlinks", "sort", "autoFilter"):  # fmt: skip
            setattr(sheet.protection, allowed, False)  # False: not forbidden
        sheet.freeze_panes = freeze
        for selection in sheet.sheet_view.selection:
            selection.activeCell = selection.sqref = freeze
        sheet.sheet_view.showGridLines = False
        sheet.sheet_properties.tabColor = style.TABS.get(name, style.MUTED)
        sheet.sheet_view.zoomScale = 90
        sheet.print_area = f"A1:{last.local}"
        sheet.print_title_rows = titles
        sheet.page_setup.orientation = "landscape" if landscape else "portrait"
        sheet.page_setup.paperSize = 9
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, tall
        sheet.sheet_properties.pageSetUpPr.fitToPage = True  # pyright: ignore[reportOptionalMemberAccess]
        sheet.print_options.horizontalCentered = True
        margins = sheet.page_margins
        margins.left = margins.right = 0.4
        margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.65, 0.3, 0.3
        footer = {"left": "&F", "center": "&A", "right": f"Page &P of &N  ·  capexrisk {VERSION}"}
        for side, text in footer.items():
            part = getattr(sheet.oddFooter, side)
            part.text, part.size, part.font, part.color = text, 8, style.TYPEFACE, style.MUTED

    def _cell(self, place: Place) -> Cell:
        return self.sheet(place.sheet).cell(place.row, place.column)  # pyright: ignore[reportReturnType]
