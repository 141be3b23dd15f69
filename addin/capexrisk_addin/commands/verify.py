"""`capexrisk verify`: does a stored result still hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import FAILED, JsonOption, PolicyOption, made_by, print_json


def verify(
    file: Annotated[Path, typer.Argument(help="A finished review.")],
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute a finished review and say whether its stored results still hold, and why not, cell by cell."""
    from rich.text import Text

    from capexrisk_addin.terminal import console
    from capexrisk_udfs.calls import capex_version
    from capexrisk_workbooks.ooxml.unusable import UnusableFile
    from capexrisk_workbooks.verify import said
    from capexrisk_workbooks.verify import verify as verified

    try:
        found = verified(file)
    except UnusableFile as error:
        raise type(error)(f"{file}: {error}") from None
    if as_json:
        differences = [
            {"cell": item.cell, "stored": said(item.stored), "computed": said(item.computed)}
            for item in found.differences
        ]
        print_json(
            {
                "path": str(file),
                "holds": found.holds,
                "reasons": found.reasons,
                "differences": differences,
                "kept": [str(kept) for kept in found.kept],
            }
            | made_by()
        )
    else:
        screen = console()
        count = len(found.differences)
        verdict = "its stored results hold" if found.holds else f"{count} stored results do not hold"
        screen.print(Text(f"{file}: {verdict}.", style="bold"))
        for reason in found.reasons:
            screen.print(Text(f"  {reason}"))
        for item in found.differences:
            screen.print(Text(f"  {item.cell}: {said(item.stored)} is stored, {said(item.computed)} is computed"))
        for kept in found.kept:
            screen.print(Text(f"  Not recomputed: {kept}"))
        screen.print(Text(f"Recomputed with {capex_version()}.", style="dim"))
    if not found.holds:
        raise typer.Exit(FAILED)
