"""Scenarios: the policy's shocks to edit, and room for one's own."""

from __future__ import annotations

from capexrisk import InputError, template
from capexrisk.result import Value
from capexrisk_udfs.ranges import SCENARIO_COLUMNS
from capexrisk_workbooks.ooxml.cells import column_letters
from capexrisk_workbooks.pages import places
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import LEFT, SCENARIOS, TABLE_TOP, Place
from capexrisk_workbooks.pages.validation import validate
from capexrisk_workbooks.style import FORMATS

UNITS = {"share": "share", "quarters": "quarters", "days": "days"}


def write(making: Making) -> None:
    """Write the sheet."""
    sheet = making.sheet(SCENARIOS)
    table = places.scenarios()
    last = table.column + table.columns - 1
    note = "One row a scenario, one column a shock; blank is no shock. Edit a row, or add your own below."
    making.head(SCENARIOS, "What could go wrong", note, last)
    for column, key in enumerate(SCENARIO_COLUMNS):
        width = {"scenario": 24, "label": 40}.get(key, 12)
        sheet.column_dimensions[column_letters(LEFT + column)].width = width
    making.name("Scenarios", table)
    _table(making, table)
    making.finish_sheet(
        SCENARIOS,
        last=Place(SCENARIOS, table.row + table.rows + 5, last),
        landscape=True,
        titles=f"{TABLE_TOP}:{TABLE_TOP}",
        freeze=f"D{TABLE_TOP + 1}",
        tall=1,
    )


def _table(making: Making, table: Place) -> None:
    sheet = making.sheet(SCENARIOS)
    rows = filled(making)
    sheet.row_dimensions[TABLE_TOP].height = 30
    for column, (key, label) in enumerate(SCENARIO_COLUMNS.items()):
        shock = template.SHOCK.get(key)
        making.label(table.cell(0, column), label, "column header right" if shock else "column header in")
        making.label(table.cell(-1, column), UNITS[shock.kind] if shock else "", "unit right")
        for row in range(table.rows - 1):
            value = rows[row].get(key) if row < len(rows) else None
            place = table.cell(row + 1, column)
            if shock and isinstance(value, str) and value in template.FIELD:
                making.calculate(place, f'IF({value}="","",{value})', "input link", FORMATS[shock.kind])
            else:
                look = "input" if shock else "input text"
                making.type_in(place, value, look, FORMATS[shock.kind] if shock else "@")
        cells = Place(SCENARIOS, table.row + 1, table.column + column, table.rows - 1)
        validate(sheet, cells, shock or _TEXT[key])
    making.unlock_rows(Place(SCENARIOS, table.row + 1, table.column, table.rows - 1))
    sheet.auto_filter.ref = table.local
    core = ", ".join(making.policy.core)
    notes = (
        f"Scores and decision rest on the core scenarios ({core}), edited or not.",
        "base is today and stays without shocks. A policy scenario that is missing here and is core still counts.",
        "inventory_unwind follows the input on stocking ahead of use. Sources of the policy's shocks stand on About.",
    )
    for row, text in enumerate(notes):
        place = Place(SCENARIOS, table.row + table.rows + 1 + row, LEFT)
        making.label(place, text, "note line")


_TEXT = {
    "scenario": template.Field(
        "scenario",
        "Scenario",
        "breaks",
        "text",
        help="A short key of its own; keep the keys of the policy's scenarios.",
    ),
    "label": template.Field("label", "Label", "breaks", "text", help="What the scenario says to a reader."),
}


def filled(making: Making) -> list[dict[str, Value]]:
    """Give the rows of the table: the policy's scenarios, replaced by the review's of the same key, and its own.

    Raises InputError when the table cannot hold them.
    """
    rows: dict[str, dict[str, Value]] = {key: {"scenario": key, **row} for key, row in making.policy.scenarios.items()}
    own = making.record.scenarios
    for at, row in enumerate(own):
        key = str(row["scenario"] or f"\0{at}")
        same = next((known for known in rows if known.casefold() == key.casefold()), key)
        label = row["label"] or (rows[same]["label"] if same in rows else None)
        rows[same] = {**row, "label": label}
    if len(rows) > template.MAX_SCENARIOS:
        raise InputError(
            f"The review has {len(rows)} scenarios, the policy's included; the table holds {template.MAX_SCENARIOS}. "
            "Keep those that matter most."
        )
    return list(rows.values())
