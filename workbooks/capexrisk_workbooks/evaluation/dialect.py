"""How formulas are said to the spreadsheet engine.

The engine calculates as Excel does with a few exceptions, and those are said in another way, by functions that
`arithmetic` gives to the engine: it compares numbers to the last bit where Excel looks at 15 digits, turns them into
text with 17 digits, and cuts whole columns to the cells that are filled.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from capexrisk_workbooks.evaluation.trust import COMPARISONS, KINDS, Trusted, own_name, plain_name, trust_list
from capexrisk_workbooks.ooxml.cells import LAST_COLUMN, LAST_ROW, column_letters, column_number

OMITTED, TEXT, COMPARE, ADD, STEADY = "_OMITTED", "_TEXT", "_COMPARE", "_ADD", "_STEADY"
"""The functions that a restated formula calls; see `arithmetic`, and `engine` for the first."""

_STEPS = {"INT": "1", "EVEN": "1", "ODD": "1", "TRUNC": "0", "ROUNDDOWN": "0", "ROUNDUP": "0"}
_QUOTIENTS = frozenset(("MOD", "QUOTIENT", "CEILING", "FLOOR"))
_WHOLE = re.compile(r"(?:^|(?<=!))(?:(\$?[A-Za-z]{1,3}):(\$?[A-Za-z]{1,3})|(\$?[1-9][0-9]{0,6}):(\$?[1-9][0-9]{0,6}))$")


_BACKWARDS = re.compile(
    r"(?:^|(?<=!))(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6}):(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6})$"
)


class Restatement(NamedTuple):
    """A formula as the engine shall see it, without "="; `text` is None when it may see it as it stands.

    `spelled` are references whose cells the engine turns into text: it does so as Excel as long as they hold no number
    of more than 15 digits.
    """

    text: str | None
    spelled: tuple[str, ...]


def restated(
    tree: Mapping[str, Any],
    number: int,
    array: bool,
    ours: Mapping[str, bool],
    held: Callable[[str], str | None],
    careful: bool = True,
) -> Restatement:
    """Say a parsed formula to the engine.

    `number` stands for the formula in the calls that look out for doubtful cases. An argument of our functions that is
    left out, which the engine would take for zero, becomes _OMITTED(); a reference alone becomes what `held` gives for
    it, and stays where that is None. Without `careful`, which takes time, the engine itself puts cells together by &.
    """
    speaker = _Speaker(number, dict(ours), held, careful)
    said = speaker.say(tree, array, root=True)
    return Restatement(said if speaker.changed else None, tuple(speaker.spelled))


class _Speaker:
    def __init__(self, number: int, ours: dict[str, bool], held: Callable[[str], str | None], careful: bool) -> None:
        self.number, self.ours, self.held, self.careful = number, ours, held, careful
        self.changed = False
        self.spelled: list[str] = []

    def call(self, name: str, *arguments: str) -> str:
        self.changed = True
        return f"{name}({','.join(arguments)})"

    def say(self, node: Mapping[str, Any], array: bool, root: bool = False) -> str:
        """The formula of a part; `array` says that it is calculated cell by cell."""
        match node["node_type"]:
            case "Literal":
                return _literal(node["value"])
            case "Error":
                return node["value"]
            case "Reference":
                return self.reference(node["reference"])
            case "UnaryOp" if node["operator"] == "%":
                return f"({self.say(node['operand'], array)})%"
            case "UnaryOp":
                return f"({node['operator']}{self.say(node['operand'], array)})"
            case "BinaryOp":
                return self.operator(node, array, root)
            case "Array":
                rows = (",".join(self.say(item, array) for item in row) for row in node["rows"])
                return "{" + ";".join(rows) + "}"
            case "Function":
                return self.function(node, array)
            case _:  # an argument left out
                return ""

    def reference(self, text: str) -> str:
        said = _BACKWARDS.sub(_turned, _WHOLE.sub(_spelled_out, text))
        self.changed |= said != text
        return said

    def operator(self, node: Mapping[str, Any], array: bool, root: bool) -> str:
        operator, sides = node["operator"], (node["left"], node["right"])
        if not array and operator == "&":
            left, right = (self.text(side, self.careful) for side in sides)
            return f"({left}&{right})"
        left, right = (self.say(side, array) for side in sides)
        gives = {self.gives(side) for side in sides}
        alike = gives == {"whole"} or "truth" in gives or ("text" in gives and operator in ("=", "<>"))
        if not array and operator in COMPARISONS and not alike:
            return self.call(COMPARE, str(self.number), f'"{operator}"', left, right)
        if not array and root and operator in "+-" and gives != {"whole"}:
            return self.call(ADD, left, right if operator == "+" else f"(-{right})")
        return f"({left}{operator}{right})"

    def function(self, node: Mapping[str, Any], array: bool) -> str:
        spelled, arguments = node["name"], node["args"]
        if own_name(spelled, self.ours):
            return f"{spelled}({','.join(self.own_argument(argument, array) for argument in arguments)})"
        name = plain_name(spelled)
        known = trust_list().functions[name]
        said = [self.argument(name, known, index, argument, array) for index, argument in enumerate(arguments)]
        if not array and self.gives(arguments[0] if arguments else node) != "whole":
            if name in _STEPS:
                unit = _STEPS[name] if len(said) < 2 else said[1]
                said[0] = self.call(STEADY, str(self.number), f'"{name}"', said[0], unit)
            elif name in _QUOTIENTS:
                said[0] = self.call(STEADY, str(self.number), f'"{name}"', said[0], said[1])
        return f"{spelled}({','.join(said)})"

    def own_argument(self, node: Mapping[str, Any], array: bool) -> str:
        if node["node_type"] == "Omitted":
            return self.call(OMITTED)
        if node["node_type"] == "Reference" and (held := self.held(node["reference"])):
            self.changed = True
            return held
        return self.say(node, array)

    def argument(self, name: str, known: Trusted, index: int, node: Mapping[str, Any], array: bool) -> str:
        word = known.kind(index) or ""
        kind = KINDS[word]
        if word in ("text", "word") and not array:
            return self.text(node, careful=True)
        lifted = array and name in trust_list().lifted
        return self.say(node, kind.array or lifted or (array and kind.wide))

    def text(self, node: Mapping[str, Any], careful: bool) -> str:
        said = self.say(node, array=False)
        if node["node_type"] == "Reference" and not careful:
            self.spelled.append(node["reference"])
            return said
        return said if self.gives(node) in ("text", "whole", "truth") else self.call(TEXT, str(self.number), said)

    def gives(self, node: Mapping[str, Any]) -> str:
        """What a part gives: text, truth, a whole number, a number, or any of these."""
        match node["node_type"]:
            case "Literal":
                value = node["value"]
                if isinstance(value, str | bool):
                    return "text" if isinstance(value, str) else "truth"
                return "whole" if float(value).is_integer() and abs(value) < 1e15 else "number"
            case "Function":
                if own_name(node["name"], self.ours):
                    return "any"
                name = plain_name(node["name"])
                return "whole" if name in trust_list().whole else trust_list().functions[name].gives
            case "BinaryOp" if node["operator"] in COMPARISONS:
                return "truth"
            case "BinaryOp" if node["operator"] == "&":
                return "text"
            case "BinaryOp" if node["operator"] in "+-*":
                whole = self.gives(node["left"]) == self.gives(node["right"]) == "whole"
                return "whole" if whole else "number"
            case "UnaryOp" if node["operator"] == "-" and self.gives(node["operand"]) == "whole":
                return "whole"
            case "BinaryOp":
                return "number"
            case "UnaryOp":
                return "any" if node["operator"] == "+" else "number"
            case _:
                return "any"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value).upper()


def _spelled_out(match: re.Match[str]) -> str:
    """A$1:B$1048576 for A:B, and $A1:$XFD2 for 1:2."""
    first_column, last_column, first_row, last_row = match.groups()
    if first_column:
        return f"{first_column}$1:{last_column}${LAST_ROW}"
    return f"$A{first_row}:${column_letters(LAST_COLUMN)}{last_row}"


def _turned(match: re.Match[str]) -> str:
    """A range from its upper left to its lower right cell; the engine gives #REF! for any other."""
    one, first, two, top, three, last, four, bottom = match.groups()
    if column_number(first.upper()) > column_number(last.upper()):
        one, first, three, last = three, last, one, first
    if int(top) > int(bottom):
        two, top, four, bottom = four, bottom, two, top
    return f"{one}{first}{two}{top}:{three}{last}{four}{bottom}"
