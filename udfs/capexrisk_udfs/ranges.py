"""Reading the four ranges of a review: fields by their label, tables by their header, never by position.

Rows and columns may be inserted, moved and sorted; letter case, outer and double spaces do not count, and a field's
key does as well as its label. `read` gives the record that `capexrisk.Reviews.from_records` takes and where in its
range each value stands. What cannot be found, or could be two things, becomes a finding in the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from capexrisk import Finding, template
from capexrisk_udfs.cells import CallError, Rows

ITEM, INPUT = "Item", "Input"
"""Headers of the two columns of Inputs; needed only when other columns stand to the right of the inputs."""

SOURCE = "Source"
QUESTION_COLUMNS = {"status": "Status", "answer": "Answer", "source": SOURCE}
CUSTOMER_COLUMNS = {**{item.key: item.label for item in template.CUSTOMER_FIELDS}, "source": SOURCE}
SCENARIO_COLUMNS = {"scenario": "Scenario", "label": "Label", **{item.key: item.label for item in template.SHOCKS}}
"""The header of each key's column."""

RANGES = {
    "inputs": "Inputs",
    "customers": "Customers",
    "scenarios": "Scenarios",
    "questions": "Questions",
    "three_part": "Questions",
}
"""The workbook's name for the range that holds a table of the record."""

SHEETS = {
    "inputs": "Review",
    "customers": "Customers",
    "scenarios": "Scenarios",
    "questions": "Review",
    "three_part": "Review",
}
"""The sheet that holds a table of the record."""

Place = tuple[str, int | None, str]
"""A value's table, its row in that table (None for inputs, and for the header of a column), and its key."""


@dataclass(frozen=True)
class Reading:
    """What ranges held: part of a record, and the (row, column) of each value in its range, both from 0."""

    record: dict[str, Any]
    places: dict[Place, tuple[int, int]]
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A table with a header row: the header of each key, and the keys whose column must be there.

    A column in `free` may be missing or called otherwise without a word.
    """

    name: str
    headers: Mapping[str, str]
    needed: tuple[str, ...]
    free: tuple[str, ...] = ()

    @cached_property
    def keys(self) -> dict[str, str]:
        """The key of each header as it is compared."""
        return _keys(self.headers)


CUSTOMERS = Table(
    "customers",
    CUSTOMER_COLUMNS,
    needed=tuple(item.key for item in template.CUSTOMER_FIELDS if item.required),
    free=("source",),
)
SCENARIOS = Table("scenarios", SCENARIO_COLUMNS, needed=("scenario",))
QUESTIONS = Table("questions", QUESTION_COLUMNS, needed=tuple(QUESTION_COLUMNS))


def read(inputs: Rows, customers: Rows, scenarios: Rows | None = None, questions: Rows | None = None) -> Reading:
    """Read a whole review; without a scenario table the policy's stands in, without questions none is answered.

    Raises CallError when a range is not what its argument stands for.
    """
    parts = [read_inputs(inputs), read_customers(customers)]
    if scenarios is not None:
        parts.append(read_scenarios(scenarios))
    if questions is not None:
        parts.append(read_questions(questions))
    return joined(parts)


def joined(parts: Iterable[Reading]) -> Reading:
    """Put readings of different ranges together; their findings go into the record."""
    record: dict[str, Any] = {}
    places: dict[Place, tuple[int, int]] = {}
    findings: list[Finding] = []
    for part in parts:
        record |= part.record
        places |= part.places
        findings += part.findings
    return Reading({**record, "findings": findings}, places, findings)


def read_inputs(cells: Rows) -> Reading:
    """Read labels and the inputs beside them.

    Labels stand in the column that holds most of them, inputs in the last column of the range; a row with the headers
    "Item" and "Input" overrides both. A value beside an unknown label is wrong while any label is missing (it may be
    that one, renamed) and otherwise only unusual.
    """
    label_column, input_column = _input_columns(cells)
    found: dict[str, int] = {}
    strangers: dict[str, int] = {}
    findings: list[Finding] = []
    for index, row in enumerate(cells):
        name = _name(row[label_column])
        key = _INPUT_KEYS.get(name)
        if key in found:
            findings.append(_twice("label", key, template.FIELD[key].label, "inputs", (found[key], index)))
        elif key:
            found[key] = index
        elif name and name not in _OTHER_LABELS and row[input_column] is not None:
            strangers[row[label_column].strip()] = index
    absent = [item for item in template.FIELDS if item.key not in found]
    for item in absent:
        if item.required and item.key not in _SOMETIMES_NEEDED:
            text = f"The label {item.label!r} is not in the range Inputs."
            findings.append(Finding("missing", item.key, item.label, text))
    hint = f"; missing: {_some(item.label for item in absent)}" if absent else ""
    for label in strangers:
        text = f"The label {label!r} is not one of the template's, so the value beside it is not read{hint}."
        findings.append(Finding("wrong" if absent else "unusual", label, label, text))
    inputs = {key: cells[row][input_column] for key, row in found.items()}
    places: dict[Place, tuple[int, int]] = {
        ("inputs", None, key): (row, input_column) for key, row in {**strangers, **found}.items()
    }
    return Reading({"inputs": inputs}, places, findings)


def read_customers(cells: Rows) -> Reading:
    """Read the table of payers; rows in which nothing is typed are left out."""
    return _read_table(cells, CUSTOMERS)


def read_scenarios(cells: Rows) -> Reading:
    """Read the table of scenarios, which is whole: a row of the policy's that is not in it is gone."""
    reading = _read_table(cells, SCENARIOS)
    return replace(reading, record={"scenario_table": reading.record[SCENARIOS.name]})


