"""How formulas and values are said to the spreadsheet engine, and how its values are understood."""

import math
import re
from collections.abc import Callable
from typing import Any

import formualizer as fz

from capexrisk_workbooks.cells import LAST_COLUMN, LAST_ROW, CellError, Value, column_letters
from capexrisk_workbooks.trust import own_name

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
LONGEST_TEXT = 32_767
"""The most characters that a cell holds."""

VALUE_ERROR = {"type": "Error", "kind": "Value"}
NUMBER_ERROR = {"type": "Error", "kind": "Num"}
NOT_AVAILABLE = {"type": "Error", "kind": "Na"}
OMITTED = "_OMITTED"
"""The function that stands in the engine for an argument of ours that is left out."""


def restated(text: str, ours: frozenset[tuple[str, bool]], held: Callable[[str], str | None]) -> str:
    """The formula, given without "=", as the engine shall see it.

    Whole columns and rows are spelled out, because the engine cuts each to the cells that are filled, so that rows of
    two columns no longer stand side by side. An argument of our functions that is left out, which the engine would
    take for zero, becomes _OMITTED(); a reference alone becomes what `held` gives for it, and stays where that is None.
    """
    names, pieces = dict(ours), list[str]()
    calls, before = (
        [""],
        "",
    )  # the functions we are in; whether the last token opened one "(" or separated "," arguments
    tokens = fz.tokenize(f"={text}").tokens()
    for number, token in enumerate(tokens):
        role, spelled = token.token_type, token.value
        if role == fz.TokenType.Whitespace:
            pieces.append(spelled)
            continue
        opens, closes, separates = _opens(token), _closes(token), _separates(token)
        if calls[-1] and ((separates and before) or (closes and before == ",")):
            pieces.append(f"{OMITTED}()")
        if opens:
            calls.append(own_name(spelled[:-1], names))
        elif closes:
            calls.pop()
        elif before and calls[-1] and token.subtype == fz.TokenSubType.Range and _is_last(tokens, number):
            spelled = held(spelled) or spelled
        if token.subtype == fz.TokenSubType.Range:
            spelled = _WHOLE.sub(_spelled_out, spelled)
        before = "(" if opens else "," if separates else ""
        pieces.append(spelled)
    return "".join(pieces)


_WHOLE = re.compile(r"(?:^|(?<=!))(?:(\$?[A-Za-z]{1,3}):(\$?[A-Za-z]{1,3})|(\$?[1-9][0-9]{0,6}):(\$?[1-9][0-9]{0,6}))$")


def _spelled_out(match: re.Match[str]) -> str:
    """A1:B1048576 for A:B, and A1:XFD2 for 1:2."""
    first_column, last_column, first_row, last_row = match.groups()
    if first_column:
        return f"{first_column}$1:{last_column}${LAST_ROW}"
    return f"$A{first_row}:${column_letters(LAST_COLUMN)}{last_row}"


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
    """A value of the engine as a cell holds it; what it could not evaluate stays as it is, a dict."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else _ERRORS["Num"]
    if kind is dict:
        return _ERRORS.get(value.get("kind", ""), value)
    if kind is str and len(value) > LONGEST_TEXT:
        return {"type": "Error", "kind": "Error"}
    return value


def _opens(token: fz.Token) -> bool:
    return token.token_type == fz.TokenType.Func and token.subtype == fz.TokenSubType.Open


def _closes(token: fz.Token) -> bool:
    return token.token_type == fz.TokenType.Func and token.subtype == fz.TokenSubType.Close


def _separates(token: fz.Token) -> bool:
    return token.token_type == fz.TokenType.Sep and token.subtype == fz.TokenSubType.Arg


def _is_last(tokens: list[fz.Token], number: int) -> bool:
    """Whether the argument that a token begins ends with it."""
    following = (token for token in tokens[number + 1 :] if token.token_type != fz.TokenType.Whitespace)
    token = next(following, None)
    return token is not None and (_closes(token) or _separates(token))
