"""`capexrisk check`: findings only, nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from capexrisk_addin.commands.common import FAILED, JsonOption, PolicyOption, no_files, print_json


def check(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH ...", help="Workbooks, or folders of them.")],
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is missing, wrong, assumed or unusual in reviews, with the cell it stands in. Changes nothing."""
    from rich.console import Console

    from capexrisk_addin.pages import findings_page
    from capexrisk_workbooks.files import find
    from capexrisk_workbooks.recalc import inspect
    from capexrisk_workbooks.results import DONE

    console = Console()
    files: list[dict[str, Any]] = []
    reviews: list[dict[str, Any]] = []
    bad = False
    for path, named in find(paths):
        outcome = inspect(path)
        result = outcome.result
        files.append({"path": str(path), "status": outcome.status, "sentence": outcome.sentence or None})
        bad |= outcome.status not in DONE and (named or outcome.status != "not_a_review")
        if result is not None and outcome.read is not None:
            bad |= not result.complete
            found = result.as_json(outcome.read.cells)
            reviews.append({"path": str(path), "entity": result.inputs.get("entity"), "findings": found["findings"]})
        if not as_json:
            console.print(findings_page(str(path), outcome))
    if as_json:
        print_json({"files": files, "reviews": reviews})
    elif not files:
        no_files(paths)
    if bad:
        raise typer.Exit(FAILED)
