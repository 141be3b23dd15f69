"""`capexrisk history`: one entity over time, from the ledger."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from capexrisk_addin.commands.common import FAILED, JsonOption, print_json, stop
from capexrisk_addin.commands.recalc import LedgerOption

if TYPE_CHECKING:
    from capexrisk_workbooks.ledger import Visit


def history(
    entity: Annotated[str, typer.Argument(help="The entity, as its reviews name it.")],
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what every run found in an entity's reviews: score, rating, decision, what breaks first, policy."""
    from capexrisk.errors import MOST_NAMED, unknown
    from capexrisk_workbooks.ledger import Ledger, default_path

    path = ledger or default_path()
    if not path.exists():
        stop(f"There is no ledger {path} yet; `capexrisk recalc` begins one.", FAILED)
    with Ledger(path) as book:
        visits = book.history(entity)
        if not visits:
            names = sorted(book.entities())
            near = unknown("Entity", entity, names, f" in the ledger {path}", MOST_NAMED)
            stop(near if names else f"The ledger {path} holds no entity yet.", FAILED)
    if as_json:
        print_json({"entity": visits[-1].entity, "visits": [asdict(visit) for visit in visits]})
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from capexrisk_addin.terminal import console, one_line

    policies = {visit.policy for visit in visits}
    names = ["Seen", "Runs", "Period", "Score", "Rating", "Decision", "Breaks first"]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in [*names, "Policy"] if len(policies) > 1 else names:
        table.add_column(
            name,
            justify="right" if name in ("Score", "Runs") else "left",
            no_wrap=name not in ("Breaks first", "Policy"),
        )
    for first, runs in spells(visits):
        cells = [
            first.run[:10],
            str(runs),
            first.period_end or "",
            "" if first.score is None else f"{first.score:.1f}",
            first.rating or "",
            first.decision or "",
            first.breaks_first or "",
            first.policy,
        ]
        table.add_row(*(Text(one_line(cell)) for cell in cells[: len(table.columns)]))
    screen = console()
    screen.print(Text(one_line(visits[-1].entity), style="bold"))
    screen.print(table)
    if len(policies) == 1:
        screen.print(Text(f"Policy {visits[-1].policy}.", style="dim"))


def spells(visits: list[Visit]) -> list[tuple[Visit, int]]:
    """Take visits in a row that found the same together: the first of each, and how many there were."""
    last: dict[str, tuple[int, tuple[object, ...]]] = {}
    found: list[tuple[Visit, int]] = []
    for visit in visits:
        same = (visit.period_end, visit.score, visit.rating, visit.decision, visit.breaks_first, visit.policy)
        at, before = last.get(visit.path, (-1, ()))
        if at >= 0 and before == same:
            found[at] = (found[at][0], found[at][1] + 1)
        else:
            last[visit.path] = (len(found), same)
            found.append((visit, 1))
    return found
