"""`capexrisk assess`: reviews from data, without a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import JsonOption, PolicyOption, print_json, read_json


def assess(
    file: Annotated[Path, typer.Argument(help="Reviews as JSON, the format of new --from.")],
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Assess reviews from a JSON file: scores, stress, decision."""
    from capexrisk import InputError, Reviews
    from capexrisk import assess as assess_reviews

    try:
        reviews = Reviews.from_records(read_json(file))
    except InputError as error:
        raise InputError(f"{file}: {error}" if str(file) not in str(error) else str(error)) from None
    results = list(assess_reviews(reviews).results())
    if as_json:
        print_json([result.as_json() for result in results])
        return
    from capexrisk_addin.pages import result_page
    from capexrisk_addin.terminal import console

    screen = console()
    for result in results:
        screen.print(result_page(result, width=screen.width))
