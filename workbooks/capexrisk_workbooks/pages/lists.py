"""The lists behind the drop-downs, on About."""

from __future__ import annotations

from functools import cache

from capexrisk import template
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import ABOUT, LEFT, Place

TOP = 34
LISTS = {
    "Review type": template.REVIEW_TYPES,
    "Scope": template.SCOPES,
    "Unit": template.UNITS,
    "Yes or no": template.YES_NO,
    "Kind of customer": template.KINDS,
    "Credit": template.CREDITS,
    "Status": template.STATUSES,
}


@cache
def _tops() -> dict[tuple[str, ...], int]:
    tops: dict[tuple[str, ...], int] = {}
    row = TOP
    for choices in LISTS.values():
        tops[choices] = row
        row += len(choices)
    return tops


def list_place(choices: tuple[str, ...]) -> Place:
    """Give the cells that hold a list of choices."""
    return Place(ABOUT, _tops()[choices], LEFT + 1, len(choices))


def last_row() -> int:
    """Give the last row that a list takes."""
    return TOP + sum(map(len, LISTS.values())) - 1


def write(making: Making) -> None:
    """Write every list, its title beside its first entry."""
    for title, choices in LISTS.items():
        place = list_place(choices)
        for row, choice in enumerate(choices):
            making.label(Place(ABOUT, place.row + row, LEFT), "" if row else title, "label")
            making.label(place.cell(row), choice or template.PLAIN_UNIT, "result text")
