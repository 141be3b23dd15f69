"""What Excel makes of numbers and text where the engine would calculate to the last bit.

Each function stands in the engine's copy of a formula; see `dialect`. Where programs differ, or Excel's own rule is not
known for certain, the case is reported as a doubt, and the formula keeps the value that Excel gave it.
"""

import math
from collections.abc import Callable
from typing import Any

from capexrisk_workbooks.ooxml.cells import CellError, Value

ERROR_TEXTS = {
    "Div": "#DIV/0!",
    "Na": "#N/A",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}
"""Error values by the engine's names for them. With any other, #NAME? too, it says that it could not evaluate."""

_ERRORS = {kind: CellError(text) for kind, text in ERROR_TEXTS.items()}
_KINDS = {text: kind for kind, text in ERROR_TEXTS.items()}
VALUE_ERROR = {"type": "Error", "kind": "Value"}
NUMBER_ERROR = {"type": "Error", "kind": "Num"}
NOT_AVAILABLE = {"type": "Error", "kind": "Na"}
LONGEST_TEXT = 32_767
"""The most characters that a cell holds."""

Doubt = Callable[[str], None]
"""Takes the reason why a result is doubtful."""

_COMPARED: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


def given(result: Any) -> Any:
    """What a function of ours gave as the engine takes it: no nan or infinity, errors its own way."""
    if isinstance(result, list):
        return [[item if type(item) is str else given(item) for item in row] for row in result]
    if isinstance(result, float):
        return result if math.isfinite(result) else NUMBER_ERROR
    if isinstance(result, CellError):
        return {"type": "Error", "kind": _KINDS.get(result.code, "Value")}
    return result


def understood(value: Any) -> Value | dict[str, Any]:
    """A value of the engine as a cell holds it; what it could not evaluate, and no cell could hold, is a dict."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else _ERRORS["Num"]
    if kind is dict:
        return _ERRORS.get(value.get("kind", ""), value)
    if kind is str and len(value) > LONGEST_TEXT:
        return {"type": "Error", "kind": "Error"}
    return value


def text_of(value: Any, doubt: Doubt) -> Any:
    """A value as text: numbers with up to 15 digits, as in Excel."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, float | int):
        return value
    if value and not 1e-4 <= abs(value) < 1e15:
        doubt("it turns a very large or very small number into text")
    return f"{value:.15g}" if value else "0"


def compared(operator: str, left: Any, right: Any, doubt: Doubt) -> Any:
    """Whether two values compare so: numbers by 15 digits, texts without case, texts above numbers, truth on top."""
    for value in (left, right):
        if isinstance(value, dict):
            return value
    if left is None:
        left = _blank_beside(right)
    if right is None:
        right = _blank_beside(left)
    ranks = _rank(left), _rank(right)
    if ranks[0] != ranks[1]:
        return _COMPARED[operator](ranks[0] - ranks[1])
    if isinstance(left, str):
        return _COMPARED[operator](_order_of_texts(left, right, operator, doubt))
    order = (left > right) - (left < right)
    if order and not isinstance(left, bool):
        if f"{left:.15g}" == f"{right:.15g}":
            order = 0
        elif abs(left - right) <= max(1e-13 * max(abs(left), abs(right)), 1e-12):
            doubt("it compares numbers that differ in the last digits only")
    return _COMPARED[operator](order)


def added(left: Any, right: Any) -> Any:
    """The sum as a cell shows it: what is left of two numbers that cancel to the last digits is zero, as in Excel."""
    for value in (left, right):
        if isinstance(value, dict):
            return value
        if isinstance(value, str | list):
            return VALUE_ERROR
    left, right = float(left or 0), float(right or 0)
    total = left + right
    if not math.isfinite(total):
        return NUMBER_ERROR
    return 0.0 if abs(total) < 4e-15 * max(abs(left), abs(right)) else total


def steady(name: str, value: Any, unit: Any, doubt: Doubt) -> Any:
    """The value that a function of steps takes, doubtful where the last digits decide which step it stands on."""
    if isinstance(value, float) and isinstance(unit, float | int | None):
        if name in ("TRUNC", "ROUNDDOWN", "ROUNDUP"):
            steps = value * 10.0 ** min(int(unit or 0), 300)
        else:
            steps = value / unit if unit else 0.0
        if math.isfinite(steps):
            off = abs(steps - round(steps))
            if 0 < off <= 1e-11 * max(1.0, abs(steps)) and abs(steps) < 1e11:
                doubt(f"the last digits of a number decide what {name} gives")
    return value


def _blank_beside(other: Any) -> Any:
    """What a blank cell counts as beside another value."""
    return "" if isinstance(other, str) else False if isinstance(other, bool) else 0.0


def _rank(value: Any) -> int:
    return 2 if isinstance(value, bool) else 1 if isinstance(value, str) else 0


def _order_of_texts(left: str, right: str, operator: str, doubt: Doubt) -> int:
    lower = left.lower(), right.lower()
    if lower[0] == lower[1]:
        return 0
    if operator in ("=", "<>"):
        unsure = left.casefold() == right.casefold()
    else:
        together = (left + right).replace(" ", "")
        unsure = bool(together) and not (together.isascii() and together.isalnum())
    if unsure:
        doubt("it compares texts by the rules of a language")
    return -1 if lower[0] < lower[1] else 1
