"""Every file of the run with its status."""

from __future__ import annotations

from openpyxl import Workbook

from capexrisk_workbooks import style
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.results import STATUSES
from capexrisk_workbooks.summary.page import Column, Page
from capexrisk_workbooks.summary.story import Story

_WORDS = {
    status.replace("_", " "): style.GOOD if status in ("recalculated", "unchanged")
    else style.WARN if status in ("incomplete", "not_a_review") else style.BAD
    for status in STATUSES
}  # fmt: skip


def write(book: Workbook, story: Story) -> None:
    """Write each file in the order of the run; it leads to the file."""
    columns = (
        Column("File", "hyperlink", None, 60),
        Column("Status", "result flow", None, 14),
        Column("Why", "result text", None, 60),
        Column("Entity", width=30),
        Column("Period end", width=12),
        Column("Decision", width=13),
        Column("Counts", width=22),
        Column("Formulas kept", "result", '#,##0;-0;"–"', 10),
    )
    said = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in story.statuses.most_common())
    page = Page(book, "Files", "Every file", f"{len(story.table):,} files: {said}", [item.width for item in columns])
    keys = ("path", "status", "sentence", "entity", "period_end", "decision", "kept_formulas")
    path, status, sentence, entity, period, decision, kept = (story.column(key) for key in keys)
    ranked, older, incomplete = set(story.rows), set(story.superseded), set(story.incomplete)
    total = len(story.table)

    def counts(at: int) -> str:
        if at in ranked:
            return "in the ranking"
        if at in incomplete:
            return "Incomplete, not ranked"
        return "older review" if at in older else "no review read"

    rows = (
        [path[at], status[at].replace("_", " "), sentence[at], entity[at], period[at], decision[at], counts(at),
         kept[at]]
        for at in range(total)
    )  # fmt: skip
    place = page.table(4, columns, rows, map(story.link, range(total)), str(story.results or ""))
    style.mark_words(page.sheet, Place(page.name, place.row, 3, place.rows), _WORDS)
    page.finish()
