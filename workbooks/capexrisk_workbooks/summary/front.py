"""The first sheet: the sentences that matter, the counts, and the worst reviews."""

from __future__ import annotations

import textwrap
from statistics import median

from openpyxl import Workbook

from capexrisk import VERSION, template
from capexrisk_workbooks import style
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.summary import graphs
from capexrisk_workbooks.summary.page import Column, Page
from capexrisk_workbooks.summary.story import Story, headline

NAME = "Summary"
WORST = 12
_LINE = 84
"""Letters of a headline that fit on the page's width."""

_WIDTHS = (30, 12, 12, 14, 14, 14, 14, 22, 11)


def write(book: Workbook, story: Story) -> None:
    """Write the sheet that a risk committee reads first."""
    periods = sorted({str(story.column("period_end")[at]) for at in story.rows})
    span = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}" if periods else "no complete review"
    page = Page(book, NAME, "AI capital expenditure: the portfolio", f"Reviews with period ends {span}", _WIDTHS)
    first, *more = headline(story)
    row = 3
    for line in textwrap.wrap(first, _LINE):
        for column in range(1, 2 + len(_WIDTHS)):
            page.put(row, column, line if column == 2 else None, "band value")
        page.height(row, 26)
        row += 1
    row = _tiles(page, story, row) + 1
    for sentence in more:
        row = page.lines(row, 2, textwrap.wrap(sentence, 2 * _LINE), "title line", 17)
    row = _counts(page, story, row + 1)
    row = _worst(page, story, row + 1)
    row = page.lines(row + 1, 2, _notes(story), "note line")
    page.finish(tall=1)


def _tiles(page: Page, story: Story, row: int) -> int:
    """Write the figures of the band: a label above each."""
    ratings = dict(story.counts("rating", template.RATINGS))
    decisions = dict(story.counts("decision", template.DECISIONS))
    scores = [story.column("score")[at] for at in story.rows]
    tiles = (
        ("Reviews, one an entity", f"{len(story.rows):,}"),
        ("Break today", f"{len(story.today):,}"),
        ("Severe", f"{ratings['Severe']:,}"),
        ("High", f"{ratings['High']:,}"),
        ("Speculative", f"{decisions['Speculative']:,}"),
        ("Median score", f"{median(scores):.0f}" if scores else "–"),
        ("Incomplete", f"{len(story.incomplete):,}"),
        ("Files not done", f"{story.undone:,}"),
    )
    page.height(row, 18)
    page.height(row + 1, 26)
    for column in range(1, 2 + len(_WIDTHS)):
        label, value = tiles[column - 2] if 0 <= column - 2 < len(tiles) else (None, None)
        page.put(row, column, label, "band label")
        page.put(row + 1, column, value, "band value")
    return row + 2


def _counts(page: Page, story: Story, row: int) -> int:
    """Write counts by decision and by rating, each with its chart."""
    page.put(row, 2, "By decision and by rating", "heading")
    for column in range(3, 2 + len(_WIDTHS)):
        page.put(row, column, None, "heading")
    first = row + 1
    count = (Column("Decision"), Column("Reviews", "result", "#,##0"))
    decisions = story.counts("decision", template.DECISIONS[1:])
    after = page.grid(first, 2, count, [*decisions, ("Incomplete, not ranked", len(story.incomplete))])
    names = Place(NAME, first + 1, 2, len(decisions))
    ratings = story.counts("rating", template.RATINGS[::-1])
    second = after + 1
    end = page.grid(second, 2, (Column("Rating"), count[1]), ratings)
    if story.rows:
        height = end - first
        graphs.bars(page, "Reviews by decision", names, Place(NAME, names.row, 3, names.rows),
                    Place(NAME, first, 4, height, 3), "0")  # fmt: skip
        place = Place(NAME, second + 1, 2, len(ratings))
        graphs.bars(page, "Reviews by rating", place, Place(NAME, place.row, 3, place.rows),
                    Place(NAME, first, 7, height, 4), "0")  # fmt: skip
    return end + 1


def _worst(page: Page, story: Story, row: int) -> int:
    worst = story.rows[:WORST]
    page.put(row, 2, f"The {len(worst)} worst of {len(story.rows):,}; all stand on the sheet Ranking", "heading")
    for column in range(3, 2 + len(_WIDTHS)):
        page.put(row, column, None, "heading")
    columns = (
        Column("Entity", "hyperlink"),
        Column("Period end"),
        Column("Score", "result", "0"),
        Column("Rating"),
        Column("Decision"),
        *(Column(section.name, "result", "0") for section in template.SECTIONS[1:3]),
        Column("Breaks first"),
        Column("Headroom", "result", style.FORMATS["multiple"]),
    )
    keys = ("entity", "period_end", "score", "rating", "decision", "section_payers", "section_revenue")
    rows = [[*(story.column(key)[at] for key in keys), *breaking(story, at)] for at in worst]
    end = page.grid(row + 1, 2, columns, rows)
    for line, at in enumerate(worst):
        page.put(row + 2 + line, 2, story.column("entity")[at], "hyperlink", link=story.link(at))
    if worst:
        place = Place(NAME, row + 2, 2, len(worst), 1)
        style.mark_words(page.sheet, _column(place, 5), RATING_WORDS)
        style.mark_words(page.sheet, _column(place, 6), DECISION_WORDS)
    return end


def breaking(story: Story, at: int) -> tuple[str, float | None]:
    """Give what breaks a review first and its headroom, in the words of the review."""
    if story.column("breaks_today")[at]:
        return "today", 0.0
    return story.column("breaks_first")[at] or "nothing", story.column("headroom")[at]


def _column(place: Place, column: int) -> Place:
    return Place(place.sheet, place.row, column, place.rows)


RATING_WORDS = {"Low": style.GOOD, "Moderate": style.GOOD, "High": style.WARN, "Severe": style.BAD}
DECISION_WORDS = {
    "Proven": style.GOOD, "Conditional": style.WARN, "Restructure": style.BAD, "Speculative": style.BAD,
    "Incomplete": style.WARN,
}  # fmt: skip


def _notes(story: Story) -> list[str]:
    return [
        f"{len(story.table):,} files: "
        + ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in story.statuses.most_common())
        + (f"; {len(story.superseded):,} older than their entity's latest review" if story.superseded else "")
        + ".",
        f"Policy {story.policy.name} ({story.policy.hash}), capexrisk {VERSION}. Scores run from 0 (best) to 100 "
        "(worst). Not a credit rating.",
    ]