def read_questions(cells: Rows) -> Reading:
    """Read the five questions and the three-part test, each found by its text; the test's texts are answers."""
    header, columns, findings = _header(cells, QUESTIONS)
    found: dict[str, int] = {}
    for index, row in enumerate(cells[header + 1 :], header + 1):
        item = next((_QUESTION_KEYS[name] for name in map(_name, row) if name in _QUESTION_KEYS), None)
        if item is None:
            continue
        if item.key in found:
            findings.append(_twice("question", item.key, item.text, *_question_place(item), (found[item.key], index)))
        else:
            found[item.key] = index
    questions: list[dict[str, Any]] = [{} for _ in template.QUESTIONS]
    three_part: dict[str, Any] = {}
    places: dict[Place, tuple[int, int]] = {}
    for item in (*template.QUESTIONS, *template.THREE_PART):
        table, position = _question_place(item)
        row = found.get(item.key)
        if row is None:
            text = f"The question {item.text!r} is not in the range Questions."
            findings.append(Finding("missing", item.key, item.text, text, table, position))
        elif position is None:
            three_part[item.key] = cells[row][columns["answer"]] if "answer" in columns else None
            places[table, None, item.key] = (row, columns.get("answer", 0))
        else:
            questions[position] = {key: cells[row][column] for key, column in columns.items()}
            places |= {(table, position, key): (row, column) for key, column in columns.items()}
            places[table, position, item.key] = (row, columns.get("status", 0))
    return Reading({"questions": questions, "three_part": three_part}, places, findings)


def _read_table(cells: Rows, table: Table) -> Reading:
    """Read a table by its header row.

    A header that is not known, with values below it, is wrong while any known one is missing (it may be that one,
    renamed); otherwise a column of the user's own is let be.
    """
    header, columns, findings = _header(cells, table)
    body = list(enumerate(cells[header + 1 :], header + 1))
    places: dict[Place, tuple[int, int]] = {(table.name, None, key): (header, at) for key, at in columns.items()}
    absent = [title for key, title in table.headers.items() if key not in columns and key not in table.free]
    for column, title in enumerate(cells[header]):
        name = _name(title)
        if absent and name and name not in table.keys and any(row[column] is not None for _, row in body):
            text = (
                f"The header {title.strip()!r} of {RANGES[table.name]} is not one of the template's, so its column is "
                f"not read; missing: {_some(absent)}."
            )
            findings.append(Finding("wrong", title.strip(), title.strip(), text, table.name))
            places[table.name, None, title.strip()] = (header, column)
    records: list[dict[str, Any]] = []
    for index, row in body:
        values = {key: row[column] for key, column in columns.items()}
        if any(value is not None for value in values.values()):
            places |= {(table.name, len(records), key): (index, column) for key, column in columns.items()}
            records.append(values)
    return Reading({table.name: records}, places, findings)


