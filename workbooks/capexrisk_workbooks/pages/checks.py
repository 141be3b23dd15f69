"""Checks: one master check, cross-checks in native formulas that need no add-in, and every finding with its cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from capexrisk import template
from capexrisk_workbooks import style
from capexrisk_workbooks.pages import places
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import CHECKS, CROSS_CHECKS_TOP, FINDINGS_BLOCK, LEFT, Place, master_cell
from capexrisk_workbooks.style import FORMATS

WIDTHS = {"B": 14, "C": 13, "D": 44, "E": 92, "F": 11, "G": 7, "H": 8, "I": 17}
RANGES = ("Inputs", "Customers", "Scenarios", "Questions")


@dataclass(frozen=True)
class CrossCheck:
    """Two amounts of which the first may be at most `factor` times the second, as formulas of names."""

    text: str
    left: str
    right: str
    factor: str = "1"


def cross_checks() -> Iterator[CrossCheck]:
    """Give the cross-checks: what may not exceed what, from the template, and sums over the customers."""
    for item in template.FIELDS:
        if item.at_most:
            yield CrossCheck(f"{item.label} ≤ {template.FIELD[item.at_most].label}", item.key, item.at_most)
    revenue, backlog = places.customer_column("revenue"), places.customer_column("backlog")
    ai = "IF(ISNUMBER(ai_revenue),ai_revenue,booked_revenue)"
    yield CrossCheck(
        "Debt due within 12 months and in months 13 to 24 ≤ Total debt",
        'IF(AND(ISNUMBER(debt_due_12m),ISNUMBER(debt_due_24m)),debt_due_12m+debt_due_24m,"")',
        "total_debt",
    )
    yield CrossCheck(
        "Revenue of the customers listed ≤ AI revenue, within half a percent",
        f'IF(SUM({revenue})>0,SUM({revenue}),"")',
        ai,
        str(template.CUSTOMERS_LIMIT),
    )
    yield CrossCheck(
        "Backlog of the customers listed ≤ Total backlog", f'IF(SUM({backlog})>0,SUM({backlog}),"")', "total_backlog"
    )


def write(making: Making) -> None:
    """Write the sheet."""
    sheet = making.sheet(CHECKS)
    last = LEFT + len(WIDTHS) - 1
    making.head(
        CHECKS, "Checks", "What is missing, wrong, assumed or unusual, and whether the figures fit together.", last
    )
    for letters, width in WIDTHS.items():
        sheet.column_dimensions[letters].width = width
    count = _cross_checks(making)
    _master(making, count)
    _findings(making)
    making.finish_sheet(
        CHECKS,
        last=Place(CHECKS, FINDINGS_BLOCK.place.row + FINDINGS_BLOCK.place.rows, last),
        landscape=True,
        titles="1:2",
        freeze="A3",
    )


def _cross_checks(making: Making) -> Place:
    """Write the cross-checks and give the cells that say OK or Look."""
    top = Place(CHECKS, CROSS_CHECKS_TOP, LEFT)
    making.label(
        top.cell(-2), "Do the figures fit together? Native formulas, they work without the add-in", "title line"
    )
    for column, (text, look) in enumerate({"Check": " in", "Room": " right", "What must hold": " in", "": ""}.items()):
        making.label(top.cell(-1, column), text, f"column header{look}")
    checks = list(cross_checks())
    for row, check in enumerate(checks):
        status, room = top.cell(row), top.cell(row, 1)
        limit = check.right if check.factor == "1" else f"{check.factor}*{check.right}"
        making.calculate(
            room,
            f'IF(AND(ISNUMBER({check.left}),ISNUMBER({check.right})),{limit}-{check.left},"")',
            "link",
            FORMATS["money"],
        )
        verdict = f'IF({room.local}="","",IF({room.local}<-1E-9*MAX(1,ABS({check.right})),"Look","OK"))'
        making.calculate(status, verdict, "result text")
        making.label(top.cell(row, 2), check.text, "result line")
        making.tint(top.cell(row, 3), "result line")
    statuses = Place(CHECKS, top.row, LEFT, len(checks))
    style.mark_words(making.sheet(CHECKS), statuses, style.CHECK_WORDS)
    style.fine_money(making.sheet(CHECKS), statuses.down(1))
    return statuses


def _master(making: Making, statuses: Place) -> None:
    kinds = FINDINGS_BLOCK.column("Kind").fixed
    making.label(Place(CHECKS, 4, LEFT), "Master check", "lead")
    blocking = (
        f'(COUNTIF({kinds},"missing*")+COUNTIF({kinds},"wrong*"))'  # Calc finds whole texts of a table no other way
    )
    text = (
        f'IF({blocking}>0,"Incomplete: "&{blocking}&" to fill in or mend",'
        f'IF(COUNTIF({statuses.fixed},"Look")>0,"Look: figures do not fit together",'
        'IF(risk_score="","Incomplete","OK: complete, and the figures fit together")))'
    )
    making.calculate(master_cell(), text, "lead")
    making.name("master_check", master_cell())
    words = {"OK": style.GOOD, "Look": style.WARN, "Incomplete": style.BAD}
    style.mark_words(making.sheet(CHECKS), master_cell(), words, filled=False)


def _findings(making: Making) -> None:
    block, top = FINDINGS_BLOCK, FINDINGS_BLOCK.place
    making.label(top.cell(-2), "Findings: missing and wrong stop the review, assumed and unusual do not", "title line")
    making.fill(block, ["result text", "result text", "result text", "result words", "muted", "muted", "muted"])
    making.label(top.cell(-1, top.columns), "Cell", "column header in")
    where = Place(CHECKS, top.row + top.rows + 4, LEFT, len(RANGES))
    _ranges(making, where)
    names, rows, columns = (where.down(column).fixed for column in range(3))
    for row in range(top.rows):
        sheet, name, down, across = (top.cell(row, column).local for column in (1, 4, 5, 6))
        at = f'MATCH({name}&"",{names},0)'  # joined, or Calc would not find the text of a table
        cell = f'{sheet}&"!"&ADDRESS(INDEX({rows},{at})+{down}-1,INDEX({columns},{at})+{across}-1,4)'
        text = f'IF(LEN({name})=0,"",HYPERLINK("#"&{cell},{cell}))'
        making.calculate(top.cell(row, top.columns), text, "hyperlink")
    style.mark_words(making.sheet(CHECKS), block.column("Kind"), style.FINDING_WORDS)
    making.name("finding_kind", block.column("Kind"))
    making.name("finding_label", block.column("Label"))
    making.name("finding_text", block.column("Finding"))


def _ranges(making: Making, place: Place) -> None:
    """Write where the ranges of the review begin, for the column Cell above."""
    making.label(place.cell(-2), "Where the ranges begin", "title line")
    for column, text in enumerate(("Range", "Row", "Column")):
        making.label(place.cell(-1, column), text, "column header in")
    for row, name in enumerate(RANGES):
        making.label(place.cell(row), name, "muted")
        making.calculate(place.cell(row, 1), f"ROW(INDEX({name},1,1))", "muted")
        making.calculate(place.cell(row, 2), f"COLUMN(INDEX({name},1,1))", "muted")
