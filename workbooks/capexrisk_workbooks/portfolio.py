"""The summary workbook of a portfolio, made from the results of a batch: the page that a risk committee gets."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.workbook.properties import CalcProperties

from capexrisk.currencies import Rates
from capexrisk.names import Aliases
from capexrisk_workbooks import style
from capexrisk_workbooks.filing import spool
from capexrisk_workbooks.ledger import Visit
from capexrisk_workbooks.ooxml.replace import create
from capexrisk_workbooks.results_file import Table
from capexrisk_workbooks.summary import breaks, exposure, front, listing, movements, quality, ranking
from capexrisk_workbooks.summary.story import Story
from capexrisk_workbooks.undated import undate

if TYPE_CHECKING:
    from capexrisk_workbooks.job import Done

_PAGES = (
    front.write, ranking.write, ranking.write_scenarios, breaks.write, exposure.write, exposure.write_contagion,
    movements.write, quality.write, listing.write,
)  # fmt: skip


def summary_bytes(done: Iterable[Done], path: str | Path | None = None) -> bytes:
    """Give the summary workbook of a batch; `path` is where it will lie, so that links lead from there."""
    with tempfile.TemporaryDirectory() as folder:
        table = spool((item.row for item in done), Path(folder, "results.parquet"))
        return made(Story.of(table, Path(path).parent if path else Path()))


def write_summary(
    table: Table,
    path: str | Path,
    *,
    results: Path | None = None,
    before: Mapping[str, Visit] | None = None,
    rates: Rates | None = None,
    aliases: Aliases | None = None,
) -> None:
    """Write the summary workbook from a table of results.

    `results` is the file that keeps all rows, named where a sheet cannot; `before` what the ledger knew of each entity.
    Raises InputError when a currency has no rate, and Unwritable when the file cannot be written.
    """
    create(path, made(Story.of(table, Path(path).parent, results, before, rates, aliases)), force=True)


def made(story: Story) -> bytes:
    """Give the workbook; the same story gives the same bytes."""
    book = Workbook(write_only=True)
    style.register(book)
    for write in _PAGES:
        write(book, story)
    book.calculation = CalcProperties(calcId=191029, fullCalcOnLoad=False)
    book.properties.creator, book.properties.title = "", "AI capital expenditure: the portfolio"
    with tempfile.TemporaryDirectory() as folder:
        raw, final = os.path.join(folder, "raw.xlsx"), os.path.join(folder, "final.xlsx")
        book.save(raw)
        undate(raw, final)
        return Path(final).read_bytes()
