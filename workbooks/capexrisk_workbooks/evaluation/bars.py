"""Values that programs read differently, and which a formula is therefore barred from taking.

Excel takes the text "1,234" for a number where the engine sees an error, LibreOffice counts days before March 1900 in
another way, and so on. Where a formula refers to a cell, a `Bar` says what the cell must not hold for the engine's
result to be Excel's.
"""

import re
from collections.abc import Callable
from enum import IntFlag, auto
from functools import cache
from typing import Any


class Bar(IntFlag):
    """What a cell must not hold for a formula that refers to it."""

    NUMERAL = auto()  # text that Excel may read as a number: "1,234", "45%", "12"
    ODD_NUMERAL = auto()  # the same except plain digits: in a criterion "12" and 12 are alike
    TEXT = auto()
    NUMBER = auto()
    ERROR = auto()
    BLANK = auto()  # also an empty text
    EXCEPTION = auto()  # a criterion that blank cells meet: "<>x", "="
    BELOW_ONE = auto()
    NEGATIVE = auto()
    FRACTION = auto()
    EARLY = auto()  # a date before March 1900, where calendars differ
    OLD = auto()  # a year before 1901
    LONG = auto()  # a number of more than 15 digits, or so large or small that programs write it differently


_WORDS_OF = {
    Bar.NUMERAL: "text that looks like a number",
    Bar.ODD_NUMERAL: "text that looks like a number",
    Bar.TEXT: "text",
    Bar.NUMBER: "a number",
    Bar.ERROR: "an error value",
    Bar.BLANK: "a blank cell",
    Bar.EXCEPTION: "a criterion that blank cells meet",
    Bar.BELOW_ONE: "a number below 1",
    Bar.NEGATIVE: "a negative number",
    Bar.FRACTION: "a fraction",
    Bar.EARLY: "no date after February 1900",
    Bar.OLD: "no year after 1900",
    Bar.LONG: "a number of more than 15 digits",
}
_NUMBER_BARS: dict[Bar, Callable[[float], bool]] = {
    Bar.NUMBER: lambda _: True,
    Bar.BELOW_ONE: lambda number: number < 1,
    Bar.NEGATIVE: lambda number: number < 0,
    Bar.FRACTION: lambda number: number != int(number),
    Bar.EARLY: lambda number: number < 61,
    Bar.OLD: lambda number: number < 1901,
    Bar.LONG: lambda number: bool(number) and (not 1e-4 <= abs(number) < 1e15 or float(f"{number:.15g}") != number),
}

_DIGIT = re.compile(r"\d")
_WORDS = re.compile(r"[^\W\d_]+")
_DATE_WORDS = re.compile(
    r"e|am|pm|jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|"
    r"nov(ember)?|dec(ember)?",
    re.I,
)
_PLAIN = re.compile(r"[<>=]*-?[0-9]+(?:\.[0-9]+)?")


def is_numeral(text: str) -> bool:
    """Whether Excel may read a text as a number, a date or a time: it holds a digit, and no word but those of dates."""
    return bool(_DIGIT.search(text)) and all(map(_DATE_WORDS.fullmatch, _WORDS.findall(text)))


def barred(value: Any, bar: Bar) -> bool:
    """Whether `bar` forbids a cell's value: float, str, bool, None; anything else is an error value."""
    return _forbids(bar)(value)


@cache
def _forbids(bar: Bar) -> Callable[[Any], bool]:
    """`barred` for one bar; flags are slow, and large ranges are looked through."""
    text, blank, error = bool(bar & Bar.TEXT), bool(bar & Bar.BLANK), bool(bar & Bar.ERROR)
    numeral, odd_numeral = bool(bar & Bar.NUMERAL), bool(bar & Bar.ODD_NUMERAL)
    exception = bool(bar & Bar.EXCEPTION)
    numbers = [forbids for one, forbids in _NUMBER_BARS.items() if bar & one]

    def forbids(value: Any) -> bool:
        if value is None:
            return blank
        if isinstance(value, float | int):
            return any(forbidden(value) for forbidden in numbers)
        if not isinstance(value, str):
            return error
        if text or (blank and not value) or (exception and (value == "=" or value[:2] == "<>" != value)):
            return True
        return (numeral or odd_numeral) and is_numeral(value) and (numeral or not _PLAIN.fullmatch(value))

    return forbids


def barred_words(bar: Bar) -> str:
    """The values that a bar forbids, in words."""
    return " or ".join(dict.fromkeys(words for one, words in _WORDS_OF.items() if bar & one))
