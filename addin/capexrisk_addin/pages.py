"""Pages for the terminal: a review, a ranking, a policy. Text from files is shown as text, never as markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from capexrisk import Policy, Result, template, words
from capexrisk.version import VERSION
from capexrisk_addin.terminal import one_line
from capexrisk_workbooks.compare import Comparison, groups
from capexrisk_workbooks.recalc import Outcome
from capexrisk_workbooks.results import ranked

COLOURS = {
    "Low": "green",
    "Moderate": "yellow",
    "High": "dark_orange",
    "Severe": "red",
    "Proven": "green",
    "Conditional": "yellow",
    "Restructure": "red",
    "Speculative": "red",
    "Incomplete": "magenta",
    "Holds": "green",
    "Strained": "yellow",
    "Breaks": "red",
    "missing": "red",
    "wrong": "red",
    "assumed": "yellow",
    "unusual": "cyan",
}
BARS = ((100, 20), (72, 10))
"""How long a score's bar is, in characters, from which width of the terminal on; none where it would be cut."""


def result_page(
    result: Result,
    title: str = "",
    places: Mapping[tuple[str, int | None, str], str] | None = None,
    remarks: Iterable[str] = (),
    width: int = 80,
) -> Group:
    """Give one review as a page: the verdict on top, then the sections in the template's order.

    `remarks` say how the results that are stored in its file were made. `width` is the terminal's, in characters:
    the bars beside the scores are drawn as long as it allows.
    """
    bar = next((bar for least, bar in BARS if width >= least), 0)
    blocks: list[RenderableType] = [_head(result, title), *(Text(remark, style="yellow") for remark in remarks)]
    if result.complete:
        blocks += [
            _sections(result, bar),
            _metrics(result, bar),
            _stress(result),
            _breakpoints(result),
            _checks(result),
        ]
        if result.ask:
            blocks.append(_titled("What to ask in the meeting", _bullets(result.ask)))
    if result.findings:
        blocks.append(_titled("Findings", _findings(result, places or {})))
    made_by = f"capexrisk {VERSION}, template {template.TEMPLATE_VERSION}"
    made_by += f", policy {result.policy_name} ({result.policy_hash}). Not a credit rating."
    blocks.append(Text(made_by, style="dim"))
    return Group(*blocks)


def _head(result: Result, title: str) -> Panel:
    inputs = result.inputs
    unit = " ".join(str(part) for part in (inputs.get("currency"), inputs.get("unit")) if part)
    about = " · ".join(
        str(part) for part in (inputs.get("review_type"), f"twelve months to {inputs.get('period_end')}", unit) if part
    )
    text = Text()
    if result.complete and result.score is not None and result.rating is not None:
        text.append(f"{result.score:.0f}", style=f"bold {COLOURS[result.rating]}")
        text.append(f"  {result.rating} risk", style=COLOURS[result.rating])
        text.append("   ")
        text.append(result.decision_sentence, style="bold")
        text.append(f"\n{_breaks_first(result, 'Breaks first')}")
    else:
        text.append(result.decision_sentence, style=f"bold {COLOURS['Incomplete']}")
    text.append(f"\n{about}", style="dim")
    return Panel(text, title=Text(title or str(inputs.get("entity") or "A review without a name"), style="bold"))


def _titled(title: str, body: RenderableType) -> Group:
    return Group(Text(f"\n{title}", style="bold underline"), body)


def _bar(score: float, length: int) -> Text:
    filled = round(score / 100 * length)
    rating = next(rating for rating, limit in zip(("Severe", "High", "Moderate"), (75, 50, 25), strict=True)
                  if score >= limit) if score >= 25 else "Low"  # fmt: skip
    return Text("█" * filled, style=COLOURS[rating]) + Text("·" * (length - filled), style="dim")


