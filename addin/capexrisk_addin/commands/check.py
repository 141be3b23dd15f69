"""`capexrisk check`: findings only, nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from capexrisk_addin.commands.common import FAILED, JsonOption, PolicyOption, made_by, no_files, print_json


def check(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH ...", help="Workbooks, or folders of them.")],
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is missing, wrong, assumed or unusual in reviews, with the cell it stands in. Changes nothing."""
    from rich.text import Text

    from capexrisk_addin.pages import findings_page
    from capexrisk_addin.terminal import console
    from capexrisk_udfs.calls import capex_version
    from capexrisk_workbooks.files import find
    from capexrisk_workbooks.recalc import inspect
    from capexrisk_workbooks.results import DONE

    screen = console()
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
            screen.print(findings_page(str(path), outcome))
    if as_json:
        print_json({"files": files, "reviews": reviews} | made_by())
    elif not files:
        no_files(paths)
    else:
        screen.print(Text(f"Checked with {capex_version()}.", style="dim"))
    if bad:
        raise typer.Exit(FAILED)
