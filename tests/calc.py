"""A real LibreOffice Calc for tests: headless, with a new private profile, driven from any Python.

    with Calc() as calc, calc.open("review.xlsx") as document:
        document.set("Review", "D12", 500)       # a value; None clears; "=risk_score*2" is a formula as in Excel
        document.enter("Review", "D13", "45%")   # what a user types, understood the way Calc does
        document.recalculate()                   # always needed: Calc never recalculates an .xlsx by itself
        document.value("Scorecard", "C5")        # float, str, bool, None for blank, Error("#VALUE!")
        document.named("risk_score")             # the same through a defined name
        document.save("after.xlsx")

In tests take the fixtures of conftest.py: `calc`, one LibreOffice for the whole session, and `calc_with_functions`, one
that has the CAPEX_ functions. Where there is no LibreOffice they skip, or fail when CI is set.

Cells are "D12" or (row, column) counted from 1, ranges "A1:C9" or (row, column, row, column). Whatever LibreOffice
refuses is a `CalcError`; what it does not answer within `seconds` ends the process and is a `CalcTimeoutError`.
"""

from __future__ import annotations

import json
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from capexrisk_addin.calc.office import Headless, OfficeError, clean_environment, find_office

CellAddress = str | tuple[int, int]
RangeAddress = str | tuple[int, int, int, int]
CellValue = float | str | bool | None

BRIDGE = Path(__file__).with_name("calc_bridge.py")
PROFILE_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Setup/Product">
  <prop oor:name="ooSetupLastVersion" oor:op="fuse"><value>{version}</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Misc">
  <prop oor:name="FirstRun" oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"""


class CalcError(Exception):
    """LibreOffice refused a request; the message is its own."""


class CalcTimeoutError(CalcError):
    """LibreOffice did not answer in time and was ended."""


class Error(str):
    """An error value in a cell: equal to its name ("#VALUE!", "#N/A", "Err:504"); `code` is Calc's number for it."""

    code: int

    def __new__(cls, name: str, code: int) -> Error:
        made = super().__new__(cls, name)
        made.code = code
        return made


@cache
def missing() -> str | None:
    """Say what is missing for running Calc here, or None when everything is there."""
    try:
        find_office()
    except OfficeError as error:
        return f"{error} For tests, .ci/system-packages.sh installs it."
    if shutil.which("pdftoppm") is None:
        return "pdftoppm is not installed: .ci/system-packages.sh installs it."
    return None


class Calc:
    """One running LibreOffice with a private profile; ends with the `with` block.

    extension: a folder holding an unpacked extension, loaded for this process only.
    profile: a profile folder to run in and keep, such as one that an extension was installed into; without it a new
        one, thrown away afterwards.
    seconds: how long one request may take.
    """

    version: str

    def __init__(self, extension: Path | None = None, profile: Path | None = None, seconds: float = 120) -> None:
        self.found = find_office()
        self.extension, self.seconds, self.kept_profile = extension, seconds, profile
        self.folder: Path | None = None
        self.office: Headless | None = None
        self.bridge: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start LibreOffice and the bridge to it."""
        self.folder = Path(tempfile.mkdtemp(prefix="calc-"))
        profile = self.kept_profile or self.folder / "profile"
        settings = profile / "user" / "registrymodifications.xcu"
        if not settings.exists():
            settings.parent.mkdir(parents=True, exist_ok=True)
            year, month = self.found.version
            settings.write_text(PROFILE_SETTINGS.format(version=f"{year}.{month}"), "utf-8")
        bundled = self.folder / "extensions" if self.extension else None
        if self.extension and bundled:
            shutil.copytree(self.extension, bundled / self.extension.name)
        self.log = open(self.folder / "log.txt", "wb")  # noqa: SIM115 - lives as long as the process
        self.office = Headless(self.found, profile, self.log, bundled)
        self.bridge = subprocess.Popen(
            [self.found.python, BRIDGE, self.office.pipe, str(self.seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=clean_environment(),
        )
        until = time.monotonic() + self.seconds
        while not self.readable(0.1):
            if not self.office.is_running():
                raise CalcError(f"LibreOffice ended at its start: {self.said()}")
            if time.monotonic() > until:
                raise CalcTimeoutError(f"LibreOffice did not start within {self.seconds} s: {self.said()}")
        self.version = self.reply("start")

    def said(self) -> str:
        """Give the last of what LibreOffice and the bridge printed."""
        log = self.folder and self.folder / "log.txt"
        return (log.read_text("utf-8", "replace")[-2000:].strip() if log else "") or "it said nothing."

    def stream(self) -> IO[str]:
        assert self.bridge and self.bridge.stdout
        return self.bridge.stdout

    def readable(self, seconds: float) -> bool:
        return bool(select.select([self.stream()], [], [], seconds)[0])

    def reply(self, request: str) -> Any:
        if not self.readable(self.seconds):
            self.end()
            raise CalcTimeoutError(f"LibreOffice did not answer {request} within {self.seconds} s and was ended.")
        line = self.stream().readline()
        if not line:
            said = self.said()
            self.end()
            raise CalcError(f"LibreOffice or the bridge to it ended during {request}: {said}")
        answer = json.loads(line)
        if "error" in answer:
            raise CalcError(answer["error"])
        return answer["gives"]

    def ask(self, request: str, **arguments: Any) -> Any:
        """Send one request to the bridge and give its answer."""
        if self.bridge is None or self.bridge.stdin is None:
            raise CalcError("This LibreOffice has ended.")
        self.bridge.stdin.write(json.dumps({"do": request, **arguments}) + "\n")
        self.bridge.stdin.flush()
        return self.reply(request)

    def open(self, path: Path | str | None = None) -> Document:
        """Open a spreadsheet file, or a new one with one sheet, "Sheet1", when there is no path.

        A LibreOffice that ended before, by a crash or a timeout, is started anew.
        """
        if self.office is None or not self.office.is_running():
            self.end()
            self.start()
        return Document(self, self.ask("open", path=path and str(Path(path).resolve(strict=True))))

    def functions(self) -> list[dict[str, Any]]:
        """Give every function of Calc's wizard: {"name", "help", "arguments": [{"name", "help", "optional"}]}."""
        return self.ask("functions")

    def close(self) -> None:
        """Ask LibreOffice to leave, and end what does not within ten seconds."""
        if self.bridge and self.office:
            with suppress(CalcError, OSError):  # it may leave in the middle of its answer
                self.ask("quit")
        if self.office:
            self.office.wait(10)
        self.end()

    def end(self) -> None:
        """End the processes of this LibreOffice, at once, and throw its files away."""
        if self.office:
            self.office.end()
        if self.bridge:
            self.bridge.kill()
            self.bridge.communicate()
        self.office = self.bridge = None
        if self.folder:
            self.log.close()
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None


