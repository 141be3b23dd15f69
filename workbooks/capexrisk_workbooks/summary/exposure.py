"""Who pays in several reviews, what cut of theirs is enough, and what contagion does round by round."""

from __future__ import annotations

from openpyxl import Workbook

from capexrisk import template
from capexrisk_workbooks import style
from capexrisk_workbooks.pages.places import Place
from capexrisk_workbooks.summary import graphs
from capexrisk_workbooks.summary.page import Column, Page
from capexrisk_workbooks.summary.story import MOST_ASKED, Story

DRAWN = 10
_SHARE = style.FORMATS["share"]


def write(book: Workbook, story: Story) -> None:
    """Write every counterparty with its share of AI revenue, the largest first."""
    several = len({item.currency for item in story.exposures}) > 1
    columns = (
        Column("Counterparty", width=34),
        Column("Share of AI revenue", "result", _SHARE, 12),
        Column("Reviews", "result", "#,##0", 10),
        Column("AI revenue", "result", style.MONEY_FINE, 14),
        Column("Backlog", "result", style.MONEY_FINE, 14),
        Column("Unit", "unit", None, 10),
        Column("Kind", width=26),
        Column("Breaks a first review at a cut of", "result", _SHARE, 16),
        Column("Which", width=26),
        Column("Breaks half at", "result", _SHARE, 13),
    )
    note = "Matched without regard to case and outer spaces; names that say nothing are not matched between reviews"
    if several:
        note += "; currencies stand apart"
    page = Page(book, "Exposure", "Shared exposure", note, [column.width for column in columns])
    row = 4
    alike = story.portfolio.look_alikes()
    if alike:
        page.put(row, 2, "These names look alike and are counted apart; if they mean the same, say so in a table for "
                 "--alias:", "title line")  # fmt: skip
        row = page.lines(row + 1, 2, [" · ".join(names) for names in alike[:8]], "note line")
        row = page.lines(row, 2, [f"and {len(alike) - 8:,} more groups"] if len(alike) > 8 else [], "note line") + 1
    drawn = story.exposures[:DRAWN]
    height = len(drawn) + 7 if drawn else 0
    start = row + height + 1
    if drawn:
        graphs.bars(page, "Share of the portfolio's AI revenue, largest counterparties",
                    Place(page.name, start + 1, 2, len(drawn)), Place(page.name, start + 1, 3, len(drawn)),
                    Place(page.name, row, 2, height, 7), "0%")  # fmt: skip

    def rows() -> object:
        for item in story.exposures:
            asked = story.breaking.get(item.counterparty)
            first = half = which = None
            if asked is not None:
                first = "no cut" if asked.first_cut is None else asked.first_cut
                half = "no cut" if asked.half_cut is None else asked.half_cut
                which = asked.first
            kind = item.kind if len(item.kinds) == 1 else f"{item.kind} (kinds differ)"
            name = f"{item.counterparty}, in {item.currency}" if several else item.counterparty
            yield [name, item.share, item.reviews, item.revenue, item.backlog, story.money(item.currency),
                   kind, first, which, half]  # fmt: skip

    page.table(start, columns, rows(), results=str(story.results or ""))  # pyright: ignore[reportArgumentType]
    if sum(1 for item in story.exposures if item.reviews > 1) > MOST_ASKED:
        page.put(page.end + 1, 2, f"What cut is enough is asked for the {MOST_ASKED} counterparties in most reviews.",
                 "note line")  # fmt: skip
    page.finish()


def write_contagion(book: Workbook, story: Story) -> None:
    """Write what happens when the largest shared counterparties halve their spend, the largest one round by round."""
    page = Page(book, "Contagion", "When a large payer halves its spend",
                "An entity that breaks cuts its own spend by "
                f"{story.policy.data['contagion']['broken_customer_cut']:.0%} in the next round; reviews that break "
                "today count apart",
                (34, 12, 14, 16, 14, 16, 16, 10))  # fmt: skip
    if not story.halvings:
        page.put(4, 2, "No counterparty is named in more than one review.", "title line")
        page.finish()
        return
    columns = (
        Column("Counterparty that halves its spend"),
        Column("Reviews it pays in", "result", "#,##0"),
        Column("Share of AI revenue", "result", _SHARE),
        Column("Break at once", "result", "#,##0"),
        Column("Break in all", "result", "#,##0"),
        Column("Rounds", "result", "0"),
        Column("AI revenue lost", "result", style.MONEY_FINE),
        Column("Unit", "unit"),
    )
    page.height(4, 30)
    rows = [
        [item.exposure.counterparty, item.exposure.reviews, item.exposure.share, len(item.result.rounds[0].broken),
         item.result.broken, len(item.result.rounds),
         sum(once.lost[item.exposure.currency] for once in item.result.rounds), story.money(item.exposure.currency)]
        for item in story.halvings
    ]  # fmt: skip
    row = page.grid(4, 2, columns, rows) + 1
    shown = max(story.halvings, key=lambda item: (item.result.broken, item.exposure.share))
    result = shown.result
    page.put(row, 2, f"Round by round, when {shown.exposure.counterparty} halves its spend", "title line")
    heads = (
        Column("Round"),
        Column("Break in it", "result", "#,##0"),
        Column("Broken so far", "result", "#,##0"),
        Column(f"AI revenue lost in it, {story.money(shown.exposure.currency)}", "result", style.MONEY_FINE),
    )
    page.height(row + 1, 42)
    so_far = 0
    listed: list[list[object]] = []
    for item in result.rounds:
        so_far += len(item.broken)
        listed.append([f"Round {item.number}", len(item.broken), so_far, item.lost[shown.exposure.currency]])
    first = row + 2
    row = page.grid(row + 1, 2, heads, listed)
    if not result.broken:
        page.put(row + 1, 2, "No review that stands today breaks in any of these cases.", "title line")
        page.finish()
        return
    graphs.columns(page, "Reviews broken so far, by round", Place(page.name, first, 2, len(listed)),
                   Place(page.name, first, 4, len(listed)), Place(page.name, first - 2, 6, 11, 4))  # fmt: skip
    row = max(row, first + 9) + 1
    broken = sorted(result.chains, key=lambda at: (int(result.round[at]), story.portfolio.entities[at]))
    columns = (
        Column("Review that breaks", "hyperlink"),
        Column("Round", "result", "0"),
        Column("Volume lost", "result", _SHARE),
        Column("Verdict"),
        Column("How it came"),
        *(Column("") for _ in range(3)),
    )
    places = story.portfolio.places.tolist()
    table = (
        [story.portfolio.entities[at], int(result.round[at]), float(result.volume[at]),
         template.VERDICTS[int(result.verdict[at])], " → ".join(result.chains[at]), None, None, None]
        for at in broken
    )  # fmt: skip
    links = (story.link(story.places[places[at]]) for at in broken)
    page.table(row, columns, table, links, str(story.results or ""))
    page.finish()
