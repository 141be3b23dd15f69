"""What cells accept and the messages they show: lists from a range, numbers to the model's bounds."""

from __future__ import annotations

from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from capexrisk import template
from capexrisk.template import Field
from capexrisk_workbooks.pages.places import Place

TITLE, MESSAGE, ERROR = 32, 255, 225
"""The longest title, input message and error message that Excel shows."""

UNIT_TEXT = {
    "money": "In the review's currency and unit.",
    "share": "A share: type 45% or 0.45.",
    "years": "In years.",
    "quarters": "In whole quarters.",
    "days": "In days.",
    "date": "A date.",
}


def validate(sheet: Worksheet, place: Place, item: Field, choices: Place | None = None) -> None:
    """Let the cells of `place` accept what `item` may be, with its help as input message; `choices` holds a list."""
    rule = DataValidation(sqref=place.local, allow_blank=True, showErrorMessage=True, showInputMessage=True)
    rule.promptTitle, rule.prompt = short(item.label, TITLE), message(item)
    rule.errorTitle, rule.error = short(item.label, TITLE), short(refusal(item), ERROR)
    if choices:
        rule.type, rule.formula1 = "list", str(choices)
    elif item.kind in template.NUMBER_KINDS:
        _bound(rule, item)
    elif item.kind == "date":
        rule.type, rule.operator, rule.formula1 = "date", "greaterThanOrEqual", "1"
    elif item.key == "currency":
        rule.type, rule.operator, rule.formula1 = "textLength", "equal", "3"
    else:
        rule.showErrorMessage = False
        rule.errorTitle = rule.error = None
    sheet.add_data_validation(rule)


def _bound(rule: DataValidation, item: Field) -> None:
    rule.type = "whole" if item.kind == "quarters" else "decimal"
    top = f"IF(ISNUMBER({item.at_most}),{item.at_most},1E+18)" if item.at_most else _number(item.high)
    if item.above_low and item.low is not None and top == _TOP:
        rule.operator, rule.formula1 = "greaterThan", _number(item.low)
    else:
        rule.operator = "between"
        rule.formula1 = "1E-300" if item.above_low else _number(item.low, low=True)
        rule.formula2 = top


_TOP = "1E+18"


def _number(value: float | None, low: bool = False) -> str:
    if value is None:
        return f"-{_TOP}" if low else _TOP
    return f"{value:g}"


def message(item: Field) -> str:
    """Say what is meant, in which unit, what a blank means and where it stands in a filing."""
    parts = [item.help, UNIT_TEXT.get(item.kind, ""), blank_text(item), f"Where: {item.where}." if item.where else ""]
    text = " ".join(part for part in parts if part)
    return text if len(text) <= MESSAGE else short(" ".join(part for part in parts[:1] + parts[2:] if part), MESSAGE)


def blank_text(item: Field) -> str:
    """Say what is assumed when the cell stays blank; "" when nothing is."""
    if item.default_text:
        return f"Blank: {item.default_text}."
    return f"Blank: {said(item, item.default)}." if item.default is not None else ""


def said(item: Field, value: float | str) -> str:
    """Show a value as the cell shows it, such as 50% for 0.5."""
    if isinstance(value, str):
        return value or template.PLAIN_UNIT
    return f"{value:.0%}" if item.kind == "share" else f"{value:g}"


def allowed(item: Field) -> str:
    """Say which values are allowed, such as "between 1 and 40"."""
    top = template.FIELD[item.at_most].label if item.at_most else None
    if item.high is not None:
        low, high = f"{item.low:g}", f"{item.high:g}"
        return f"above {low} and at most {high}" if item.above_low else f"between {low} and {high}"
    if item.low is None:
        return "any number"
    least = f"above {item.low:g}" if item.above_low else f"{item.low:g} or more"
    return f"{least}, and at most {top!r}" if top else least


def refusal(item: Field) -> str:
    """Say what must be typed, for what the cell does not accept."""
    if item.choices:
        return f"Choose one of: {', '.join(choice or template.PLAIN_UNIT for choice in item.choices)}."
    if item.kind == "date":
        return "It must be a date, such as 2025-12-31."
    if item.key == "currency":
        return "It must be a currency code of three letters, such as USD."
    hint = " (type 45% or 0.45)" if item.kind == "share" else ""
    whole = "a whole number " if item.kind == "quarters" else ""
    return f"It must be {whole}{allowed(item)}{hint}."


def short(text: str, most: int) -> str:
    """Cut a text at a word so that it fits; what was cut shows as an ellipsis."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
