"""`capexrisk compare`: two reviews side by side."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import USAGE, JsonOption, PolicyOption, print_json, read_workbook, stop


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
    from capexrisk_workbooks.recalc import result_of
    from capexrisk_workbooks.replace import create

    if out is not None and out.suffix.lower() != ".xlsx":
        stop(f"--out is {out.name}; its name must end in .xlsx.", USAGE)
    comparison = compared(*(result_of(read_workbook(path)) for path in (old, new)))
    if out is not None:
        create(out, comparison_bytes(comparison), force=force)
    if as_json:
        changes = [{**asdict(change), "difference": change.difference} for change in comparison.changes]
        print_json({"old": str(old), "new": str(new), "notes": comparison.notes, "changes": changes})
        return
    from rich.console import Console

    from capexrisk_addin.pages import comparison_page

    Console().print(comparison_page(comparison))
