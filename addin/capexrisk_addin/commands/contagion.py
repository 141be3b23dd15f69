"""`capexrisk contagion`: who pays in how many reviews, and what breaks when they cut their spend."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capexrisk_addin.commands.common import FAILED, USAGE, JsonOption, PolicyOption, made_by, no_files, print_json, stop
from capexrisk_addin.commands.recalc import AliasOption, FxOption, tables_of

if TYPE_CHECKING:
    from capexrisk.contagion import Breaking, Contagion
    from capexrisk.portfolio import Exposure, Portfolio
    from capexrisk_workbooks.results import Row

_TOLD = ("path", "status", "sentence", "entity", "decision")
"""What is kept of each file's row of results."""


def contagion(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH ...", help="Workbooks, or folders of them.")],
    cut: Annotated[
        list[str] | None,
        typer.Option("--cut", metavar="NAME=SHARE", help='Whose spend falls, such as "OpenAI=50%"; may be repeated.'),
    ] = None,
    fx: FxOption = None,
    alias: AliasOption = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=0, help="Processes; 0: one a core.")] = 0,
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show shared exposure, what breaks round by round when counterparties cut their spend, and what cut is enough.

    Reads what the workbooks hold and changes nothing; a workbook with stale formulas among its inputs is recalculated
    first with `capexrisk recalc`.
    """
    from capexrisk import InputError
    from capexrisk.contagion import breaking_cuts, spread
    from capexrisk.portfolio import Portfolio
    from capexrisk_workbooks.batch import batch
    from capexrisk_workbooks.files import find
    from capexrisk_workbooks.filing import filed, spool
    from capexrisk_workbooks.job import Job

    cuts = [_cut(text) for text in cut or []]
    rates, aliases = tables_of(fx, alias)
    tasks = list(find(paths))
    if not tasks and not as_json:
        no_files(paths)
        return
    found = batch(tasks, Job(read_only=True), min(workers or os.cpu_count() or 1, len(tasks)))
    with tempfile.TemporaryDirectory() as folder:
        files: list[Row] = []
        failed = False

        def rows() -> Iterator[Row]:
            nonlocal failed
            for item in found:
                failed |= item.failed
                files.append({key: item.row[key] for key in _TOLD})  # of a whole row there may be too many
                yield item.row

        reviews, places = filed(spool(rows(), Path(folder, "read.parquet")))
    try:
        portfolio = Portfolio.of(reviews, rates, aliases)
        largest: dict[str, float] = {}
        for name, share in cuts:
            known = portfolio.party(name)
            key = name if known is None else portfolio.parties[known]
            largest[key] = max(share, largest.get(key, 0.0))
        result = spread(portfolio, largest)
    except InputError as error:
        stop(str(error), USAGE)
    breaking = breaking_cuts(portfolio)
    if as_json:
        print_json(_json(portfolio, result, breaking, files, places) | made_by())
    else:
        from capexrisk_addin.contagion_page import contagion_page, left_out_page
        from capexrisk_addin.terminal import console

        screen = console()
        screen.print(contagion_page(portfolio, result, breaking))
        screen.print(left_out_page(portfolio, files, places))
    if failed:
        raise typer.Exit(FAILED)


def _cut(text: str) -> tuple[str, float]:
    """Read "OpenAI=50%" or "OpenAI=0.5"."""
    from capexrisk.typed import MisreadError, read_number

    name, equals, typed = text.rpartition("=")
    try:
        share = read_number(typed, percent=True) if equals else None
    except MisreadError as error:
        stop(f"--cut {text!r}: the share {error}.", USAGE)
    if not name.strip() or share is None:
        stop(f'--cut {text!r} is no name and share; type it as "OpenAI=50%".', USAGE)
    if not 0 <= share <= 1:
        stop(f'--cut {text!r}: the share must be between 0% and 100%; half is "50%" or 0.5.', USAGE)
    return name.strip(), share


def _json(
    portfolio: Portfolio, result: Contagion, breaking: list[Breaking], files: list[Row], places: list[int]
) -> dict[str, Any]:
    from capexrisk.template import VERDICTS

    currency = portfolio.currency
    path_of = [files[places[at]]["path"] for at in portfolio.places]
    return {
        "cuts": result.cuts,
        "currency": currency,
        "unit": portfolio.unit,
        "rounds": [
            {
                "round": item.number,
                "broken": [portfolio.entities[at] for at in item.broken],
                "ai_revenue_lost": item.lost.get(currency, 0.0) if currency else None if item.lost else 0.0,
                "ai_revenue_lost_by_currency": item.lost,
            }
            for item in result.rounds
        ],
        "reviews": [
            {
                "entity": entity,
                "path": path_of[at],
                "already": bool(result.already[at]),
                "round": int(result.round[at]) if result.round[at] >= 0 else None,
                "chain": list(result.chains.get(at, ())),
                "volume": float(result.volume[at]),
                "verdict": VERDICTS[result.verdict[at]],
            }
            for at, entity in enumerate(portfolio.entities)
        ],
        "exposure": [_exposure(item) for item in portfolio.exposures()],
        "breaking_cuts": [item._asdict() for item in breaking],
        "look_alikes": [list(names) for names in portfolio.look_alikes()],
        "left_out": [
            {"entity": row["entity"], "path": row["path"], "why": why}
            for why, rows in (("incomplete", portfolio.incomplete), ("superseded", portfolio.superseded))
            for row in (files[places[at]] for at in rows)
        ],
        "files": [{key: row[key] for key in ("path", "status", "sentence")} for row in files],
    }


def _exposure(item: Exposure) -> dict[str, Any]:
    return {**item._asdict(), "kinds": list(item.kinds)}
