"""How much of the portfolio is typed and how much assumed; which reviews are not complete, and why."""

from __future__ import annotations

from openpyxl import Workbook

from capexrisk import template
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.summary import graphs
from capexrisk_workbooks.summary.page import Column, Page
from capexrisk_workbooks.summary.story import Story

DRAWN = 12
_SHARE = '0%;-0%;"–"'


def write(book: Workbook, story: Story) -> None:
    """Write which inputs are assumed most often, then every review by what is missing, wrong and assumed."""
    page = Page(book, "Data quality", "Data quality",
                "A blank optional input takes its default and is listed as assumed; a missing or wrong one makes a "
                "review Incomplete",
                (54, 11, 13, 11, 11, 11, 11, 60))  # fmt: skip
    row = 4
    total = len(story.rows)
    assumed = sorted(_assumed(story), key=lambda item: -item[1])
    shown = [(label, count, count / total) for label, count in assumed if count][:DRAWN] if total else []
    if shown:
        heads = (
            Column("Inputs that are assumed most often"),
            Column("Reviews", "result", "#,##0"),
            Column("Share", "result", _SHARE),
        )
        after = page.grid(row, 2, heads, shown)
        graphs.bars(page, "Share of complete reviews in which an input is assumed",
                    Place(page.name, row + 1, 2, len(shown)), Place(page.name, row + 1, 4, len(shown)),
                    Place(page.name, row, 6, len(shown) + 6, 4), "0%")  # fmt: skip
        row = max(after, row + len(shown) + 6) + 1
    rows = [*story.incomplete, *story.rows]
    missing, wrong, guessed, unusual, sentence, entity = (
        story.column(key) for key in ("findings_missing", "findings_wrong", "findings_assumed", "findings_unusual",
                                      "sentence", "entity")
    )  # fmt: skip
    rows.sort(key=lambda at: (-(missing[at] + wrong[at]), -guessed[at], -unusual[at], str(entity[at])))
    columns = (
        Column("Entity", "hyperlink"),
        Column("Missing", "result", '#,##0;-0;"–"'),
        Column("Wrong", "result", '#,##0;-0;"–"'),
        Column("Assumed", "result", '#,##0;-0;"–"'),
        Column("Unusual", "result", '#,##0;-0;"–"'),
        Column("Decision"),
        Column("Period end"),
        Column("The first that is missing or wrong", "result text"),
    )
    decision, period = story.column("decision"), story.column("period_end")
    table = (
        [entity[at] or "(no name)", missing[at], wrong[at], guessed[at], unusual[at], decision[at], period[at],
         sentence[at]]
        for at in rows
    )  # fmt: skip
    page.table(row, columns, table, map(story.link, rows), str(story.results or ""))
    page.finish()


def _assumed(story: Story) -> list[tuple[str, int]]:
    """Count for each optional input in how many complete reviews it is blank."""
    found: list[tuple[str, int]] = []
    for item in template.FIELDS:
        if item.optional and item.key in template.NUMBERS:
            column = story.table.column(f"input_{item.key}")
            found.append((item.label, sum(column[at] is None for at in story.rows)))
    return found
