"""One review as people hand it over (JSON, CSV, cells), read into typed values with the findings made on the way.

The shape is that of `new --from`: {"inputs": {...}, "customers": [...], "questions": [...], "three_part": {...},
"scenarios": [...]}, the last two optional. `scenarios` edits the policy's table: a row of a known key replaces that
row, another is added; what reads a table that is whole (a workbook's) gives it as "scenario_table" instead, and rows
that are not in it are gone. Findings made before stand in "findings". An input, and a customer's figure, is a value or
{"value", "basis", "source"}. An unknown key is an InputError that lists the known ones; a value that cannot be read is
a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from capexrisk import template
from capexrisk.errors import InputError, unknown
from capexrisk.result import Finding, Value
from capexrisk.template import Field
from capexrisk.typed import (
    MisreadError,
    echo,
    is_blank,
    read_choice,
    read_date,
    read_map,
    read_number,
    read_text,
)

Raw = Mapping[str, Any]
Row = dict[str, Value]

RECORD_KEYS = ("inputs", "customers", "questions", "three_part", "scenarios", "scenario_table", "findings")
SOURCED = ("value", "basis", "source")
NOTES = ("basis", "source")
NOISE = 1e-9
"""How far beyond a bound a shock may be, times the larger of 1 and the bound."""
QUESTION_KEYS = ("status", "answer", "source")


@dataclass
class Record:
    """A review as read: blank is None, numbers float, dates ISO text, choices in the template's own spelling.

    A value that could not be read stays as it was typed (text), and `unread` holds its (table, row, key).
    """

    inputs: Row
    customers: list[Row]
    questions: list[Row]
    three_part: Row
    scenarios: list[Row]
    sources: Row
    whole_table: bool = False
    findings: list[Finding] = field(default_factory=list[Finding])
    unread: set[tuple[str, int | None, str]] = field(default_factory=set[tuple[str, int | None, str]])

    def number(self, table: str, row: int | None, values: Row, key: str) -> float:
        """Give a number as read, nan for blank or unreadable."""
        value = values.get(key)
        return value if isinstance(value, float) and (table, row, key) not in self.unread else float("nan")


def read_record(raw: object) -> Record:
    """Read one review; raises InputError when its shape, or a key in it, is not known."""
    try:
        return _Reader().read(raw)
    except MisreadError as error:
        raise InputError(f"A review cannot be read: {error}.") from None


@lru_cache(64)
def _text_field(key: str, label: str) -> Field:
    """Describe a text of a record that is no field of the template."""
    return Field(key, label, "", "text")


_STATUS = [
    Field(question.key, f"Status of question {at}", "questions", "choice", choices=template.STATUSES)
    for at, question in enumerate(template.QUESTIONS, 1)
]


class _Reader:
    def __init__(self) -> None:
        self.record = Record({}, [], [], {}, [], {})
        self.places: dict[str, int] = {}
        self.scenarios: set[str] = set()

    def read(self, raw: object) -> Record:
        record = self.record
        review = read_map(raw, "a review")
        _known("key", review, RECORD_KEYS, " in a review")
        record.findings.extend(_earlier(review.get("findings")))
        record.unread.update((item.table, item.row, item.key) for item in record.findings if item.blocks)
        inputs = read_map(review.get("inputs"), "inputs")
        _known("input", inputs, template.FIELD, " in inputs")
        for item in template.FIELDS:
            self._read_input(item, inputs.get(item.key))
        for row in _rows(review.get("customers"), "customers"):
            self._read_customer(row)
        self._assume_terms()
        self._read_questions(_rows(review.get("questions"), "questions", bare="status"))
        three_part = read_map(review.get("three_part"), "three_part")
        parts = [part.key for part in template.THREE_PART]
        _known("part", three_part, parts, " in three_part")
        record.three_part = {key: self._text("three_part", None, key, key, three_part.get(key)) for key in parts}
        whole = "scenario_table" in review
        record.whole_table = whole
        for row in _rows(review.get("scenario_table" if whole else "scenarios"), "scenarios"):
            self._read_scenario(row)
        return record

    def _read_input(self, item: Field, raw: object) -> None:
        record = self.record
        value, source = _split(raw, item.key)
        if source:
            record.sources[item.key] = source
        record.inputs[item.key] = self._value("inputs", None, item, value)
        if item.kind in template.NUMBER_KINDS:
            return  # blanks and bounds of numbers are found over whole columns
        typed = record.inputs[item.key]
        if item.key == "currency" and isinstance(typed, str) and not self._seen("inputs", None, item.key):
            record.inputs[item.key] = typed = typed.upper()
            if not (len(typed) == 3 and typed.isascii() and typed.isalpha()):
                self._wrong("inputs", None, item, f"is {typed!r}; it must be an ISO 4217 code such as USD")
        if typed is None and item.required:
            self._find("missing", "inputs", None, item, f"{item.named} is missing.")
        elif typed is None and item.default is not None:
            self._find("assumed", "inputs", None, item, f"{item.named} is blank: {item.default} is assumed.")

    def _read_customer(self, raw: Raw) -> None:
        record = self.record
        known = (*template.CUSTOMER_FIELD, *NOTES)
        _known("column", raw, known, " in customers")
        row: Row = {}
        at = len(record.customers)
        notes = [_note(raw)]
        for item in template.CUSTOMER_FIELDS:
            value, source = _split(raw.get(item.key), item.key)
            row[item.key] = self._value("customers", at, item, value)
            if source:
                notes.append(f"{item.label}: {source}" if len(raw) > 1 else source)
        row["source"] = "; ".join(note for note in notes if note) or None
        if all(value is None for value in row.values()):
            return
        record.customers.append(row)
        name = row["customer"]
        who = f"customer {at + 1} ({name})" if name else f"customer {at + 1}"
        for key in ("customer", "kind"):
            item = template.CUSTOMER_FIELD[key]
            if row[key] is None:
                text = f"{item.label} of {who} is missing."
                if item.choices:
                    text = f"{text[:-1]}; it must be one of {', '.join(item.choices)}."
                self._find("missing", "customers", at, item, text)
        first = self.places.setdefault(name.casefold(), at) if isinstance(name, str) else at
        if first < at:
            text = f"stands twice, as customer {first + 1} and {at + 1}; make it one row for each ultimate parent"
            self._wrong("customers", at, template.CUSTOMER_FIELD["customer"], f"{name!r} {text}", owned=False)
        if len(record.customers) == template.MAX_CUSTOMERS + 1:
            text = f"list has more than {template.MAX_CUSTOMERS} rows; keep the largest and leave out the rest"
            self._wrong("customers", at, template.CUSTOMER_FIELD["customer"], text, owned=False)

    def _assume_terms(self) -> None:
        """List each column of customers' terms once, where it is blank for some."""
        for item in template.CUSTOMER_FIELDS:
            blank = [at for at, row in enumerate(self.record.customers) if row[item.key] is None]
            if blank and item.default is not None:
                names = ", ".join(str(self.record.customers[at]["customer"] or at + 1) for at in blank)
                text = f"{item.label} is blank for {names}: {item.default} is assumed."
                self._find("assumed", "customers", blank[0], item, text)

    def _read_questions(self, rows: list[Raw]) -> None:
        record = self.record
        if len(rows) > len(template.QUESTIONS):
            raise InputError(f"questions holds {len(rows)} rows; the template has {len(template.QUESTIONS)}.")
        for at, question in enumerate(template.QUESTIONS):
            raw: Raw = rows[at] if at < len(rows) else {}
            _known("key", raw, QUESTION_KEYS, " in questions")
            item = _STATUS[at]
            status = self._value("questions", at, item, raw.get("status"))
            if status is None:
                self._find("assumed", "questions", at, item, f"{item.label} is blank: None is assumed.")
            record.questions.append(
                {
                    "status": status,
                    "answer": self._text(
                        "questions", at, question.key, f"Answer to question {at + 1}", raw.get("answer")
                    ),
                    "source": self._text(
                        "questions", at, question.key, f"Source of question {at + 1}", raw.get("source")
                    ),
                }
            )

    def _read_scenario(self, raw: Raw) -> None:
        record = self.record
        _known("column", raw, ("scenario", "label", *template.SHOCK), " in scenarios")
        at = len(record.scenarios)
        if all(is_blank(value) for value in raw.values()):
            return
        row: Row = {key: self._text("scenarios", at, key, key.title(), raw.get(key)) for key in ("scenario", "label")}
        for shock in template.SHOCKS:
            row[shock.key] = self._value("scenarios", at, shock, raw.get(shock.key), f"{row['scenario'] or at + 1}")
        record.scenarios.append(row)
        for shock in template.SHOCKS:
            self._check_shock(at, row, shock)
        key = row["scenario"]
        item = _text_field("scenario", "Scenario")
        if not isinstance(key, str):
            text = f"Scenario in row {at + 1} of the scenario table has no key; give it a short name of its own."
            self._find("missing", "scenarios", at, item, text)
        elif key.casefold() in self.scenarios:
            self._wrong("scenarios", at, item, f"{key!r} stands twice; give the second a key of its own")
        elif key.casefold() == "base" and any(row[shock.key] for shock in template.SHOCKS):
            self._wrong("scenarios", at, item, "'base' is today and may have no shock; add a row of your own instead")
        self.scenarios.add(str(key).casefold())
        if at == template.MAX_SCENARIOS:
            self._wrong("scenarios", at, item, f"table has more than {template.MAX_SCENARIOS} rows; leave some out")

    def _check_shock(self, at: int, row: Row, shock: Field) -> None:
        """Hold a shock to its bounds; noise beyond one, or off a whole number, is taken as that number."""
        value = row[shock.key]
        if not isinstance(value, float) or self._seen("scenarios", at, shock.key):
            return
        low, high = shock.low or 0.0, shock.high or 0.0
        whole = shock.kind == "quarters"
        nearest = min(max(round(value) if whole or abs(value) <= NOISE else value, low), high)
        if abs(value - nearest) > NOISE * max(1.0, high):
            text = f"is {value:g}; it must be {'a whole number ' if whole else ''}between {low:g} and {high:g}"
            self._wrong("scenarios", at, shock, text, str(row["scenario"] or at + 1))
        else:
            row[shock.key] = float(nearest)

    # --- Values and findings ---

    def _value(self, table: str, row: int | None, item: Field, raw: object, of: str = "") -> Value:
        try:
            if item.kind in template.NUMBER_KINDS:
                return read_number(raw, percent=item.kind == "share")
            if item.kind == "date":
                day = read_date(raw)
                return day.isoformat() if day else None
            if item.kind == "choice":
                return _read_choice(item, raw)
            return read_text(raw)
        except MisreadError as error:
            self._wrong(table, row, item, str(error), of)
            return echo(raw)

    def _text(self, table: str, row: int | None, key: str, label: str, raw: object) -> Value:
        return self._value(table, row, _text_field(key, label), raw)

    def _wrong(self, table: str, row: int | None, item: Field, text: str, of: str = "", owned: bool = True) -> None:
        owner = ""
        if table == "customers" and row is not None and owned:
            owner = f" of customer {row + 1}"
        elif table == "scenarios" and of:
            owner = f" in scenario {of}"
        self._find("wrong", table, row, item, f"{item.named}{owner} {text}.")
        self.record.unread.add((table, row, item.key))

    def _find(self, kind: str, table: str, row: int | None, item: Field, text: str) -> None:
        if not self._seen(table, row, item.key):
            self.record.findings.append(Finding(kind, item.key, item.label, text, table, row))

    def _seen(self, table: str, row: int | None, key: str) -> bool:
        return (table, row, key) in self.record.unread


