"""The page of `capexrisk contagion`: rounds, chains, shared exposure and the smallest cuts that break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from capexrisk import template, words
from capexrisk.contagion import Breaking, Contagion
from capexrisk.portfolio import Portfolio
from capexrisk_addin.terminal import one_line

MOST = 15
"""Rows of a table before it says how many more there are."""
_COLOURS = {"Holds": "green", "Strained": "yellow", "Breaks": "red"}


def contagion_page(portfolio: Portfolio, result: Contagion, breaking: Sequence[Breaking]) -> Group:
    """Give the page: first what the cuts do, then who pays in how many reviews, then what cut is enough."""
    blocks: list[RenderableType] = []
    if result.cuts:
        blocks += [_headline(portfolio, result), _rounds(portfolio, result), _broken(portfolio, result)]
    blocks += [_exposure(portfolio), _breaking(breaking)]
    alike = portfolio.look_alikes()
    if alike:
        lines = [_typed("  " + " · ".join(names)) for names in alike[:MOST]]
        more = f"  and {len(alike) - MOST} more" if len(alike) > MOST else ""
        note = Text("Counted apart; if they are the same, say so in a table for --alias." + more, style="dim")
        blocks.append(Group(_title("Names that look alike"), *lines, note))
    return Group(*blocks)


def _headline(portfolio: Portfolio, result: Contagion) -> Text:
    cuts = words.listed([f"{name} cuts its spend by {words.share(share)}" for name, share in result.cuts.items()])
    standing = len(portfolio) - int(result.already.sum())
    text = Text(f"{result.broken} of {standing} reviews that stand today break when {cuts}", style="bold")
    if result.already.any():
        text.append(f"; {int(result.already.sum())} break already, before any cut")
    return text.append(".")


def _rounds(portfolio: Portfolio, result: Contagion) -> Group:
    table = _table(("Round", "right"), ("Broken in it", "right"), ("AI revenue lost in it", "right"), ("Who", "left"))
    for item in result.rounds:
        lost = ", ".join(f"{words.money(amount, portfolio.unit)} {currency}" for currency, amount in item.lost.items())
        names = [portfolio.entities[at] for at in item.broken]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        table.add_row(str(item.number), str(len(names)), lost, _typed(", ".join(names[:5]) + more))
    return Group(_title("Rounds"), table)


def _broken(portfolio: Portfolio, result: Contagion) -> Group:
    table = _table(
        ("Review", "left"), ("Round", "left"), ("Volume lost", "right"), ("Verdict", "left"), ("How", "left")
    )
    order = sorted(
        range(len(portfolio)),
        key=lambda at: (result.round[at] < 0, result.round[at], -result.volume[at], portfolio.entities[at]),
    )
    shown = [at for at in order if result.already[at] or result.volume[at] > 0]
    for at in shown[:MOST]:
        verdict = template.VERDICTS[result.verdict[at]]
        round_ = "already" if result.already[at] else str(result.round[at]) if result.round[at] >= 0 else ""
        table.add_row(
            _typed(portfolio.entities[at]),
            round_,
            "" if result.already[at] else words.share(float(result.volume[at])),
            Text(verdict, style=_COLOURS[verdict]),
            _typed(" → ".join(result.chains.get(at, ()))),
        )
    return Group(_title("Reviews that are hit"), table, _more(len(shown)))


def _exposure(portfolio: Portfolio) -> Group:
    table = _table(
        ("Counterparty", "left"),
        ("Kind", "left"),
        ("Reviews", "right"),
        ("AI revenue", "right"),
        ("Backlog", "right"),
        ("Share of all", "right"),
    )
    found = portfolio.exposures()
    for item in found[:MOST]:
        money = f"{portfolio.unit} {item.currency}".strip()
        table.add_row(
            _typed(item.counterparty),
            item.kind,
            str(item.reviews),
            words.money(item.revenue, money),
            words.money(item.backlog, money) if item.backlog else "–",
            words.share(item.share),
        )
    return Group(_title("Who pays in these reviews"), table, _more(len(found)))


def _breaking(breaking: Sequence[Breaking]) -> Group:
    table = _table(
        ("Counterparty", "left"),
        ("Reviews", "right"),
        ("Breaks the first at", "right"),
        ("Which", "left"),
        ("Breaks half at", "right"),
    )
    for item in breaking[:MOST]:
        table.add_row(
            _typed(item.counterparty),
            str(item.reviews),
            cut(item.first_cut),
            _typed(item.first or ""),
            cut(item.half_cut),
        )
    if not breaking:
        return Group(_title("What cut is enough"), Text("Nobody pays in more than one review."))
    return Group(_title("What cut is enough, contagion included"), table, _more(len(breaking)))


def cut(value: float | None) -> str:
    """Say a cut that is just enough: "any cut", "44.4%", "no cut"."""
    return "no cut" if value is None else "any cut" if value == 0 else f"{value * 100:.1f}%"


def left_out_page(portfolio: Portfolio, rows: Sequence[Mapping[str, Any]], places: Sequence[int]) -> Group:
    """Say which files count for nothing here, and why."""
    lines: list[Text] = []
    for why, which in (
        ("is Incomplete and counts for nothing", portfolio.incomplete),
        ("is older than its entity's latest review", portfolio.superseded),
    ):
        lines += [_typed(f"  {rows[places[at]]['path']} {why}.") for at in which[:MOST]]
        if len(which) > MOST:
            lines.append(Text(f"  and {len(which) - MOST:,} more like it."))
    bad = [row for row in rows if row["decision"] is None]
    lines += [_typed(f"  {row['path']} {row['status'].replace('_', ' ')}: {row['sentence']}") for row in bad[:MOST]]
    if len(bad) > MOST:
        lines.append(Text(f"  and {len(bad) - MOST:,} more that cannot be read."))
    return Group(_title("Left out"), *lines) if lines else Group()


def _typed(text: str) -> Text:
    """What somebody typed somewhere: no markup, and no line of its own."""
    return Text(one_line(text))


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold underline")


def _more(count: int) -> Text:
    return Text(f"and {count - MOST:,} more; --json lists them all." if count > MOST else "", style="dim", end="")


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, justify in columns:
        table.add_column(name, justify=justify)  # pyright: ignore[reportArgumentType]
    return table