class Document:
    """An open spreadsheet. Sheets are given by name."""

    def __init__(self, calc: Calc, number: int) -> None:
        self.calc, self.number, self.bridge = calc, number, calc.bridge

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, request: str, **arguments: Any) -> Any:
        if self.bridge is not self.calc.bridge:
            raise CalcError("The LibreOffice of this document has ended.")
        return self.calc.ask(request, document=self.number, **arguments)

    @property
    def sheets(self) -> list[str]:
        """The names of the sheets, in their order."""
        return self.ask("sheets")

    @property
    def names(self) -> dict[str, str]:
        """Every defined name of the workbook with what it stands for, in Calc's notation."""
        return self.ask("names")

    def where(self, name: str) -> tuple[str, tuple[int, int, int, int]]:
        """Give sheet and range that a defined name stands for."""
        sheet, *area = self.ask("where", name=name)
        return sheet, (area[0], area[1], area[2], area[3])

    def used(self, sheet: str) -> tuple[int, int]:
        """Give the last row and the last column of a sheet that hold anything."""
        row, column = self.ask("used", sheet=sheet)
        return row, column

    def recalculate(self) -> None:
        """Calculate every formula anew."""
        self.ask("recalculate")

    def value(self, sheet: str, cell: CellAddress) -> CellValue:
        """Give a cell's value: float, str, bool, None for a blank cell, `Error`. A formula that gives "" gives ""."""
        return self.values(sheet, area_of(cell))[0][0]

    def values(self, sheet: str, area: RangeAddress | None = None) -> list[list[CellValue]]:
        """Give the values of a range, row by row; without a range, of everything used from A1 on."""
        rows = self.ask("values", sheet=sheet, area=area_of(area or (1, 1, *self.used(sheet))))
        return [
            [Error(item["error"], item["code"]) if isinstance(item, dict) else item for item in row] for row in rows
        ]

    def named(self, name: str) -> CellValue:
        """Give the value of the cell, the top left one of the range, that a defined name stands for."""
        sheet, area = self.where(name)
        return self.value(sheet, area[:2])

    def named_values(self, name: str) -> list[list[CellValue]]:
        """Give the values of the range that a defined name stands for."""
        return self.values(*self.where(name))

    def text(self, sheet: str, cell: CellAddress) -> str:
        """Give what the cell shows, formatted."""
        return self.ask("texts", sheet=sheet, area=area_of(cell))[0][0]

    def formula(self, sheet: str, cell: CellAddress) -> str:
        """Give a cell's formula in Calc's own notation ("=SUM(A1;B1)", "{=…}" in an array), or its content as typed."""
        return self.formulas(sheet, area_of(cell))[0][0]

    def formulas(self, sheet: str, area: RangeAddress | None = None) -> list[list[str]]:
        """Give the formulas of a range, row by row; "" for a blank cell."""
        return self.ask("formulas", sheet=sheet, area=area_of(area or (1, 1, *self.used(sheet))))

    def set(self, sheet: str, cell: CellAddress | RangeAddress, value: CellValue | int) -> None:
        """Put a value into a cell: number, bool, text as text, None to clear, or a formula in Excel's notation.

        Text that begins with "=" is a formula, "=SUM(Review!A1,risk_score)"; given for a range it is an array formula.
        None clears a whole range. Formats stay.
        """
        self.ask("set", sheet=sheet, area=area_of(cell), value=value)

    def fill(
        self, sheet: str, cell: CellAddress, rows: Sequence[Sequence[CellValue | int]]
    ) -> tuple[int, int, int, int]:
        """Put rows of equal length, from `cell` on, in one go, and give the range; None is a blank cell."""
        row, column = area_of(cell)[:2]
        area = (row, column, row + len(rows) - 1, column + len(rows[0]) - 1)
        self.ask("fill", sheet=sheet, area=area, rows=rows)
        return area

    def enter(self, sheet: str, cell: CellAddress, text: str) -> None:
        """Type into a cell as a user does: "45%", "1,234", "2025-11-30" are read as Calc (English, US) reads them."""
        self.ask("enter", sheet=sheet, area=area_of(cell), text=text)

    def insert_rows(self, sheet: str, row: int, count: int = 1) -> None:
        """Insert rows above `row`, counted from 1."""
        self.ask("insert_rows", sheet=sheet, row=row, count=count)

    def delete_rows(self, sheet: str, row: int, count: int = 1) -> None:
        """Delete rows from `row` on, counted from 1."""
        self.ask("delete_rows", sheet=sheet, row=row, count=count)

    def insert_columns(self, sheet: str, column: int, count: int = 1) -> None:
        """Insert columns to the left of `column`, counted from 1."""
        self.ask("insert_columns", sheet=sheet, column=column, count=count)

    def sort(self, sheet: str, area: RangeAddress, column: int, descending: bool = False) -> None:
        """Sort the rows of a range, which has no header in it, by one of the sheet's columns, counted from 1."""
        self.ask("sort", sheet=sheet, area=area_of(area), column=column, descending=descending)

    def is_protected(self, sheet: str) -> bool:
        """Say whether a sheet is protected."""
        return self.ask("protected", sheet=sheet)

    def unprotect(self, sheet: str) -> None:
        """Take a sheet's protection, which must be without a password, off."""
        self.ask("protect", sheet=sheet, on=False)

    def save(self, path: Path | str) -> Path:
        """Save a copy; the ending decides: .xlsx, .xlsm, .ods or .pdf (all sheets, as they would be printed)."""
        target = Path(path).absolute()
        self.ask("save", path=str(target))
        return target

    def close(self) -> None:
        """Close the document without saving; nothing to do when its LibreOffice has ended."""
        if self.bridge is self.calc.bridge:
            self.ask("close")