def _known(what: str, given: Iterable[str], known: Iterable[str], where: str) -> None:
    names = tuple(known)
    for key in given:
        if key not in names:
            raise InputError(unknown(what, key, names, where))


def _rows(raw: object, what: str, bare: str = "") -> list[Raw]:
    """Give the rows of a table; with `bare`, a row may be that key's value alone."""
    if raw is None:
        return []
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise MisreadError(f"{what} must be a list of rows")
    rows: Sequence[object] = raw  # pyright: ignore[reportUnknownVariableType]
    one = f"a row of {what}"
    return [{bare: row} if bare and isinstance(row, str) else read_map(row, one) for row in rows]


def _split(raw: object, key: str) -> tuple[object, str | None]:
    """Give the value and its source, of a plain value or of {"value", "basis", "source"}."""
    if not isinstance(raw, Mapping):
        return raw, None
    given: Raw = raw  # pyright: ignore[reportUnknownVariableType]
    _known("key", given, SOURCED, f" in {key}")
    return given.get("value"), _note(given)


def _note(given: Raw) -> str | None:
    """Give where a value comes from, of its basis and source, in one line."""
    noted = [raw for raw in (given.get(key) for key in NOTES) if not is_blank(raw)]
    parts = [raw.strip() if isinstance(raw, str) else echo(raw) for raw in noted]  # a citation may be long
    return ": ".join(parts) or None


def _earlier(raw: object) -> list[Finding]:
    """Give the findings that a reader of cells made before; JSON holds none."""
    given: Sequence[object] = raw if isinstance(raw, Sequence) else ()  # pyright: ignore[reportUnknownVariableType]
    found = [item for item in given if isinstance(item, Finding)]
    if raw is not None and (not isinstance(raw, Sequence) or len(found) < len(given)):
        raise InputError("findings are made while a review is read; leave the key out.")
    return found


def _read_choice(item: Field, raw: object) -> str | None:
    if item.key == "unit":
        if raw == "":
            return ""
        if isinstance(raw, str) and raw.strip().casefold() == template.PLAIN_UNIT:
            return ""
    return read_choice(raw, item.choices)
