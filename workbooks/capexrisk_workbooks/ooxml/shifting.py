"""The formula of a member of a shared formula: the master's text with its relative references moved along."""

import re
from typing import NamedTuple

from capexrisk_workbooks.ooxml.cells import LAST_COLUMN, LAST_ROW, column_letters, column_number

# Quoted text, quoted sheet names and bracketed parts are passed over; what follows a letter, digit, dot or underscore,
# or precedes one or a bracket, is a name or a function, not a reference.
_PIECES = re.compile(
    r"""(?P<passed>"(?:[^"]|"")*"|'(?:[^']|'')*'|\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\])"""
    r"""|(?<![\w.$\\])(?P<cell>\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6})(?![\w.(!\[])"""
    r"""|(?<![\w.$\\:])(?P<span>\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\$?[1-9][0-9]{0,6}:\$?[1-9][0-9]{0,6})(?![\w.(!\[])"""
    r"""|[\w.\\]+|."""
    , re.S,
)  # fmt: skip
_PART = re.compile(r"(\$?)([A-Za-z]+|[0-9]+)")


def shifted(text: str, rows: int, cols: int) -> str:
    """The formula moved down by `rows` and right by `cols`: "A1*$B$1" moved by (1, 0) is "A2*$B$1".

    A reference moved off the sheet becomes #REF!, as in Excel.
    """

    def moved(match: re.Match[str]) -> str:
        spelled = match["cell"] or match["span"]
        if not spelled:
            return match[0]
        parts = [_Part(*part) for part in _PART.findall(spelled)]
        if not all(part.exists for part in parts):  # a name that only looks like a reference
            return match[0]
        shifted_parts = [part.moved(rows, cols) for part in parts]
        if not all(shifted_parts):
            return "#REF!"
        return (":" if match["span"] else "").join(shifted_parts)

    return _PIECES.sub(moved, text) if rows or cols else text


class _Part(NamedTuple):
    """The column or the row of a reference."""

    fixed: str  # "$" or nothing
    text: str

    @property
    def number(self) -> int:
        return column_number(self.text.upper()) if self.text.isalpha() else int(self.text)

    @property
    def exists(self) -> bool:
        return 1 <= self.number <= (LAST_COLUMN if self.text.isalpha() else LAST_ROW)

    def moved(self, rows: int, cols: int) -> str:
        """The part as it reads after the move; empty when that is off the sheet."""
        by = cols if self.text.isalpha() else rows
        if self.fixed or not by:
            return self.fixed + self.text
        number = self.number + by
        if self.text.isalpha():
            return column_letters(number) if 1 <= number <= LAST_COLUMN else ""
        return str(number) if 1 <= number <= LAST_ROW else ""
