"""The table of functions that every host registers: name, the Python function, help, arguments, and what it gives.

Derived from the plain Python functions of `calls`: a function's help is the first line of its docstring, an argument
is a range or a single value by its type, and one table holds the help of arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

from capexrisk_udfs import calls
from capexrisk_udfs.cells import Rows
from capexrisk_udfs.tables import SHAPES

CATEGORY = "Capex risk"
"""The heading under which Excel's function wizard lists the functions."""

ARGUMENT_HELP = {
    "inputs": "Labels and inputs of the sheet Review: the name Inputs.",
    "customers": "The table of payers with its header row: the name Customers.",
    "scenarios": "The table of scenarios with its header row: the name Scenarios.",
    "questions": "The five questions and the three-part test with their header row: the name Questions.",
    "metric": 'A metric by its key or label, such as "interest_cover" (CAPEX_METRICS lists the labels).',
    "field": 'An input by its key or label, such as "cash".',
    "scenario": 'A scenario by its key or label, such as "buyer_pauses".',
    "count": "1 for the largest customer alone or 3 for the three largest together; 3 when left out.",
}


@dataclass(frozen=True)
class Argument:
    """An argument as a host shows it; a range is handed over as a list of rows."""

    name: str
    help: str
    kind: Literal["range", "scalar"]
    optional: bool = False


@dataclass(frozen=True)
class Function:
    """A function as a host registers it; `call` takes its arguments by position and raises `CallError`.

    A table always has `rows` rows and `columns` columns, whose `titles` belong above it; others have one of each.
    """

    name: str
    call: Callable[..., Any]
    help: str
    arguments: tuple[Argument, ...]
    gives: Literal["number", "text", "table"]
    rows: int = 1
    columns: int = 1
    titles: tuple[str, ...] = ()
    category: str = CATEGORY


def _function(call: Callable[..., Any]) -> Function:
    hints = get_type_hints(call)
    arguments = tuple(
        Argument(
            parameter.name,
            ARGUMENT_HELP[parameter.name],
            "range" if hints[parameter.name] == Rows else "scalar",
            parameter.default is not parameter.empty,
        )
        for parameter in inspect.signature(call).parameters.values()
    )
    name, help = call.__name__.upper(), (call.__doc__ or "").splitlines()[0]
    if hints["return"] == Rows:
        shape = SHAPES[call.__name__]
        return Function(name, call, help, arguments, "table", shape.rows, shape.columns, shape.titles)
    return Function(name, call, help, arguments, "text" if hints["return"] is str else "number")


FUNCTIONS: dict[str, Function] = {
    name.upper(): _function(call) for name, call in vars(calls).items() if name.startswith("capex_")
}
"""Every function by its name in a cell, in the order of `calls`."""