def area_of(address: CellAddress | RangeAddress) -> tuple[int, int, int, int]:
    """Give (row, column, row, column), from 1, of "B2", "$B$2:C9", (2, 2) or itself."""
    if not isinstance(address, str):
        return (*address, *address) if len(address) == 2 else address
    first, _, last = address.replace("$", "").partition(":")
    return (*cell_of(first), *cell_of(last or first))


def address_of(area: CellAddress | RangeAddress) -> str:
    """Give "$B$2:$C$9" of a range, "$B$2" of a single cell."""
    row, column, last_row, last_column = area_of(area)
    first, last = f"${letters(column)}${row}", f"${letters(last_column)}${last_row}"
    return first if first == last else f"{first}:{last}"


def letters(column: int) -> str:
    """Give the letters of a column counted from 1: "AA" of 27."""
    found = ""
    while column:
        column, letter = divmod(column - 1, 26)
        found = chr(ord("A") + letter) + found
    return found


def cell_of(address: str) -> tuple[int, int]:
    """Give (row, column), from 1, of "B2"."""
    found = re.fullmatch(r"([A-Za-z]{1,3})([1-9]\d*)", address)
    if not found:
        raise ValueError(f'"{address}" is not a cell: write it like B2.')
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column


def pictures(pdf: Path, folder: Path, dpi: int = 80) -> list[Path]:
    """Turn each page of a PDF into a PNG file in `folder`, named after it, and give the files in the pages' order."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-png", pdf, folder / pdf.stem], check=True, timeout=300, capture_output=True
    )
    return sorted(folder.glob(f"{pdf.stem}-*.png"))
