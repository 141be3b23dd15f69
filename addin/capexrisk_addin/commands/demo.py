"""`capexrisk demo`: the whole job on the example companies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import PolicyOption


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for the workbooks.")] = Path(
        "capexrisk-demo"
    ),
    policy: PolicyOption = None,
) -> None:
    """Make a workbook for each example company, recalculate them all, write portfolio.xlsx, print the ranking."""
    from rich.text import Text

    from capexrisk.examples import examples
    from capexrisk_addin.commands.new import make
    from capexrisk_addin.commands.recalc import Report, shown
    from capexrisk_addin.pages import ranking_page
    from capexrisk_addin.terminal import console
    from capexrisk_workbooks.batch import batch
    from capexrisk_workbooks.job import Job
    from capexrisk_workbooks.ooxml.replace import create
    from capexrisk_workbooks.portfolio import summary_bytes

    screen = console()
    records = examples()
    with screen.status(f"Making {len(records)} workbooks …"):
        made = make(records, out, force=True)
    screen.print(Text(f"{len(made)} workbooks made in {out}."))
    files = [(path, True) for path in made]
    done = list(batch(shown(iter(files), len(files) if sys.stderr.isatty() else None), Job(), os.cpu_count() or 1))
    with Report() as report:
        for item in done:
            report.add(item)
        report.print()
    create(out / "portfolio.xlsx", summary_bytes(done, out / "portfolio.xlsx"), force=True)
    screen.print(Text(f"Summary written to {out / 'portfolio.xlsx'}.\n"))
    screen.print(ranking_page([item.row for item in done], screen.width))
    screen.print(
        Text("Public figures, many rounded or assumed (see each workbook's sources); some companies are invented.")
    )
