"""`capexrisk show`: one review in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import JsonOption, PolicyOption, print_json, read_workbook


def show(
    file: Annotated[Path, typer.Argument(help="A review workbook.")],
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one review: scores, stress, what breaks first, decision, findings. Changes nothing."""
    from capexrisk_workbooks.recalc import result_of

    read = read_workbook(file)
    result = result_of(read)
    if as_json:
        print_json(result.as_json(read.cells))
        return
    from rich.console import Console

    from capexrisk_addin.pages import result_page

    Console().print(result_page(result, places=read.cells))
