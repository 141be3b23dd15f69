"""`capexrisk show`: one review in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import JsonOption, PolicyOption, print_json, read_with_remarks


def show(
    file: Annotated[Path, typer.Argument(help="A review workbook.")],
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one review: scores, stress, what breaks first, decision, findings. Changes nothing."""
    from capexrisk_workbooks.recalc import result_of

    read, remarks = read_with_remarks(file)
    result = result_of(read)
    if as_json:
        print_json({**result.as_json(read.cells), "remarks": remarks})
        return
    from capexrisk_addin.pages import result_page
    from capexrisk_addin.terminal import console

    screen = console()
    screen.print(result_page(result, places=read.cells, remarks=remarks, width=screen.width))
