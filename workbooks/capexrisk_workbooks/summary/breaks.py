"""What breaks first across the portfolio, and the list of the reviews that break today."""

from __future__ import annotations

from statistics import median

from openpyxl import Workbook

from capexrisk_workbooks import style
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.summary import graphs
from capexrisk_workbooks.summary.page import Column, Page
from capexrisk_workbooks.summary.story import Story

NOTHING = "Nothing, within the limits tried"
_WIDTHS = (36, 13, 13, 13, 13, 14, 26, 14, 22)


def write(book: Workbook, story: Story) -> None:
    """Write counts and headroom by driver, then the reviews that break before any shock."""
    page = Page(book, "Breaks first", "What breaks first across the portfolio",
                "Headroom is the shock that just breaks a review over the policy's shock; below 1 that one breaks it",
                _WIDTHS)  # fmt: skip
    first, headroom, today = (story.column(key) for key in ("breaks_first", "headroom", "breaks_today"))
    standing = [at for at in story.rows if not today[at]]
    rows: list[list[object]] = []
    for driver in story.policy.drivers:
        found = [headroom[at] for at in standing if first[at] == driver.name]
        rows.append([driver.name, len(found), sum(value <= 1 for value in found),
                     min(found, default=None), median(found) if found else None])  # fmt: skip
    rows.sort(key=lambda row: -int(str(row[1])))
    rows.append([NOTHING, sum(first[at] is None for at in standing), None, None, None])
    columns = (
        Column("Driver, in reviews that stand today"),
        Column("Reviews", "result", "#,##0"),
        Column("Headroom 1 or less", "result", "#,##0"),
        Column("Smallest headroom", "result", style.FORMATS["cover"]),
        Column("Median headroom", "result", style.FORMATS["cover"]),
    )
    page.height(4, 30)
    after = page.grid(4, 2, columns, rows)
    if standing:
        names = Place(page.name, 5, 2, len(rows))
        graphs.bars(page, "Reviews by what breaks them first", names, Place(page.name, 5, 3, len(rows)),
                    Place(page.name, 4, 7, len(rows) + 4, 4))  # fmt: skip
    start = after + 5
    page.put(start - 1, 2, f"{len(story.today):,} reviews break today, before any shock", "title line")
    listed = (
        Column("Entity", "hyperlink"),
        Column("Period end"),
        Column("Score", "result", "0.0"),
        Column("Rating"),
        Column("Decision"),
        Column("Liquidity cover", "result", style.FORMATS["cover"]),
        Column("What gives way"),
        Column("Total debt", "result", style.MONEY),
        Column("Unit", "unit"),
    )
    keys = ("entity", "period_end", "score", "rating", "decision", "metric_liquidity_cover", "gives_way_today",
            "total_debt")  # fmt: skip
    data = [story.column(key) for key in keys]
    unit, currency = story.column("unit"), story.column("currency")
    page.table(
        start,
        listed,
        ([*(column[at] for column in data), f"{unit[at]} {currency[at]}".strip()] for at in story.today),
        map(story.link, story.today),
        str(story.results or ""),
    )
    page.finish()
