"""What a person typed, read as a person would: one meaning is taken, two are refused with a sentence.

Raw values come from JSON, CSV and cells: None, bool, int, float, str, date, datetime or `ErrorCell`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite, isnan
from reprlib import Repr

LARGEST = 1e18
"""Numbers beyond this are refused: sums and squares of them would lose all meaning."""

EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = (1, 2958465)  # 1900-01-01 (as Excel counts) to 9999-12-31


@dataclass(frozen=True)
class ErrorCell:
    """An error value that stands in a cell, such as #N/A."""

    text: str


class MisreadError(ValueError):
    """A value that cannot be read; the text continues a sentence that began with the label ("is ...")."""


def is_blank(raw: object) -> bool:
    """Whether nothing was typed: None, or text of spaces only."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def read_text(raw: object) -> str | None:
    """Read text; a number is shown as it would be typed."""
    if is_blank(raw):
        return None
    _refuse_error(raw)
    if isinstance(raw, bool):
        return "Yes" if raw else "No"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) <= LARGEST:
        return str(int(raw))
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, (int, float)) and abs(raw) <= LARGEST:
        return str(raw)
    raise MisreadError(f"is {_shown(raw)}; it must be text")


def read_choice(raw: object, choices: tuple[str, ...]) -> str | None:
    """Read one of `choices`, without regard to case and outer spaces; TRUE and FALSE are Yes and No."""
    text = read_text(raw)
    if text is None:
        return None
    for choice in choices:
        if text.casefold() == choice.casefold():
            return choice
    if choices == ("Yes", "No") and text in ("0", "1"):
        return choices[0] if text == "1" else choices[1]
    raise MisreadError(f"is {_shown(text)}; it must be one of {', '.join(name or 'ones' for name in choices)}")


def read_number(raw: object, *, percent: bool = False) -> float | None:
    """Read a number; `percent` allows a percentage typed as text ("45%" is 0.45).

    Text is read when it can mean one number only ("1200.5", "1,234,567") and refused when it could mean two ("1,234").
    """
    if is_blank(raw):
        return None
    _refuse_error(raw)
    if isinstance(raw, bool):
        raise MisreadError(f"is {_shown(raw)}; it must be a number")
    if isinstance(raw, (date, datetime)):
        raise MisreadError(f"is the date {raw:%Y-%m-%d}; it must be a number")
    if not isinstance(raw, (str, int, float)):
        raise MisreadError(f"is {_shown(raw)}; it must be a number")
    value = _number_from_text(raw, percent) if isinstance(raw, str) else raw
    if not abs(value) <= LARGEST:  # a nan is not, either
        raise MisreadError(f"is {_shown(raw)}; it must be a number of at most 18 digits")
    return float(value)


def read_date(raw: object) -> date | None:
    """Read a date, an ISO date typed as text, a day written so that it can mean one date only, or Excel's serial."""
    if is_blank(raw):
        return None
    _refuse_error(raw)
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str):
        return _date_from_text(raw.strip())
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and _SERIALS[0] <= raw <= _SERIALS[1]:
        return EXCEL_EPOCH + timedelta(days=int(raw))
    raise MisreadError(f"is {_shown(raw)}; it must be a date such as 2025-12-31")


def read_map(raw: object, what: str) -> Mapping[str, object]:
    """Read an object of JSON (a mapping with text keys); None is an empty one."""
    if raw is None:
        return {}
    if isinstance(raw, Mapping):
        return raw  # pyright: ignore[reportUnknownVariableType]
    raise MisreadError(f"{what} must be an object with keys, not {type(raw).__name__}")


def echo(raw: object) -> str:
    """Show what was typed where it could not be read, in at most a line."""
    if isinstance(raw, ErrorCell):
        return raw.text
    if isinstance(raw, date):
        return raw.isoformat()
    return _clipped(raw.strip()) if isinstance(raw, str) else _shown(raw)


def _shown(raw: object) -> str:
    """Show a value within a sentence: text in quotes, true and false as a cell shows them."""
    if isinstance(raw, bool):
        return str(raw).upper()
    if isinstance(raw, float) and not isfinite(raw):
        return "not a number" if isnan(raw) else "infinite"
    if isinstance(raw, int) and abs(raw) > LARGEST:
        return "a number of more than 18 digits"
    return repr(_clipped(raw)) if isinstance(raw, str) else _REPR.repr(raw)


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 80
_REPR = Repr()
"""Shows what has no business in a cell (a list, an object) shortly, however deep or long it is."""


def _refuse_error(raw: object) -> None:
    if isinstance(raw, ErrorCell):
        raise MisreadError(f"holds the error {raw.text}; type a value or leave it blank")


_SPACES = re.compile(r"[\s\u00a0\u202f\u2009']+")
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[\s\u00a0\u202f\u2009']\d{3})+(?:[.,]\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(?:\1\d{3})*(?:([.,])\d+)?")


def _number_from_text(raw: str, percent: bool) -> float:
    typed, text = _shown(raw.strip()), raw.strip().replace("−", "-")
    scale = 1.0
    if text.endswith("%"):
        if not percent:
            raise MisreadError(f"is {typed}; it must be an amount, not a percentage")
        text, scale = text[:-1].rstrip(), 100.0
    if _SPACED.fullmatch(text):
        text = _SPACES.sub("", text)
    points, commas = text.count("."), text.count(",")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text):
        mark = "." if points else ","
        plain, decimal = text.replace(mark, ""), text.replace(mark, ".")
        raise MisreadError(f"is the text {typed}, which could mean {plain} or {decimal}; type it as a number")
    if not commas and _PLAIN.fullmatch(text):
        return float(text) / scale
    if not points and commas == 1 and _PLAIN.fullmatch(text.replace(",", ".")):
        return float(text.replace(",", ".")) / scale
    grouped = _GROUPED.fullmatch(text)
    if grouped and grouped[1] != grouped[2]:
        return float(text.replace(grouped[1], "").replace(",", ".")) / scale
    raise MisreadError(f"is the text {typed}; it must be a number")


def _date_from_text(text: str) -> date:
    try:
        return date.fromisoformat(text[:10]) if re.fullmatch(r"\d{4}-\d\d-\d\d([T ].*)?", text) else _day_first(text)
    except MisreadError:
        raise
    except ValueError:
        raise MisreadError(f"is {_shown(text)}; it must be a date such as 2025-12-31") from None


def _day_first(text: str) -> date:
    """Read 31/12/2025 or 12/31/2025, where only one order of day and month is possible."""
    parts = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text)
    if not parts:
        raise ValueError(text)
    first, second, year = (int(part) for part in parts.groups())
    if first != second and first <= 12 and second <= 12:
        raise MisreadError(f"is the text {_shown(text)}, which could mean two dates; type it as 2025-12-31")
    return date(year, second, first) if first > 12 or first == second else date(year, first, second)
