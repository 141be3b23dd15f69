"""The commands, each with the example that ends its help."""

from collections.abc import Callable
from typing import Any

import typer

from capexrisk_addin.commands import (
    addin,
    assess,
    calc,
    check,
    compare,
    contagion,
    demo,
    history,
    new,
    policy,
    recalc,
    roll,
    serve,
    show,
    verify,
)

COMMANDS: dict[Callable[..., Any], str] = {
    demo.demo: "Example: capexrisk demo --out reviews",
    new.new: "Example: capexrisk new 'Acme Cloud' --out reviews",
    recalc.recalc: "Example: capexrisk recalc reviews --summary portfolio.xlsx --results results.parquet",
    show.show: "Example: capexrisk show 'reviews/Acme Cloud.xlsx'",
    check.check: "Example: capexrisk check reviews",
    compare.compare: "Example: capexrisk compare 'Oracle 2025-05-31.xlsx' 'Oracle 2025-11-30.xlsx'",
    history.history: "Example: capexrisk history 'Acme Cloud'",
    roll.roll: "Example: capexrisk roll 'Acme Cloud 2025-12-31.xlsx' --period-end 2026-12-31",
    verify.verify: "Example: capexrisk verify 'Acme Cloud 2025-12-31.xlsx'",
    contagion.contagion: 'Example: capexrisk contagion reviews --cut "OpenAI=50%"',
    assess.assess: "Example: capexrisk assess reviews.json --json",
    serve.serve: "Example: capexrisk serve --noncommercial",
}
GROUPS: tuple[typer.Typer, ...] = (
    policy.group,
    calc.group,
    addin.group,
)
