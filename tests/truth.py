"""One list of cases for every host of the functions, and the page that shows them.

A case is a function with arguments; what is true is what plain Python gives for them. The tests run the list through
each host and find the same to 1e-12, or what `DIFFERENCES` says. `python tests/truth.py` writes docs/hosts.md.
"""

import io
import math
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula
from review_ranges import REVIEW, ranges

from capexrisk import ErrorCell
from capexrisk_udfs import FUNCTIONS, CallError

PAGE = Path(__file__).parents[1] / "docs" / "hosts.md"
RANGES = ("inputs", "customers", "scenarios", "questions")
LEFT_OUT = object()
"""An optional argument that is not given."""

WRONG = "#VALUE!"
"""What a call that is wrong in itself gives in every cell."""


def _review(**inputs: Any) -> dict[str, Any]:
    return {**REVIEW, "inputs": {**REVIEW["inputs"], **inputs}}


REVIEWS: dict[str, dict[str, Any]] = {
    "complete": _review(),
    "date": _review(period_end=date(2025, 12, 31)),
    "percent": _review(gross_margin="50%", annual_capex="1,000"),
    "blank": _review(cash=None),
    "error": _review(cash=ErrorCell("#N/A")),
    "truth_value": _review(cash=True),
}
"""The reviews that cases are about, by a name that can be a sheet's."""


@dataclass(frozen=True)
class Case:
    """A function over the ranges of a review, its other arguments as given; `sentence` is that of a wrong call."""

    name: str
    function: str
    review: str = "complete"
    given: Any = LEFT_OUT
    sentence: str | None = None

    @property
    def arguments(self) -> list[Any]:
        """The arguments as plain Python takes them; one that is left out stands at the end and is missing."""
        parts = dict(zip(RANGES, ranges(REVIEWS[self.review]), strict=True))
        described = FUNCTIONS[self.function].arguments
        return [
            parts[item.name] if item.kind == "range" else self.given
            for item in described
            if item.kind == "range" or self.given is not LEFT_OUT
        ]

    @cached_property
    def truth(self) -> Any:
        """What plain Python gives: a value, rows of values, or `WRONG`."""
        try:
            return FUNCTIONS[self.function].call(*self.arguments)
        except CallError as error:
            assert self.sentence is not None and self.sentence in str(error), error
            return WRONG

    @property
    def formula(self) -> str:
        """The case as a formula over the sheets of `workbook`."""
        parts: list[str] = []
        for item in FUNCTIONS[self.function].arguments:
            if item.kind == "range":
                cells = ranges(REVIEWS[self.review])[RANGES.index(item.name)]
                parts.append(f"{self.review}_{item.name}!$A$1:{get_column_letter(len(cells[0]))}${len(cells)}")
            elif self.given is not LEFT_OUT:
                parts.append(f'"{self.given}"' if isinstance(self.given, str) else str(self.given))
        return f"{self.function}({','.join(parts)})"

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of what it gives."""
        function = FUNCTIONS[self.function]
        return function.rows, function.columns


GIVEN = {"metric": "interest_cover", "scenario": "buyer_pauses", "count": 3, "field": "cash"}
"""What a case gives for an argument that is no range."""


def _cases() -> list[Case]:
    every = []
    for name, function in FUNCTIONS.items():
        scalars = [item.name for item in function.arguments if item.kind == "scalar"]
        every.append(Case(name, name, given=GIVEN[scalars[0]] if scalars else LEFT_OUT))
    return [
        *every,
        Case("the finding of a blank input", "CAPEX_FINDING", "blank", given="cash"),
        Case("default of an optional argument", "CAPEX_TOP_SHARE"),
        Case("an optional argument given", "CAPEX_TOP_SHARE", given=1),
        Case("a metric by its label", "CAPEX_METRIC", given="Interest cover"),
        Case("a cell with a date", "CAPEX_RATING", "date"),
        Case("numbers typed as text", "CAPEX_SCORE", "percent"),
        Case("a blank input: number", "CAPEX_SCORE", "blank"),
        Case("a blank input: text", "CAPEX_RATING", "blank"),
        Case("a blank input: table", "CAPEX_STRESS", "blank"),
        Case("a blank input: findings", "CAPEX_FINDINGS", "blank"),
        Case("a cell with an error", "CAPEX_RATING", "error"),
        Case("a cell with TRUE", "CAPEX_RATING", "truth_value"),
        Case("a metric that is not known", "CAPEX_METRIC", given="leverag", sentence="Did you mean 'leverage'"),
        Case("a scenario that is not known", "CAPEX_OUTCOME", given="flood", sentence="Scenario 'flood' is not known"),
        Case("a number that is not allowed", "CAPEX_TOP_SHARE", given=2, sentence="it must be 1 or 3"),
    ]


CASES = _cases()

HOSTS = {
    "plain": "plain Python",
    "engine": "the batch (formualizer)",
    "classic": "Excel's add-in: xlwings' own COM server and converters",
    "basic": "Excel's add-in: its VBA in LibreOffice's Basic, through the same server",
    "calc": "LibreOffice Calc",
    "server": "the server add-in: from a real Chromium over HTTP through xlwings Server",
}
"""Where the cases run."""

DIFFERENCES: dict[tuple[str, str], str] = {}
"""What a host gives instead of the truth, by host and case, in words for the page."""


def workbook(path: Path) -> dict[str, tuple[int, int]]:
    """Write a workbook with the reviews' ranges and every case as a formula; give each case's first cell on Cases."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Cases"
    for name, review in REVIEWS.items():
        for part, cells in zip(RANGES, ranges(review), strict=True):
            _fill(book.create_sheet(f"{name}_{part}"), cells)
    places: dict[str, tuple[int, int]] = {}
    row = 1
    for case in CASES:
        rows, columns = case.size
        places[case.name] = (row, 1)
        cell = sheet.cell(row, 1)
        if (rows, columns) == (1, 1):
            cell.value = f"={case.formula}"
        else:
            ref = f"A{row}:{get_column_letter(columns)}{row + rows - 1}"
            sheet[f"A{row}"] = ArrayFormula(ref, f"={case.formula}")
        row += rows + 1
    made = io.BytesIO()
    book.save(made)
    path.write_bytes(made.getvalue())
    return places


