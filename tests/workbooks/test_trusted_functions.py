"""Every function on the list of trusted ones gives what a real LibreOffice gives, or keeps its hands off.

The formulas of trusted_formulas.txt are evaluated as they stand, and once more with each argument of the outermost
call replaced by awkward cells: blank, text, error values, zero, negative, fractional, text that looks like a number;
ranges by whole columns, by ranges that go beyond the sheet, and by ranges with a single value in them.
What the engine is trusted with in such a cell must equal LibreOffice's value; what is kept needs no comparison.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import formualizer as fz
import pytest
from calc import Calc
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from capexrisk_workbooks.evaluation.engine import evaluate
from capexrisk_workbooks.evaluation.trust import read_formula, trust_list
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Area, CellError, Spot, Value

FORMULAS = [
    line
    for line in Path(__file__).with_name("trusted_formulas.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
COLUMNS: dict[str, list[Any]] = {
    "A": [3, -1.5, 0, 12, 7, 7, 100, 0.25, 42, 5],
    "B": [1, "abc", 8, None, "x", -6, -4, 0, 2.5, 45322],
    "C": [-1000, 200, 300, 400, 350, 50],
    "D": [45322, 45500, 45700, 45900, 46100, 47149],  # dates
    "E": ["apple", "Banana", "cherry", "apple", "*", "fig", "b7", "b8"],
    "F": [10, 20, 30, 40, 50, 15],
    "G": [1, 2, "#N/A", 4, 5, 6, 7, 8, 9, 10],
    "I": [1, 3, 5, 7, 9, 11, 13, 15, 17, 19],
    "J": [15, 13, 11, 9, 7, 5, 3, 1],
    "K": [7],  # below it, and beside the next ones, nothing
    "L": [None, None, 12],
    "M": [None, None, None, None, None, 10],
    "N": ["apple"],
    "Z": [None, "abc", "#N/A", "#DIV/0!", -2, 0, 1.5, "12", "1,234", '=""', 400, 45322.6],
}
EDGES = [f"Z{row}" for row in range(1, 12)]
MOMENT = "Z12"
FUNCTION = re.compile(r"(?<![\w.])([A-Z][A-Z0-9.]*)\(")
LATER = re.compile(  # came after Excel 2007, stored with a prefix
    r"CONCAT|COVARIANCE\.[PS]|DAYS|FORECAST\.LINEAR|IFNA|IFS|ISOWEEKNUM|(MAX|MIN)IFS|NORM\.(S\.)?(DIST|INV)|PDURATION|RRI|"
    r"(PERCENTILE|QUARTILE)\.(EXC|INC)|RANK\.(AVG|EQ)|(STDEV|VAR)\.[PS]|SWITCH|TEXTJOIN|UNICHAR|UNICODE|XLOOKUP|XMATCH|XOR"
)
LIBREOFFICE_ALONE = {
    r"COUNTIF\(.*,TRUE\)": "A truth value is no number: only TRUE counts as TRUE.",
    r"(MATCH|VLOOKUP|XLOOKUP|XMATCH|SWITCH)\(Z8,.*|SWITCH\(.*,Z8,.*": 'The text "12" is not the number 12.',
    r"SWITCH\(A5,3,.*|SWITCH\(Z6,.*": "A number is never equal to a text, and comparing them is no error.",
    r"[HV]LOOKUP\([^,]+,Z\d+,.*|VLOOKUP\([^,]+,A[^,]*,9,FALSE\)": "A column beyond the table gives #REF!.",
    r"GEOMEAN\(.*": "#NUM! when any number is zero or negative.",
    r"STANDARDIZE\(.*": "#NUM! when the standard deviation is zero or negative.",
    r"MROUND\(.*": "#NUM! when number and multiple differ in sign.",
    r"QUOTIENT\(.*": "#DIV/0! when the denominator is zero.",
    r"(CHAR|UNICHAR|CODE)\(.*": "#VALUE! for the character 0 and for an empty text.",
    r"(PPMT|CUMIPMT|CUMPRINC)\(Z11,.*": "(A rate of 40,000% leaves no digits to compare.)",
    r"EFFECT\(.*": "#NUM! when the nominal rate is zero or negative.",
    r"IRR\(F1:F6\)": "#NUM! when not one payment is negative.",
    r"(YEAR|MONTH|DAY|HOUR|MINUTE|SECOND|WEEKDAY|TEXT)\(Z[1567]\b.*": "Day 1 is 1 January 1900; negative is #NUM!.",
}
"""Formulas, as patterns, in which LibreOffice stands alone, with what Excel's documentation says."""


