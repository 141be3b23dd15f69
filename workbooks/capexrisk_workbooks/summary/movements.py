"""What moved since the run before."""

from __future__ import annotations

from openpyxl import Workbook

from capexrisk_workbooks import style
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.summary.front import DECISION_WORDS
from capexrisk_workbooks.summary.page import Column, Page
from capexrisk_workbooks.summary.story import Story


def write(book: Workbook, story: Story) -> None:
    """Write each entity whose score, rating or decision moved, the worst turns first, then those seen first."""
    columns = (
        Column("Entity", "hyperlink", None, 34),
        Column("Change in score", "result", '+0.0;−0.0;"–"', 11),
        Column("Score before", "result", "0.0", 10),
        Column("Score now", "result", "0.0", 10),
        Column("Decision before", width=15),
        Column("Decision now", width=15),
        Column("Rating before", width=13),
        Column("Rating now", width=13),
        Column("Period before", width=12),
        Column("Period now", width=12),
        Column("Seen before on", width=20),
    )
    page = Page(book, "Movements", "Movements since the run before",
                "From the ledger: each entity's latest review as the last run before this one found it",
                [column.width for column in columns])  # fmt: skip
    before = story.before
    seen = len(before) if before else 0
    entity, score, decision, rating, period = (
        story.column(key) for key in ("entity", "score", "decision", "rating", "period_end")
    )
    if not seen:
        said = "No ledger was kept in this run." if before is None else "The ledger knows no run before this one."
        page.put(4, 2, said, "title line")
        page.finish()
        return
    moved = [item for item in story.moved if item.before is not None]
    fresh = len(story.moved) - len(moved)
    turns = [(item.before.score, score[item.row]) for item in moved if item.before is not None]
    worse = sum(was is not None and now is not None and now > was for was, now in turns)
    better = sum(was is not None and now is not None and now < was for was, now in turns)
    page.put(4, 2, f"{len(moved):,} entities moved: {worse:,} worse, {better:,} better; {fresh:,} are new."
             if story.moved else "Nothing has moved.", "title line")  # fmt: skip

    def rows() -> object:
        for item in story.moved:
            at, was = item.row, item.before
            change = None if was is None or was.score is None or score[at] is None else score[at] - was.score
            yield [
                entity[at], change if was is not None else "new", was.score if was else None, score[at],
                was.decision if was else None, decision[at], was.rating if was else None, rating[at],
                was.period_end if was else None, period[at], was.run.replace("T", " ").rstrip("Z") if was else None,
            ]  # fmt: skip

    links = (story.link(item.row) for item in story.moved)
    place = page.table(6, columns, rows(), links, str(story.results or ""))  # pyright: ignore[reportArgumentType]
    if story.moved:
        for column in (6, 7):
            style.mark_words(page.sheet, Place(page.name, place.row, column, place.rows), DECISION_WORDS)
    page.finish()
