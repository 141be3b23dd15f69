"""`capexrisk compare`: two reviews side by side."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import (
    USAGE,
    JsonOption,
    PolicyOption,
    made_by,
    print_json,
    read_with_remarks,
    stop,
)


def compare(
    old: Annotated[Path, typer.Argument(help="The earlier review.")],
    new: Annotated[Path, typer.Argument(help="The later review.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the comparison as a workbook too.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the workbook if it exists.")] = False,
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what changed between two reviews: inputs, customers, metrics, scores, verdicts, decision."""
    from capexrisk_workbooks.compare import compare as compared
    from capexrisk_workbooks.compare import comparison_bytes
    from capexrisk_workbooks.ooxml.replace import create
    from capexrisk_workbooks.recalc import result_of

    if out is not None and out.suffix.lower() != ".xlsx":
        stop(f"--out is {out.name}; its name must end in .xlsx.", USAGE)
    reviews = [read_with_remarks(path) for path in (old, new)]
    comparison = compared(*(result_of(read) for read, _ in reviews))
    remarks = [f"{path.name}: {said}" for path, (_, found) in zip((old, new), reviews, strict=True) for said in found]
    comparison = replace(comparison, notes=(*comparison.notes, *remarks))
    if out is not None:
        create(out, comparison_bytes(comparison), force=force)
    if as_json:
        changes = [{**asdict(change), "difference": change.difference} for change in comparison.changes]
        print_json({"old": str(old), "new": str(new), "notes": comparison.notes, "changes": changes} | made_by())
        return
    from rich.text import Text

    from capexrisk_addin.pages import comparison_page
    from capexrisk_addin.terminal import console
    from capexrisk_udfs.calls import capex_version

    screen = console()
    screen.print(comparison_page(comparison))
    screen.print(Text(f"Compared with {capex_version()}.", style="dim"))
