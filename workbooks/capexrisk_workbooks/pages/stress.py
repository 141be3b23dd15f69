"""Stress: the outcome of each scenario, the breakpoints, and two charts."""

from __future__ import annotations

from capexrisk_workbooks import charts, style
from capexrisk_workbooks.ooxml.cells import column_letters
from capexrisk_workbooks.pages import places
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import BREAKPOINTS_BLOCK, LEFT, LIQUIDITY_BLOCK, STRESS, STRESS_BLOCK, Place
from capexrisk_workbooks.style import FORMATS

MONEY, COVER, SHARE = FORMATS["money"], FORMATS["cover"], FORMATS["share"]
COLUMNS = {
    "Scenario": (22, "muted", None),
    "Label": (37, "result text", None),
    "Verdict": (11, "result text", None),
    "What gives way": (32, "result text", None),
    "Revenue of the year": (12, "result", MONEY),
    "EBITDA of the year": (12, "result", MONEY),
    "DSCR after refinancing": (12, "result", COVER),
    "Lowest liquidity": (12, "result", MONEY),
    "Runs out in quarter": (18, "result", FORMATS["quarters"]),
    "Loan to value": (9, "result", SHARE),
    "In a sentence": (70, "result words", None),
}
"""Width, look and number format of each column of the stress table, by its title."""

CHART_ROWS = 21
CAP = 4
"""Headroom beyond this is drawn as this long a bar: it scores 0 there."""


def write(making: Making) -> None:
    """Write the sheet."""
    sheet = making.sheet(STRESS)
    table = STRESS_BLOCK.place
    last = table.column + table.columns - 1
    making.head(STRESS, "What breaks first?", "Two years, quarter by quarter, under each scenario.", last)
    sheet.row_dimensions[table.row - 1].height = 30
    making.calculate(Place(STRESS, 4, LEFT), "breaks_first", "lead link")
    looks = [COLUMNS[title] for title in STRESS_BLOCK.titles]
    making.fill(STRESS_BLOCK, [look for _, look, _ in looks], [number_format for _, _, number_format in looks])
    for column, (width, _, _) in enumerate(looks):
        sheet.column_dimensions[column_letters(table.column + column)].width = width
    style.mark_words(sheet, STRESS_BLOCK.column("Verdict"), style.VERDICT_WORDS)
    for title in ("Revenue of the year", "EBITDA of the year", "Lowest liquidity"):
        style.fine_money(sheet, STRESS_BLOCK.column(title))
    _breakpoints(making)
    _liquidity(making)
    charts.liquidity(making, Place(STRESS, charts_top(), LEFT, CHART_ROWS, 6))
    making.finish_sheet(
        STRESS,
        last=Place(STRESS, BREAKPOINTS_BLOCK.place.row + BREAKPOINTS_BLOCK.place.rows, last),
        landscape=True,
        titles="1:2",
        freeze=f"D{table.row}",
        tall=1,
    )


def _breakpoints(making: Making) -> None:
    """Write the drivers and, beside them, what the chart draws: labels that say "never", bars of limited length."""
    block, top = BREAKPOINTS_BLOCK, BREAKPOINTS_BLOCK.place
    title = "The smallest shock of each driver alone that breaks the review; headroom is that shock over the one tried"
    making.label(Place(STRESS, top.row - 2, LEFT), title, "title line")
    making.fill(block, ["result text", "result", "result"], [None, SHARE, FORMATS["multiple"]])
    drawn = Place(STRESS, top.row, top.column + top.columns, top.rows, 2)
    making.label(drawn.cell(-1), "Drawn as", "column header in")
    making.label(drawn.cell(-1, 1), "Bar", "column header right")
    for at, driver in enumerate(making.policy.drivers):
        if driver.shock == "delay_days":
            top_cell = top.cell(at, 1)
            making.sheet(STRESS)[top_cell.local].number_format = FORMATS["days"]
        name, headroom = top.cell(at).local, top.cell(at, 2).local
        making.calculate(
            drawn.cell(at), f'{name}&IF(ISNUMBER({headroom}),"",IF(LEN({headroom})=0,""," – never"))', "muted"
        )
        bar = f'IF(ISNUMBER({headroom}),MIN({headroom},{CAP}),IF(LEN({headroom})=0,"",{CAP}))'
        making.calculate(drawn.cell(at, 1), bar, "result", f'[>={CAP}]"{CAP}x or more";0.0x')
    charts.headroom(making, drawn, Place(STRESS, charts_top(), LEFT + 6, CHART_ROWS, 5), CAP)


def charts_top() -> int:
    """Give the row where the charts begin, below the stress table."""
    return STRESS_BLOCK.place.row + STRESS_BLOCK.place.rows + 1


def _liquidity(making: Making) -> None:
    """Write liquidity by quarter to the right of the printed page, with the scenarios' names above."""
    block, top = LIQUIDITY_BLOCK, LIQUIDITY_BLOCK.place
    sheet = making.sheet(STRESS)
    making.label(
        Place(STRESS, top.row - 3, top.column), "Liquidity at the end of each quarter, by scenario", "title line"
    )
    making.fill(block, ["result"] * top.columns, [MONEY] * top.columns)
    labels = STRESS_BLOCK.column("Label")
    for column in range(top.columns):
        named = places.scenarios().down(1).cell(column + 1)
        label = labels.cell(column).local
        making.calculate(top.cell(-1, column), f'IF(LEN({label})=0,{named}&"",{label})', "column header right")
        sheet.column_dimensions[column_letters(top.column + column)].width = 13
    for row in range(top.rows):
        making.label(top.cell(row, -1), f"Q{row + 1}", "muted")
    making.label(top.cell(-1, -1), "Quarter", "column header")
    style.fine_money(sheet, top)
