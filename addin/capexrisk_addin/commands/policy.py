"""`capexrisk policy show` and `check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import FAILED, JsonOption, PolicyOption, print_json, stop
from capexrisk_addin.terminal import harmless

group = typer.Typer(name="policy", help="The policy in force; check a firm's own.", no_args_is_help=True)


@group.command(epilog="Example: capexrisk policy show")
def show(policy: PolicyOption = None, as_json: JsonOption = False) -> None:
    """Show the policy in force: every threshold, weight, shock and limit, with its source."""
    from capexrisk import Policy

    current = Policy.current()
    if as_json:
        print_json({"name": current.name, "hash": current.hash, **current.data})
        return
    from capexrisk_addin.pages import policy_page
    from capexrisk_addin.terminal import console

    console().print(policy_page(current))


@group.command(epilog="Example: capexrisk policy check bank.toml")
def check(file: Annotated[Path, typer.Argument(help="A policy file (TOML).")]) -> None:
    """Check a firm's own policy file and say what is wrong with it."""
    from capexrisk import Policy, PolicyError

    try:
        own = Policy.load(file)
    except PolicyError as error:
        stop(str(error), FAILED)
    print(harmless(f"{file} is a valid policy: {own.name}, hash {own.hash}."))
