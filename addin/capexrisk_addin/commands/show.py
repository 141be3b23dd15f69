"""`capexrisk show`: one review in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import JsonOption, PolicyOption, print_json


def show(
    file: Annotated[Path, typer.Argument(help="A review workbook.")],
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one review: scores, stress, what breaks first, decision, findings. Changes nothing."""
    from capexrisk_workbooks.reading import read_review
    from capexrisk_workbooks.recalc import result_of
    from capexrisk_workbooks.unusable import UnusableFile

    try:
        read = read_review(file)
    except UnusableFile as error:
        raise type(error)(f"{file}: {error}") from None
    result = result_of(read)
    if as_json:
        print_json(result.as_json(read.cells))
        return
    from rich.console import Console

    from capexrisk_addin.pages import result_page

    Console().print(result_page(result, places=read.cells))
