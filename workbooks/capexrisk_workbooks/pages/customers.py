"""Customers: the table of payers, and who makes up AI revenue."""

from __future__ import annotations

from capexrisk import template
from capexrisk_udfs.ranges import CUSTOMER_COLUMNS
from capexrisk_workbooks import charts, style
from capexrisk_workbooks.ooxml.cells import column_letters
from capexrisk_workbooks.pages import places
from capexrisk_workbooks.pages.lists import list_place
from capexrisk_workbooks.pages.making import Making
from capexrisk_workbooks.pages.places import CUSTOMERS, LEFT, TABLE_TOP, Place
from capexrisk_workbooks.pages.validation import validate
from capexrisk_workbooks.style import FORMATS

WIDTHS = {"customer": 34, "kind": 15, "revenue": 14, "backlog": 14, "credit": 18, "take_or_pay": 12, "circular": 11,
          "source": 46}  # fmt: skip
SHOWN = 7
"""How many customers the chart shows one by one; the rest is everyone else."""


def write(making: Making) -> None:
    """Write the sheet."""
    sheet = making.sheet(CUSTOMERS)
    table = places.customers()
    last = table.column + table.columns - 1
    making.head(CUSTOMERS, "Who pays for it?", "One row for each ultimate parent, largest first, no totals.", last)
    for column, key in enumerate(CUSTOMER_COLUMNS):
        sheet.column_dimensions[column_letters(LEFT + column)].width = WIDTHS[key]
    making.label(Place(CUSTOMERS, 4, LEFT), "Revenue and backlog in", "label")
    making.calculate(Place(CUSTOMERS, 4, LEFT + 1), "money_unit", "link text")
    making.name("Customers", table)
    _table(making, table)
    _shares(making, table)
    making.finish_sheet(
        CUSTOMERS,
        last=Place(CUSTOMERS, _shares_top() + SHOWN + 4, last),
        landscape=True,
        titles=f"{TABLE_TOP}:{TABLE_TOP}",
        freeze=f"C{TABLE_TOP + 1}",
        tall=1,
    )


def _table(making: Making, table: Place) -> None:
    sheet = making.sheet(CUSTOMERS)
    sheet.row_dimensions[TABLE_TOP].height = 18
    rows = table.rows - 1
    for column, (key, label) in enumerate(CUSTOMER_COLUMNS.items()):
        item = template.CUSTOMER_FIELD.get(key)
        number = item is not None and item.kind in template.NUMBER_KINDS
        making.label(table.cell(0, column), label, "column header right" if number else "column header in")
        look = "input" if number else "source" if key == "source" else "input text"
        for row in range(rows):
            customers = making.record.customers
            value = customers[row].get(key) if row < len(customers) else None
            making.type_in(table.cell(row + 1, column), value, look, FORMATS[item.kind] if item else None)
        if item:
            cells = Place(CUSTOMERS, table.row + 1, table.column + column, rows)
            validate(sheet, cells, item, list_place(item.choices) if item.choices else None)
            if number:
                style.fine_money(sheet, cells, style.MONEY_TYPED)
    body = Place(CUSTOMERS, table.row + 1, table.column, rows, table.columns)
    making.unlock_rows(body)
    style.mark_assumptions(sheet, body.down(table.columns - 1))
    sheet.auto_filter.ref = table.local


def _shares_top() -> int:
    return TABLE_TOP + template.MAX_CUSTOMERS + 4


def _shares(making: Making, table: Place) -> None:
    """Write the shares of AI revenue in the order of the table, and their chart beside them."""
    top = _shares_top()
    making.label(Place(CUSTOMERS, top - 2, LEFT), "Shares of AI revenue, in the order of the table", "title line")
    for column, (text, look) in enumerate({"Customer": " in", "Share": " right"}.items()):
        making.label(Place(CUSTOMERS, top - 1, LEFT + column), text, f"column header{look}")
    name, revenue = places.customer_column("customer").fixed, places.customer_column("revenue").fixed
    ai = "IF(ISNUMBER(ai_revenue),ai_revenue,booked_revenue)"
    shares = Place(CUSTOMERS, top + 1, LEFT + 1, SHOWN)
    for at in range(SHOWN):
        who, share = Place(CUSTOMERS, top + 1 + at, LEFT), shares.cell(at)
        making.calculate(who, f'IF(INDEX({name},{at + 2})="","",INDEX({name},{at + 2}))', "result text")
        amount = f"INDEX({revenue},{at + 2})"
        making.calculate(share, f'IF(AND(ISNUMBER({amount}),N({ai})>0),{amount}/{ai},"")', "result", FORMATS["share"])
    rest = Place(CUSTOMERS, top, LEFT)
    making.calculate(rest, f'IF(SUM({shares.fixed})>0,"Everyone else","")', "result text")
    making.calculate(
        rest.cell(0, 1), f'IF(SUM({shares.fixed})>0,MAX(0,1-SUM({shares.fixed})),"")', "result", FORMATS["share"]
    )
    chart = Place(CUSTOMERS, top - 1, LEFT + 2, SHOWN + 5, table.columns - 2)
    charts.shares(making.sheet(CUSTOMERS), Place(CUSTOMERS, top, LEFT, SHOWN + 1), chart)
