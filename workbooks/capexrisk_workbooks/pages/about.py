"""About: what the workbook is for, how to use it, what its colours mean, which versions and policy count, the lists."""

from __future__ import annotations

from openpyxl.styles import Alignment
from openpyxl.worksheet.pagebreak import Break

from capexrisk import template
from capexrisk_workbooks import style
from capexrisk_workbooks.pages import lists
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import ABOUT, LEFT, POLICY_BLOCK, Place

WIDTHS = {"B": 30, "C": 86, "D": 62}

PURPOSE = (
    "Infrastructure spending on this scale runs ahead of the revenue that would justify it, and much of it is borrowed "
    "or leased. This workbook asks what the spend is, who pays for it, which revenue is real, what breaks first, and "
    "what to ask in the meeting; then it applies one decision rule.",
    "It is a second look at the numbers and not a credit rating. Agencies' and supervisors' figures are used by "
    "analogy; thresholds marked own are this tool's calibration.",
)
STEPS = (
    "Review: fill in the yellow cells from the top. Select a cell to see what is meant, in which unit, and where it "
    "stands in a filing. Leave a cell blank to accept what its reading says is assumed.",
    "Customers: one row for each ultimate parent, largest first. Everyone not listed counts as many small customers.",
    "Checks: mend what is missing or wrong; the link beside each finding leads to its cell.",
    "Review, section 5: set the status of each answer and say where the evidence is. Without a source it is "
    "an assertion.",
    "Read the band on top of Review, then Stress and Scorecard. Edit Scenarios where you know better, and say why.",
)
OWN = {
    "Your own scenario": "Type a short key, a label and its shocks into a blank row of Scenarios; its outcome appears "
    "on Stress. Keys of the policy's scenarios keep their meaning, and edits to core scenarios count in the score.",
    "Your own formula": "Results have names, so formulas can use them on any sheet: =risk_score*2, "
    '=IF(decision="Proven","go","wait"), =metric_payback, =CAPEX_OUTCOME("bust", Inputs, Customers, Scenarios).',
    "Rows and columns": "Where you type, rows may be inserted, moved and sorted: inputs are found by their labels and "
    "tables by their headers, so keep those as they are. Sheets are protected without a password.",
}
LEGEND = {
    "input": ("1,250", "What you type: blue on light yellow"),
    "result": ("62", "Computed here: black"),
    "link": ("62", "Taken from another sheet: green"),
    "result text": ("Breaks", "Verdicts and findings: a word and a colour that say the same"),
    "muted": ("(120)  –  4.0x", "Negatives in parentheses, zero as a dash, multiples with an x; shares in percent"),
}


def write(making: Making) -> None:
    """Write the sheet."""
    sheet = making.sheet(ABOUT)
    last = LEFT + len(WIDTHS) - 1
    making.head(ABOUT, "About this workbook", "Purpose, use, colours, versions, policy and lists.", last)
    for letters, width in WIDTHS.items():
        sheet.column_dimensions[letters].width = width
    row = _texts(making, 4)
    row = _legend(making, row + 1)
    _versions(making, row + 1)
    assert row + 4 < lists.TOP and lists.last_row() + 3 < POLICY_BLOCK.place.row, "the parts of About overlap"
    _policy(making)
    _title(making, lists.TOP - 1, "Lists behind the drop-downs")
    lists.write(making)
    end = Place(ABOUT, POLICY_BLOCK.place.row + POLICY_BLOCK.place.rows - 1, last)
    making.finish_sheet(ABOUT, last=end, landscape=False, titles="1:2", freeze="A3")


def _title(making: Making, row: int, text: str) -> None:
    making.label(Place(ABOUT, row, LEFT), text, "title line")


def _prose(making: Making, row: int, name: str, text: str) -> int:
    making.label(Place(ABOUT, row, LEFT), name, "prose name")
    making.label(Place(ABOUT, row, LEFT + 1), text, "prose")
    sheet = making.sheet(ABOUT)
    sheet.merge_cells(start_row=row, end_row=row, start_column=LEFT + 1, end_column=LEFT + 2)
    lines = -(-len(text) // 150)
    sheet.row_dimensions[row].height = 14.5 * lines + 3
    return row + 1


def _texts(making: Making, row: int) -> int:
    _title(making, row, "What it is for")
    row += 1
    for at, text in enumerate(PURPOSE):
        row = _prose(making, row, "Purpose" if at == 0 else "", text)
    row = _prose(making, row, template.SECTIONS[-1].title, template.DECISION_RULE)
    _title(making, row + 1, "How to use it, in five steps")
    row += 2
    for at, text in enumerate(STEPS, start=1):
        row = _prose(making, row, f"Step {at}", text)
    _title(making, row + 1, "Make it your own")
    row += 2
    for name, text in OWN.items():
        row = _prose(making, row, name, text)
    return row


def _legend(making: Making, row: int) -> int:
    _title(making, row, "What the looks mean")
    for look, (sample, text) in LEGEND.items():
        row += 1
        cell = making.label(Place(ABOUT, row, LEFT), sample, look)
        cell.protection = style.LOCKED
        cell.alignment = Alignment("center", "center")
        making.label(Place(ABOUT, row, LEFT + 1), text, "result text")
    return row + 1


def _versions(making: Making, row: int) -> None:
    _title(making, row, "Versions")
    making.label(Place(ABOUT, row + 1, LEFT), "Computed with", "prose name")
    making.calculate(Place(ABOUT, row + 1, LEFT + 1), "CAPEX_VERSION()", "result text")
    making.label(Place(ABOUT, row + 2, LEFT), "Template of this workbook", "prose name")
    making.label(Place(ABOUT, row + 2, LEFT + 1), template.TEMPLATE_VERSION, "result text")
    making.name("template_version", f'"{template.TEMPLATE_VERSION}"', hidden=True)


def _policy(making: Making) -> None:
    _title(
        making,
        POLICY_BLOCK.place.row - 2,
        "The policy in force: every threshold, weight, shock and limit, with its source",
    )
    making.sheet(ABOUT).row_breaks.append(Break(id=POLICY_BLOCK.place.row - 3))
    making.fill(POLICY_BLOCK, ["muted", "result words", "formula words"])