def _plain_table(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")  # pyright: ignore[reportArgumentType]
    return table


def _sections(result: Result, bar: int) -> Group:
    table = _plain_table(("Section", "left"), ("Score", "right"), ("", "left"))
    for section in template.SECTIONS:
        if section.scored:
            score = result.sections[section.key]
            table.add_row(section.title, f"{score:.0f}", _bar(score, bar))
    return _titled("Scores, 0 best to 100 worst", table)


def _metrics(result: Result, bar: int) -> Group:
    table = _plain_table(("Metric", "left"), ("Value", "right"), ("Score", "right"), ("", "left"))
    for metric in template.METRICS:
        score = result.metric_scores[metric.key]
        said = words.metric_value(metric, result.metrics[metric.key])
        table.add_row(metric.label, said, f"{score:.0f}", _bar(score, bar))
    return _titled("Metrics", table)


def _stress(result: Result) -> Group:
    table = _plain_table(
        ("Scenario", "left"),
        ("Verdict", "left"),
        ("DSCR", "right"),
        ("Lowest liquidity", "right"),
        ("Runs out", "left"),
    )
    unit = str(result.inputs.get("unit") or "")
    for outcome in result.stress:
        table.add_row(
            Text(outcome.label),
            Text(outcome.verdict, style=COLOURS[outcome.verdict]),
            words.cover(outcome.dscr),
            words.money(outcome.lowest_liquidity, unit),
            f"Q{outcome.runs_out}" if outcome.runs_out else "",
        )
    return _titled("Stress, eight quarters", table)


def _breakpoints(result: Result) -> Group:
    drivers = {driver.name: driver for driver in Policy.current().drivers}
    table = _plain_table(("Driver", "left"), ("Breaks at", "right"), ("Headroom", "right"))
    for point in result.breakpoints:
        if isfinite(point.headroom):
            breaks_at = words.shock(drivers[point.driver].shock, point.shock)
            table.add_row(point.driver, breaks_at, f"{point.headroom:.2f}")
        else:
            table.add_row(point.driver, words.NEVER, "")
    return _titled(_breaks_first(result, "What breaks first"), table)


def _breaks_first(result: Result, before: str) -> str:
    """Say what breaks first after these words, which a review that breaks today needs not."""
    said = result.breaks_first_sentence
    return said if said.startswith(words.BREAKS_TODAY) else f"{before}: {said}"


def _checks(result: Result) -> Group:
    table = Table.grid(padding=(0, 1))
    for check in template.CHECKS:
        held = result.checks[check.key]
        mark = Text("holds", style="green") if held.ok else Text("FAILS", style="bold red")
        table.add_row(mark, Text(f"{check.label}. {held.text}"))
    return _titled("Decision rule", table)


def _findings(result: Result, places: Mapping[tuple[str, int | None, str], str]) -> Table:
    table = Table.grid(padding=(0, 1))
    for finding in result.findings:
        cell = places.get((finding.table, finding.row, finding.key), "")
        table.add_row(Text(finding.kind, style=COLOURS[finding.kind]), Text(cell, style="dim"), Text(finding.text))
    return table


def _bullets(lines: Iterable[str]) -> Table:
    table = Table.grid(padding=(0, 1))
    for line in lines:
        table.add_row("•", Text(line))
    return table


def policy_page(policy: Policy) -> Group:
    """Give a policy as a page: each table with its values and its source."""
    blocks: list[RenderableType] = [Text(f"{policy.name}, hash {policy.hash}", style="bold")]
    blocks += _policy_tables(policy.data, "")
    return Group(*blocks)


def _policy_tables(tables: Mapping[str, Any], path: str) -> Iterable[RenderableType]:
    for key, value in tables.items():
        if not isinstance(value, dict):
            continue
        where = f"{path}.{key}" if path else key
        plain = {name: item for name, item in value.items() if not isinstance(item, dict) and name != "source"}
        if plain or "source" in value:
            table = Table.grid(padding=(0, 2))
            for name, item in plain.items():
                table.add_row(Text(name), Text(str(item)))
            table.add_row(Text("source", style="dim"), Text(str(value.get("source", "")), style="dim"))
            yield Group(Text(f"\n{where}", style="bold"), table)
        yield from _policy_tables(value, where)


def findings_page(path: str, outcome: Outcome) -> Group:
    """Give what `check` found in one file."""
    result, path = outcome.result, one_line(path)
    if result is None or outcome.read is None:
        sentence = one_line(outcome.sentence)
        return Group(Text(f"{path}: {outcome.status.replace('_', ' ')}. {sentence}", style="red"))
    counts = Counter(finding.kind for finding in result.findings)
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing found"
    state = "complete" if result.complete else "INCOMPLETE"
    remarks = [Text(f"  {remark}", style="yellow") for remark in outcome.remarks]
    return Group(Text(f"{path}: {state}; {said}.", style="bold"), *remarks, _findings(result, outcome.read.cells))


def ranking_page(rows: Iterable[Mapping[str, Any]], width: int = 80) -> Table:
    """Give the ranking of a portfolio, worst first; ratings and section scores where the terminal is wide enough.

    What breaks first is never cut: where it is long and the terminal narrow, the names of the entities give way.
    """
    order = list(ranked(rows))
    firsts = [_first(row) for row in order]
    scored = [section.name for section in template.SECTIONS if section.scored]
    room = width - TAKEN - max(map(len, firsts), default=0)
    more = sum(GAP + len(name) for name in ("Moderate", *scored))
    wide = room - more >= NAME
    names = min(room - more, 40) if wide else min(max(room, 8), NAME)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("Entity", no_wrap=True, max_width=names)
    for name in ("Period", "Score", "Rating", "Decision") if wide else ("Period", "Score", "Decision"):
        table.add_column(name, no_wrap=True, min_width=5, justify="right" if name == "Score" else "left")
    for name in scored if wide else ():
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Breaks first", no_wrap=True)
    for place, (row, first) in enumerate(zip(order, firsts, strict=True), start=1):
        sections = [f"{row[f'section_{key}']:.0f}" for key in template.SCORED_SECTIONS] if wide else []
        table.add_row(
            str(place),
            Text(str(row["entity"])),
            Text(str(row["period_end"])),
            Text(f"{row['score']:.1f}", style=COLOURS[row["rating"]]),
            *([Text(row["rating"], style=COLOURS[row["rating"]])] if wide else []),
            Text(row["decision"], style=COLOURS[row["decision"]]),
            *sections,
            Text(first),
        )
    return table


GAP = 3
NAME = 18
"""Characters of an entity's name that are shown before ratings and section scores are."""
TAKEN = 2 + len("2025-12-31") + len("Score") + len("Conditional") + 5 * GAP
"""Characters of a line of the ranking that place, period, score, decision and the gaps take."""


def _first(row: Mapping[str, Any]) -> str:
    if row["breaks_today"]:
        return "today"
    first = row["breaks_first"] or words.NEVER
    return f"{first} {row['headroom']:.2f}x" if row["headroom"] else first


def comparison_page(comparison: Comparison) -> Group:
    """Give what changed between two reviews."""
    old, new = comparison.old.inputs, comparison.new.inputs
    head = f"{new.get('entity')}: {old.get('period_end')} and {new.get('period_end')}"
    blocks: list[RenderableType] = [Text(head, style="bold")]
    blocks += [Text(note, style="yellow") for note in comparison.notes]
    for group, changes in groups(comparison.changes).items():
        table = _plain_table(("What", "left"), ("Before", "right"), ("Now", "right"), ("Difference", "right"))
        for change in changes:
            values = (change.old, change.new, change.difference)
            table.add_row(Text(change.label), *(Text(_changed(value, change.kind)) for value in values))
        blocks.append(_titled(group, table))
    if not comparison.changes:
        blocks.append(Text("Nothing changed."))
    return Group(*blocks)


def _changed(value: str | float | None, kind: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if kind == "share":
        return words.share(value)
    if kind == "multiple":
        return words.multiple(value)
    return words.money(value) if kind == "money" else f"{value:,.1f}"
