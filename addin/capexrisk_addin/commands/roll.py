"""`capexrisk roll`: the next period's workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import PolicyOption, read_workbook
from capexrisk_addin.terminal import harmless


def roll(
    file: Annotated[Path, typer.Argument(help="The review to go on from; it is not changed.")],
    period_end: Annotated[
        datetime, typer.Option("--period-end", formats=["%Y-%m-%d"], metavar="DATE", help="The new period's last day.")
    ],
    keep_figures: Annotated[
        bool, typer.Option("--keep-figures", help="Carry figures and answers over too, to be typed over.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The folder for it; else beside the old one.")
    ] = None,
    functions: Annotated[
        str, typer.Option("--functions", metavar="excel|office", help="For which add-in the formulas are stored.")
    ] = "excel",
    force: Annotated[bool, typer.Option("--force", help="Replace a workbook that exists.")] = False,
    policy: PolicyOption = None,
) -> None:
    """Make the next review of an entity: identity, customers and sources carried over, in the current template."""
    from rich.text import Text

    from capexrisk_addin.commands.new import make
    from capexrisk_addin.terminal import console
    from capexrisk_workbooks.roll import rolled

    record, left = rolled(read_workbook(file), period_end.date(), keep_figures=keep_figures)
    made = make([record], out or file.parent, functions, force=force)  # pyright: ignore[reportArgumentType]
    print(harmless(str(made[0])))
    for finding in left:
        console(stderr=True).print(Text(f"Not carried over, see the old workbook: {finding.text}"))