def _fill(sheet: Any, cells: list[list[Any]]) -> None:
    for r, line in enumerate(cells, start=1):
        for c, value in enumerate(line, start=1):
            cell = sheet.cell(r, c)
            if isinstance(value, ErrorCell):
                cell.value, cell.data_type = value.text, "e"
            elif value is not None:
                cell.value = value


def same(found: Any, true: Any) -> bool:
    """Whether a host's value is the truth: numbers to 1e-12, a blank cell and "" alike, tables cell by cell."""
    if isinstance(true, list):
        if true and not isinstance(found, (list, tuple)):
            return False
        rows = list(found)
        if rows and not isinstance(rows[0], (list, tuple)):
            rows = [rows]  # a single row crosses COM as a plain array
        return len(rows) == len(true) and all(
            len(a) == len(b) and all(map(same, a, b)) for a, b in zip(rows, true, strict=True)
        )
    if found in ("", None) or true in ("", None):
        return found in ("", None) and true in ("", None)
    if isinstance(true, str) or isinstance(found, (str, bool)):
        return found == true
    return math.isclose(found, true, rel_tol=1e-12, abs_tol=1e-12)


def page() -> str:
    """Give docs/hosts.md."""
    lines = [
        "# The same functions in every host",
        "",
        "<!-- Written by `python tests/truth.py`; a test finds it stale. -->",
        "",
        "Each case below runs through every host in one test, which compares the values with what plain Python gives, "
        "numbers to 1e-12.",
        "A tick means: the same; otherwise the difference is written out.",
        "",
        *(f"- **{name}**: {text}" for name, text in HOSTS.items()),
        "",
        f"| case | formula | value | {' | '.join(HOSTS)} |",
        f"|---|---|---|{'---|' * len(HOSTS)}",
    ]
    for case in CASES:
        marks = [DIFFERENCES.get((host, case.name), "✓") for host in HOSTS]
        formula = case.formula.replace("$", "").replace(f"{case.review}_", "")
        for name in RANGES:
            start = formula.find(f"{name}!")
            if start >= 0:
                end = min(at for at in (formula.find(",", start), formula.find(")", start)) if at >= 0)
                formula = formula[:start] + name.capitalize() + formula[end:]
        lines.append(f"| {case.name} | `{formula}` | {_shown(case)} | {' | '.join(marks)} |")
    return "\n".join([*lines, "", UNSEEN])


UNSEEN = """\
## What has not been seen in real Excel

Excel cannot run where this is built and tested. Seen in its place: xlwings' shipped COM server, converters and Excel
object model behind stand-ins for pywin32, the add-in's VBA in LibreOffice's Basic, the file read back by pyOpenVBA,
olevba and LibreOffice. Not seen, until somebody opens the add-in in Excel for Windows:

- Excel compiling the VBA project when it opens the file, which holds source only, and showing the ribbon and its icons;
- xlwings' DLL starting Python, and the COM calls between Excel and Python (both are xlwings' own and unchanged, but the
  command that the DLL starts is ours: python.exe itself, isolated, instead of a command shell);
- the help texts in the function wizard, which are registered when the add-in is opened;
- Esc during long work, the dialogs for files and folders, and Refresh functions on protected sheets;
- how long a sheet of these formulas takes over COM;
- the server add-in inside Excel on the web, on the Mac and on Windows (see [its page](server-add-in.md)).
"""


def _shown(case: Case) -> str:
    value = case.truth
    if isinstance(value, list):
        return f"{case.size[0]} × {case.size[1]}"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = " ".join(str(value).replace("|", "\\|").split())
    return text if len(text) <= 60 else f"{text[:59]}…"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