def _header(cells: Rows, table: Table) -> tuple[int, dict[str, int], list[Finding]]:
    """Find the header row, the one with most known headers, and the column of each key in it."""
    most, header = 0, 0
    for index, row in enumerate(cells):
        count = len({table.keys[name] for name in map(_name, row) if name in table.keys})
        if count > most:
            most, header = count, index
            if most == len(table.headers):
                break  # no row below can hold more
    if most < 2:
        raise CallError(f"The range {table.name} has no header row; it needs {_some(table.headers.values(), 20)}.")
    columns: dict[str, int] = {}
    findings: list[Finding] = []
    for column, name in enumerate(map(_name, cells[header])):
        key = table.keys.get(name)
        if key in columns:
            text = f"The header {table.headers[key]!r} stands twice in {RANGES[table.name]}; keep one."
            findings.append(Finding("wrong", key, table.headers[key], text, table.name))
        elif key:
            columns[key] = column
    for key in table.needed:
        if key not in columns:
            text = f"The column {table.headers[key]!r} is not in the range {RANGES[table.name]}."
            findings.append(Finding("missing", key, table.headers[key], text, table.name))
    return header, columns, findings


def _input_columns(cells: Rows) -> tuple[int, int]:
    for row in cells:
        names = [_name(value) for value in row]
        if _name(ITEM) in names and _name(INPUT) in names:
            return names.index(_name(ITEM)), names.index(_name(INPUT))
    width = len(cells[0])
    counts = [sum(_name(row[column]) in _INPUT_KEYS for row in cells) for column in range(width)]
    labels = counts.index(max(counts))
    if not counts[labels]:
        raise CallError(f"The range inputs holds none of the template's labels, such as {template.FIELDS[0].label!r}.")
    if labels == width - 1:
        raise CallError("The range inputs has no column to the right of its labels; the inputs must stand there.")
    return labels, width - 1


def _question_place(item: template.Question) -> tuple[str, int | None]:
    return ("three_part", None) if item.three_part else ("questions", template.QUESTIONS.index(item))


def _twice(what: str, key: str, label: str, table: str, *where: Any) -> Finding:
    *position, (first, second) = where
    text = f"The {what} {label!r} stands twice in {RANGES[table]}, in its rows {first + 1} and {second + 1}; keep one."
    return Finding("wrong", key, label, text, table, *position)


def _some(labels: Iterable[str], most: int = 5) -> str:
    names = list(labels)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _name(value: Any) -> str:
    """Give a label as it is compared: outer and double spaces, letter case and curly apostrophes do not count."""
    if not isinstance(value, str):
        return ""
    return _folded(value) if len(value) < _LONG else _folded.__wrapped__(value)


@lru_cache(4096)
def _folded(label: str) -> str:
    return " ".join(label.split()).casefold().replace("\u2019", "'")


_LONG = 500
"""Characters of a text that is not worth remembering."""


def _keys(labels: Mapping[str, str]) -> dict[str, str]:
    return {_name(name): key for key, label in labels.items() for name in (key, label)}


_INPUT_KEYS = _keys({item.key: item.label for item in template.FIELDS})
_QUESTION_KEYS = {
    _name(name): item for item in (*template.QUESTIONS, *template.THREE_PART) for name in (item.key, item.text)
}
_SOMETIMES_NEEDED = ("gross_margin", "operating_margin")
"""Required inputs that some reviews can do without; the model says when one is missing."""
_OTHER_LABELS = {*_QUESTION_KEYS, _name(ITEM), *(_name(item.label) for item in template.METRICS)}
"""Labels that may stand among the inputs with something else beside them: header, status of a question, result."""
