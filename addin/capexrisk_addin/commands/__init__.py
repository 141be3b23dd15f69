"""The commands, each with the example that ends its help."""

from collections.abc import Callable
from typing import Any

import typer

from capexrisk_addin.commands import assess, policy

COMMANDS: dict[Callable[..., Any], str] = {
    assess.assess: "Example: capexrisk assess reviews.json --json",
}
GROUPS: tuple[typer.Typer, ...] = (policy.group,)