def stored(formula: str) -> str:
    """The formula as Excel stores it: newer functions carry a prefix."""
    return "=" + FUNCTION.sub(lambda found: ("_xlfn." if LATER.fullmatch(found[1]) else "") + found[0], formula)


def variants(formula: str) -> Iterator[str]:
    yield formula
    if re.search(r"[A-Z]1:[A-Z]\d", formula):
        yield re.sub(r"([A-Z])1:([A-Z])\d+", r"\1:\2", formula)
        yield re.sub(r"([A-Z])1:([A-Z])\d+", r"\1$1:\2$90000", formula)
    tree = fz.tokenize("=" + formula).tokens()
    depth, starts = 0, []
    at = 0
    for token in tree:
        opens = token.subtype == fz.TokenSubType.Open
        closes = token.subtype == fz.TokenSubType.Close
        depth += opens - closes
        if (opens and depth == 1) or (token.token_type == fz.TokenType.Sep and depth == 1):
            starts.append(at + len(token.value))
        elif (closes and depth == 0) and at + 1 == len(formula):
            starts.append(at + 1)
        at += len(token.value)
    if not FUNCTION.match(formula) or len(starts) < 2:
        for match in re.finditer(r'(?<![A-Z:"])[AE]\d+(?![:\d"(])', formula):
            for edge in EDGES:
                yield formula[: match.start()] + edge + formula[match.end() :]
        return
    for start, following in pairwise(starts):
        argument = formula[start : following - 1]
        if column := re.fullmatch(r"([A-Z])(\d+):\1(\d+)", argument):
            others = [f"{other}{column[2]}:{other}{column[3]}" for other in "BGHKLMN" if other != column[1]]
        else:
            others = [*EDGES, MOMENT] if argument.startswith("D") else EDGES if argument else []
        for other in others:
            yield formula[:start] + other + formula[following - 1 :]


def same(ours: Value, theirs: Value) -> bool:
    if isinstance(ours, bool) or isinstance(theirs, bool):  # Calc calculates with TRUE as with 1
        return isinstance(ours, float | int) and isinstance(theirs, float | int) and float(ours) == float(theirs)
    if isinstance(ours, float | int) and isinstance(theirs, float | int):
        return abs(ours - theirs) <= 1e-9 * max(abs(ours), abs(theirs), 1e-3)
    if isinstance(ours, CellError) and isinstance(theirs, CellError):
        return ours == theirs or {ours.code, theirs.code} == {"#VALUE!", "#NUM!"}
    return (ours or "") == (theirs or "") and type(ours or "") is type(theirs or "")


def typed_cells() -> tuple[Workbook, Worksheet]:
    workbook = Workbook()
    sheet = workbook["Sheet"]
    for letter, values in COLUMNS.items():
        for row, value in enumerate(values, 1):
            sheet[f"{letter}{row}"] = value
    return workbook, sheet


def calculated(calc: Calc, path: Path) -> dict[Spot, Value]:
    """What LibreOffice makes of the first sheet of a workbook, in Excel's terms: it saves it as Excel would."""
    saved = path.with_stem(path.stem + "-calculated")
    with calc.open(path) as document:
        document.recalculate()
        document.save(saved)
    return Book.read(saved).sheet("Sheet").values()


