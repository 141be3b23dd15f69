"""The formula of a member of a shared formula: the master's text with its relative references moved along."""

import re

from capexrisk_workbooks.cells import LAST_COLUMN, LAST_ROW, column_letters, column_number

# Quoted text, quoted sheet names and bracketed parts are passed over; what follows a letter, digit, dot or underscore,
# or precedes one or a bracket, is a name or a function, not a reference.
_PIECES = re.compile(
    r"""(?P<passed>"(?:[^"]|"")*"|'(?:[^']|'')*'|\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\])"""
    r"""|(?<![\w.$\\])(?P<cell>(?P<col_fixed>\$?)(?P<col>[A-Za-z]{1,3})(?P<row_fixed>\$?)(?P<row>[1-9][0-9]{0,6}))(?![\w.(!\[])"""
    r"""|(?<![\w.$\\:])(?P<columns>\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})(?![\w.(!\[])"""
    r"""|(?<![\w.$\\:])(?P<rows>\$?[1-9][0-9]{0,6}:\$?[1-9][0-9]{0,6})(?![\w.(!\[])"""
    r"""|[\w.\\]+|."""
    , re.S,
)  # fmt: skip
_PART = re.compile(r"(\$?)([A-Za-z]+|[0-9]+)")


def shifted(text: str, rows: int, cols: int) -> str:
    """The formula moved down by `rows` and right by `cols`: "A1*$B$1" moved by (1, 0) is "A2*$B$1".

    A reference moved off the sheet becomes #REF!, as in Excel.
    """

    def moved(match: re.Match[str]) -> str:
        if match["cell"]:
            col = _column(match["col"], 0 if match["col_fixed"] else cols)
            row = _row(match["row"], 0 if match["row_fixed"] else rows)
            return f"{match['col_fixed']}{col}{match['row_fixed']}{row}" if col and row else "#REF!"
        if span := match["columns"] or match["rows"]:
            parts = [
                (fixed, (_column(part, 0 if fixed else cols) if part.isalpha() else _row(part, 0 if fixed else rows)))
                for fixed, part in _PART.findall(span)
            ]
            return ":".join(fixed + part for fixed, part in parts) if all(part for _, part in parts) else "#REF!"
        return match[0]

    return _PIECES.sub(moved, text) if rows or cols else text


def _column(letters: str, by: int) -> str:
    number = column_number(letters.upper()) + by
    if not by or column_number(letters.upper()) > LAST_COLUMN:
        return letters
    return column_letters(number) if 1 <= number <= LAST_COLUMN else ""


def _row(digits: str, by: int) -> str:
    number = int(digits) + by
    return str(number) if 1 <= number <= LAST_ROW else ""
