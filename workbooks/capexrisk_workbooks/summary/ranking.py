"""The ranking with its heat map, and the grid of what each scenario does to each review."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule

from capexrisk import template
from capexrisk_workbooks import style
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.results import COLUMN
from capexrisk_workbooks.summary import graphs
from capexrisk_workbooks.summary.front import DECISION_WORDS, RATING_WORDS, breaking
from capexrisk_workbooks.summary.page import Column, Page
from capexrisk_workbooks.summary.story import Story


def write(book: Workbook, story: Story) -> None:
    """Write every complete review, worst first."""
    scored = [section for section in template.SECTIONS if section.scored]
    columns = (
        Column("Entity", "hyperlink", None, 34),
        Column("Rank", "result", "#,##0", 7),
        Column("Type", width=15),
        Column("Period end", width=11),
        Column("Score", "result", "0.0", 8),
        Column("Rating", width=10),
        Column("Decision", width=13),
        *(Column(section.name, "result", "0", 10) for section in scored),
        Column("Breaks first", width=20),
        Column("Headroom", "result", style.FORMATS["multiple"], 11),
        Column("AI revenue", "result", style.MONEY, 13),
        Column("Unit", "unit", None, 9),
    )
    page = Page(book, "Ranking", "Ranking, worst first",
                "Scores from 0 (best) to 100 (worst); headroom in times the policy's shock; entities lead to the files",
                [column.width for column in columns])  # fmt: skip
    keys = ("review_type", "period_end", "score", "rating", "decision", *(f"section_{item.key}" for item in scored))
    data = [story.column(key) for key in keys]
    entity, money, currency, unit = (story.column(key) for key in ("entity", "ai_revenue", "currency", "unit"))
    rows = (
        [entity[at], rank, *(column[at] for column in data), *breaking(story, at), money[at],
         " ".join(part for part in (unit[at], currency[at]) if part)]
        for rank, at in enumerate(story.rows, start=1)
    )  # fmt: skip
    place = page.table(4, columns, rows, map(story.link, story.rows), _results(story))
    if story.rows:
        heat(page, Place(page.name, place.row, 6, place.rows))
        heat(page, Place(page.name, place.row, 9, place.rows, len(scored)))
        style.mark_words(page.sheet, Place(page.name, place.row, 7, place.rows), RATING_WORDS)
        style.mark_words(page.sheet, Place(page.name, place.row, 8, place.rows), DECISION_WORDS)
    page.finish()


def write_scenarios(book: Workbook, story: Story) -> None:
    """Write what each scenario does to each review, and how many it breaks."""
    scenarios = {key: row["label"] for key, row in story.policy.scenarios.items()}
    known = [key for key in scenarios if f"verdict_{key}" in COLUMN]
    page = Page(book, "Scenarios", "What each scenario does",
                "Counts first, then one row a review in the order of the ranking",
                [34, 9, *(11 for _ in known)])  # fmt: skip
    verdicts = {key: story.column(f"verdict_{key}") for key in known}
    count = {key: [sum(column[at] == verdict for at in story.rows) for verdict in template.VERDICTS]
             for key, column in verdicts.items()}  # fmt: skip
    heads = (Column("Scenario"), *(Column(verdict, "result", "#,##0") for verdict in template.VERDICTS))
    after = page.grid(4, 2, heads, [[scenarios[key], *count[key]] for key in known])
    if story.rows:
        names = Place(page.name, 5, 2, len(known))
        graphs.verdicts(page, "Reviews that hold, strain and break", names,
                        Place(page.name, 5, 3, len(known), 3), Place(page.name, 4, 7, len(known) + 1, 9))  # fmt: skip
    columns = (
        Column("Entity", "hyperlink"),
        Column("Score", "result", "0"),
        *(Column(scenarios[key], "result flow") for key in known),
    )
    entity, score = story.column("entity"), story.column("score")
    rows = ([entity[at], score[at], *(verdicts[key][at] for key in known)] for at in story.rows)
    place = page.table(after + 1, columns, rows, map(story.link, story.rows), _results(story), height=54)
    if story.rows:
        grid = Place(page.name, place.row, 4, place.rows, len(known))
        style.mark_words(page.sheet, grid, style.VERDICT_WORDS)
    page.finish()


def heat(page: Page, place: Place) -> None:
    """Colour scores from good to bad; the number in each cell says the same."""
    scale = ColorScaleRule("num", 0, style.GOOD[0], "num", 50, style.WARN[0], "num", 100, "F2B8B2")
    page.sheet.conditional_formatting.add(place.local, scale)


def _results(story: Story) -> str:
    return str(story.results) if story.results else ""