@pytest.mark.libreoffice
def test_trusted_functions_give_what_libreoffice_gives(calc: Calc, tmp_path: Path) -> None:
    formulas = list(dict.fromkeys(variant for formula in FORMULAS for variant in variants(formula)))
    workbook, sheet = typed_cells()
    for row, formula in enumerate(formulas, 1):
        sheet.cell(row, 30, stored(formula))
    workbook.save(tmp_path / "formulas.xlsx")
    theirs = calculated(calc, tmp_path / "formulas.xlsx")
    evaluation = evaluate(Book.read(tmp_path / "formulas.xlsx"), {})
    ours = evaluation.values["Sheet"]
    different = [
        f"{formula}: here {ours[row, 30]!r}, in LibreOffice {theirs.get((row, 30))!r}"
        for row, formula in enumerate(formulas, 1)
        if (row, 30) in ours
        and not same(ours[row, 30], theirs.get((row, 30)))
        and not any(re.fullmatch(pattern, formula) for pattern in LIBREOFFICE_ALONE)
    ]
    assert not different, f"{len(different)} of {len(ours)} compared:\n" + "\n".join(different)
    kept = {formulas[int(kept.cell[2:]) - 1] for kept in evaluation.kept}
    assert sorted(kept & set(FORMULAS)) == []


ARRAYS = {
    "A1:A6*F1:F6": "AF1:AF6",
    "A1:A3*{1,2,3}": "AG1:AI3",
    "IF(A1:A6>0,A1:A6,0)": "AJ1:AJ6",
    'IF(E1:E6="apple",F1:F6)': "AK1:AK6",
    "SUM(IF(A1:A6>0,F1:F6,0))": "AL1:AL1",
    "MAX(IF(E1:E6=E1,F1:F6,0))-MIN(A1:A6)": "AM1:AM1",
    "A1:A3": "AN1:AO5",  # one column fills every column, and #N/A stands below it
    "A1:C1*1": "AP1:AT3",  # one row fills every row, and #N/A stands beside it
    "A1:C2*1": "AU1:AX4",
    "A1:C6+0": "AY1:AZ2",  # what does not fit is cut off
    "A4": "BA1:BB2",  # a single value fills all
    "H1:H3": "BC1:BC3",
    "1/A1:A4": "BD1:BD4",
    "-A1:A3%": "BE1:BE3",
}


@pytest.mark.libreoffice
def test_array_formulas_fill_their_blocks_as_in_libreoffice(calc: Calc, tmp_path: Path) -> None:
    workbook, sheet = typed_cells()
    for formula, area in ARRAYS.items():
        sheet[area.partition(":")[0]] = ArrayFormula(area, "=" + formula)
    workbook.save(tmp_path / "arrays.xlsx")
    theirs = calculated(calc, tmp_path / "arrays.xlsx")
    evaluation = evaluate(Book.read(tmp_path / "arrays.xlsx"), {})
    assert evaluation.kept == ()
    ours = evaluation.values["Sheet"]
    filled = [spot for area in ARRAYS.values() for spot in Area.parse(area).spots()]
    different = {spot: (ours[spot], theirs.get(spot)) for spot in filled if not same(ours[spot], theirs.get(spot))}
    assert not different


def test_every_trusted_function_is_compared_by_two_formulas_at_least() -> None:
    used = [set(FUNCTION.findall(formula)) for formula in FORMULAS]
    constants = {"TRUE", "FALSE", "NA", "PI", "NOW", "TODAY"}
    few = {name for name in trust_list().functions if sum(name in names for names in used) < 2} - constants
    assert not few


def test_every_formula_of_the_comparison_is_trusted() -> None:
    refused = {formula: read_formula(formula, False, frozenset()).reason for formula in FORMULAS}
    assert not {formula: reason for formula, reason in refused.items() if reason}
