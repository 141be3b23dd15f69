"""The functions registered with xlwings, for Excel on Windows (classic) and for xlwings Server.

Importing this module imports xlwings, which picks its decorators by host; where there is no host they do nothing. The
module holds one function for each entry of `FUNCTIONS`, under the name it has in a cell. Only what both hosts
understand is used: types with help and options, defaults of None, and `category` (which the server ignores).
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Annotated, Any

import xlwings

from capexrisk_udfs.cells import CallError, marked_errors
from capexrisk_udfs.functions import FUNCTIONS, Argument, Function

_log = logging.getLogger(__name__)

RANGE_OPTIONS = {"ndim": 2, "err_to_str": True}
"""A range always arrives as rows, and an error value as its text; without `err_to_str` it would look blank."""

SCALAR_OPTIONS = {"err_to_str": True}


def _annotation(argument: Argument) -> Any:
    options = RANGE_OPTIONS if argument.kind == "range" else SCALAR_OPTIONS
    return Annotated[list if argument.kind == "range" else Any, {"doc": argument.help, **options}]


def _registered(function: Function) -> Callable[..., Any]:
    """Give a function as xlwings wants it: named as in the cell, errors as sentences of `xlwings.XlwingsError`."""

    def call(*arguments: Any) -> Any:
        try:
            return function.call(*map(marked_errors, arguments))
        except CallError as error:
            raise xlwings.XlwingsError(str(error)) from None
        except Exception:  # a host would show the traceback, so it goes to the log
            _log.exception("%s failed", function.name)
            raise xlwings.XlwingsError(f"{function.name} failed for a reason of its own; the log says more.") from None

    call.__name__ = call.__qualname__ = function.name
    call.__doc__ = function.help
    call.__annotations__ = {argument.name: _annotation(argument) for argument in function.arguments}
    call.__signature__ = inspect.Signature(  # pyright: ignore[reportFunctionMemberAccess]
        [
            inspect.Parameter(
                argument.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=None if argument.optional else inspect.Parameter.empty,
            )
            for argument in function.arguments
        ]
    )
    return xlwings.func(category=function.category)(call)


globals().update({name: _registered(function) for name, function in FUNCTIONS.items()})
