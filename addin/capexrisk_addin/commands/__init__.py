"""The commands, each with the example that ends its help."""

from collections.abc import Callable
from typing import Any

import typer

from capexrisk_addin.commands import assess, check, demo, new, policy, recalc, show

COMMANDS: dict[Callable[..., Any], str] = {
    demo.demo: "Example: capexrisk demo --out reviews",
    new.new: "Example: capexrisk new 'Acme Cloud' --out reviews",
    recalc.recalc: "Example: capexrisk recalc reviews --summary portfolio.xlsx --results results.parquet",
    show.show: "Example: capexrisk show 'reviews/Acme Cloud.xlsx'",
    check.check: "Example: capexrisk check reviews",
    assess.assess: "Example: capexrisk assess reviews.json --json",
}
GROUPS: tuple[typer.Typer, ...] = (policy.group,)
