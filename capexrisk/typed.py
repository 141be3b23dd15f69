"""What a person typed, read as a person would: one meaning is taken, two are refused with a sentence.

Raw values come from JSON, CSV and cells: None, bool, int, float, str, date, datetime or `ErrorCell`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite

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
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, (str, int, float)):
        return str(raw).strip()
    raise MisreadError(f"is {raw!r}; it must be text")


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
    raise MisreadError(f"is {text!r}; it must be one of {', '.join(name or 'ones' for name in choices)}")


def read_number(raw: object, *, percent: bool = False) -> float | None:
    """Read a number; `percent` allows a percentage typed as text ("45%" is 0.45).

    Text is read when it can mean one number only ("1200.5", "1,234,567") and refused when it could mean two ("1,234").
    """
    if is_blank(raw):
        return None
    _refuse_error(raw)
    if isinstance(raw, bool):
        raise MisreadError(f"is {str(raw).upper()}; it must be a number")
    if isinstance(raw, (date, datetime)):
        raise MisreadError(f"is the date {raw:%Y-%m-%d}; it must be a number")
    if isinstance(raw, str):
        value = _number_from_text(raw, percent)
    elif isinstance(raw, (int, float)):
        value = float(raw) if abs(raw) <= LARGEST or not isfinite(raw) else float("inf")
    else:
        raise MisreadError(f"is {raw!r}; it must be a number")
    if not isfinite(value) or abs(value) > LARGEST:
        raise MisreadError(f"is {raw}; it must be a number of at most 18 digits")
    return value


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
    raise MisreadError(f"is {raw}; it must be a date such as 2025-12-31")


def read_map(raw: object, what: str) -> Mapping[str, object]:
    """Read an object of JSON (a mapping with text keys); None is an empty one."""
    if raw is None:
        return {}
    if isinstance(raw, Mapping):
        return raw  # pyright: ignore[reportUnknownVariableType]
    raise MisreadError(f"{what} must be an object with keys, not {type(raw).__name__}")


def _refuse_error(raw: object) -> None:
    if isinstance(raw, ErrorCell):
        raise MisreadError(f"holds the error {raw.text}; type a value or leave it blank")


_SPACES = re.compile(r"[\s\u00a0\u202f\u2009']+")
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[\s\u00a0\u202f\u2009']\d{3})+(?:[.,]\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,])\d{3})+(?:([.,])\d+)?")


def _number_from_text(raw: str, percent: bool) -> float:
    text = raw.strip().replace("−", "-")
    scale = 1.0
    if text.endswith("%"):
        if not percent:
            raise MisreadError(f"is {raw.strip()!r}; it must be an amount, not a percentage")
        text, scale = text[:-1].rstrip(), 100.0
    if _SPACED.fullmatch(text):
        text = _SPACES.sub("", text)
    points, commas = text.count("."), text.count(",")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text):
        mark = "." if points else ","
        plain, decimal = text.replace(mark, ""), text.replace(mark, ".")
        raise MisreadError(f"is the text {raw.strip()!r}, which could mean {plain} or {decimal}; type it as a number")
    if not commas and _PLAIN.fullmatch(text):
        return float(text) / scale
    if not points and commas == 1 and _PLAIN.fullmatch(text.replace(",", ".")):
        return float(text.replace(",", ".")) / scale
    grouped = _GROUPED.fullmatch(text)
    if grouped:
        group, decimal = grouped.group(1), grouped.group(2)
        if decimal != group and text.count(decimal or "\0") <= 1 and (decimal or text.count(group) > 1):
            return float(text.replace(group, "").replace(decimal or ".", ".")) / scale
    raise MisreadError(f"is the text {raw.strip()!r}; it must be a number")


def _date_from_text(text: str) -> date:
    try:
        return date.fromisoformat(text[:10]) if re.fullmatch(r"\d{4}-\d\d-\d\d([T ].*)?", text) else _day_first(text)
    except MisreadError:
        raise
    except ValueError:
        raise MisreadError(f"is {text!r}; it must be a date such as 2025-12-31") from None


def _day_first(text: str) -> date:
    """Read 31/12/2025 or 12/31/2025, where only one order of day and month is possible."""
    parts = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text)
    if not parts:
        raise ValueError(text)
    first, second, year = (int(part) for part in parts.groups())
    if first != second and first <= 12 and second <= 12:
        raise MisreadError(f"is the text {text!r}, which could mean two dates; type it as 2025-12-31")
    return date(year, second, first) if first > 12 or first == second else date(year, first, second)
