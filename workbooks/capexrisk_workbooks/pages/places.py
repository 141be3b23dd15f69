"""Where everything stands in a workbook that we make, derived from the template. Rows and columns count from 1.

Only the generator may rely on these positions: in a workbook that people have used, rows have moved, and `reading`
finds everything by names, labels and headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from capexrisk import template
from capexrisk.policy import Policy
from capexrisk_udfs import ranges
from capexrisk_udfs.functions import FUNCTIONS
from capexrisk_workbooks.ooxml.cells import column_letters

REVIEW, CUSTOMERS, SCENARIOS, STRESS, SCORECARD, CHECKS, ABOUT = SHEETS = (
    "Review",
    "Customers",
    "Scenarios",
    "Stress",
    "Scorecard",
    "Checks",
    "About",
)


@dataclass(frozen=True)
class Place:
    """A rectangle on a sheet, as formulas and names refer to it."""

    sheet: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1

    @property
    def fixed(self) -> str:
        """The address without the sheet, such as $B$8:$E$25."""
        first = f"${column_letters(self.column)}${self.row}"
        last = f"${column_letters(self.column + self.columns - 1)}${self.row + self.rows - 1}"
        return first if first == last else f"{first}:{last}"

    @property
    def local(self) -> str:
        """The same without dollar signs, such as B8:E25."""
        return self.fixed.replace("$", "")

    def __str__(self) -> str:
        return f"{self.sheet}!{self.fixed}"

    def cell(self, row: int, column: int = 0) -> Place:
        """Give one cell within, counted from 0."""
        return Place(self.sheet, self.row + row, self.column + column)

    def down(self, column: int = 0) -> Place:
        """Give one column of it, counted from 0."""
        return Place(self.sheet, self.row, self.column + column, self.rows)


# --- Review ---

MARK, ITEM, INPUT, UNIT, RESULT, SCORE, READING, SOURCE = range(1, 9)
REVIEW_HEADERS = {
    ITEM: ranges.ITEM,
    INPUT: ranges.INPUT,
    UNIT: "Unit",
    RESULT: "Result",
    SCORE: "Score",
    READING: "Reading",
    SOURCE: ranges.SOURCE,
}
QUESTION_HEADERS = {
    ITEM: "Question",
    INPUT: ranges.QUESTION_COLUMNS["status"],
    READING: ranges.QUESTION_COLUMNS["answer"],
    SOURCE: ranges.QUESTION_COLUMNS["source"],
}
SUPPORTING = "Supporting figures"

BESIDE = {
    "annual_capex": "capex_to_cash_flow",
    "debt_for_capex": "debt_funded_share",
    "lease_commitments": "committed_leverage",
    "total_debt": "leverage",
    "debt_due_12m": "debt_service_cover",
    "debt_due_24m": "maturity_wall",
    "interest_expense": "interest_cover",
    "cash": "liquidity_cover",
    "run_rate_revenue": "run_rate_gap",
    "gross_margin": "adjusted_gross_margin",
    "operating_margin": "operating_margin",
    "inventory_build": "inventory_build",
}
"""The metric whose result stands beside an input: the one which that input moves most directly."""

DIRECT_CUSTOMERS = "direct_customers"
PAYERS = ("concentration", "top_3_customers", "lab_dependency")
TEMPLATE_SCENARIOS = ("spend_drop", "financing", "utilization", "model_stall")

BAND_LABELS, BAND_VALUES, BAND_NOTES, HEADER = 2, 3, 4, 6
"""Rows of Review above the items; row 1 is the title."""


@dataclass(frozen=True)
class Line:
    """One row of Review; `kind` says what stands there and `key` which one.

    Kinds: heading, subheading, field, metric, customers, scenario, driver, table, question, three_part, rule,
    decision, check, space.
    """

    row: int
    kind: str
    label: str
    key: str = ""
    number: str = ""

    @property
    def metric(self) -> str | None:
        """The metric whose result stands in this row, if any."""
        if self.kind == "metric":
            return self.key
        return BESIDE.get(self.key) if self.kind == "field" else None


Parts = Iterator[tuple[str, str, str]]


@cache
def review() -> tuple[Line, ...]:
    """Give every row of Review below its header, from the top."""
    lines: list[Line] = []

    def add(parts: Parts, number: str = "") -> None:
        for kind, label, key in parts:
            lines.append(Line(HEADER + 1 + len(lines), kind, label, key, number if kind == "heading" else ""))

    add(_identity())
    for number, section in enumerate(template.SECTIONS, start=1):
        add(iter([("space", "", section.key), ("heading", section.title, section.key)]), str(number))
        add(_SECTION_LINES[section.key](section.key))
    return tuple(lines)


def _identity() -> Parts:
    yield "heading", "The review", "identity"
    yield from (("field", item.label, item.key) for item in template.FIELDS if item.section == "identity")


def _fields(section: str, headline: bool) -> Parts:
    for item in template.FIELDS:
        if item.section == section and item.headline is headline:
            yield "field", item.label, item.key


def _metrics(*keys: str) -> Parts:
    yield from (("metric", template.METRIC[key].label, key) for key in keys)


def _spend(section: str) -> Parts:
    yield from _fields(section, True)
    yield "subheading", SUPPORTING, section
    yield from _fields(section, False)


def _payers(section: str) -> Parts:
    yield "customers", "Direct customers", DIRECT_CUSTOMERS
    yield from _metrics(*PAYERS)
    yield "subheading", SUPPORTING, section
    yield from _metrics("top_customer", "circular_share")
    yield from _fields(section, False)


def _revenue(section: str) -> Parts:
    yield from _fields(section, True)
    yield from _metrics("payback")
    yield "subheading", SUPPORTING, section
    yield from _fields(section, False)


def _breaks(section: str) -> Parts:
    scenarios = Policy.built_in().scenarios
    yield from (("scenario", scenarios[key]["label"], key) for key in TEMPLATE_SCENARIOS)
    yield "driver", "What gives way first", "breaks_first"
    yield "subheading", SUPPORTING, section
    yield from _fields(section, False)
    yield "subheading", "Further scenarios", "scenarios"
    yield from (("scenario", row["label"], key) for key, row in scenarios.items() if key not in TEMPLATE_SCENARIOS)


def _questions(section: str) -> Parts:
    yield "table", QUESTION_HEADERS[ITEM], section
    yield from (("question", question.text, question.key) for question in template.QUESTIONS)
    yield "subheading", "Three-part test", section
    yield from (("three_part", question.text, question.key) for question in template.THREE_PART)


def _decision(section: str) -> Parts:
    yield "rule", template.DECISION_RULE, section
    yield "decision", "Decision", section
    yield from (("check", check.label, check.key) for check in template.CHECKS)


_SECTION_LINES = {
    "spend": _spend,
    "payers": _payers,
    "revenue": _revenue,
    "breaks": _breaks,
    "questions": _questions,
    "decision": _decision,
}


@cache
def row_of(kind: str, key: str) -> int:
    """Give the row of Review on which something stands."""
    return next(line.row for line in review() if (line.kind, line.key) == (kind, key))


def field_cell(key: str) -> Place:
    """Give the cell of Review into which an input is typed."""
    return Place(REVIEW, row_of("field", key), INPUT)


def metric_cell(key: str) -> Place:
    """Give the cell of Review that holds a metric."""
    return Place(REVIEW, next(line.row for line in review() if line.metric == key), RESULT)


def inputs() -> Place:
    """Give the label and input columns of Review, header and identity included."""
    last = max(line.row for line in review() if line.kind == "field")
    return Place(REVIEW, HEADER, ITEM, last - HEADER + 1, 2)


def questions() -> Place:
    """Give the five questions and the three-part test, with their header row."""
    top = row_of("table", "questions")
    return Place(REVIEW, top, ITEM, row_of("three_part", template.THREE_PART[-1].key) - top + 1, SOURCE - ITEM + 1)


# --- Tables that people fill ---

TABLE_TOP, LEFT = 6, 2
"""Header row of the tables on Customers and Scenarios, and the first column of tables on all sheets but Review."""


def customers() -> Place:
    """Give the table of payers with its header row."""
    return Place(CUSTOMERS, TABLE_TOP, LEFT, 1 + template.MAX_CUSTOMERS, len(ranges.CUSTOMER_COLUMNS))


def scenarios() -> Place:
    """Give the table of scenarios with its header row."""
    return Place(SCENARIOS, TABLE_TOP, LEFT, 1 + template.MAX_SCENARIOS, len(ranges.SCENARIO_COLUMNS))


def customer_column(key: str) -> Place:
    """Give one column of the table of payers, header included, so that rows inserted under it belong to it."""
    return customers().down(list(ranges.CUSTOMER_COLUMNS).index(key))


# --- Tables that functions fill ---

FIGURES, STRESSED, WHOLE = (
    "Inputs, Customers",
    "Inputs, Customers, Scenarios",
    "Inputs, Customers, Scenarios, Questions",
)
"""What functions of metrics, of stress and of the whole review are called with."""


@dataclass(frozen=True)
class Block:
    """A table of results: one array formula over a fixed range, with the function's titles in the row above it."""

    call: str
    place: Place
    titles: tuple[str, ...]

    def column(self, title: str) -> Place:
        """Give the column under a title."""
        return self.place.down(self.titles.index(title))


def _block(name: str, arguments: str, sheet: str, row: int, column: int = LEFT) -> Block:
    function = FUNCTIONS[name]
    return Block(f"{name}({arguments})", Place(sheet, row, column, function.rows, function.columns), function.titles)


STRESS_BLOCK = _block("CAPEX_STRESS", STRESSED, STRESS, 7)
BREAKPOINTS_BLOCK = _block("CAPEX_BREAKPOINTS", FIGURES, STRESS, STRESS_BLOCK.place.row + STRESS_BLOCK.place.rows + 26)
LIQUIDITY_BLOCK = _block("CAPEX_LIQUIDITY", STRESSED, STRESS, 7, LEFT + STRESS_BLOCK.place.columns + 2)

SECTIONS_BLOCK = _block("CAPEX_SECTIONS", WHOLE, SCORECARD, 7)
METRICS_BLOCK = _block("CAPEX_METRICS", FIGURES, SCORECARD, 26)
CHECKS_BLOCK = _block("CAPEX_CHECKS", WHOLE, SCORECARD, METRICS_BLOCK.place.row + METRICS_BLOCK.place.rows + 4)
ASK_BLOCK = _block("CAPEX_ASK", WHOLE, SCORECARD, CHECKS_BLOCK.place.row + CHECKS_BLOCK.place.rows + 4)


def master_cell() -> Place:
    """Give the cell of the one master check."""
    return Place(CHECKS, 4, LEFT + 1)


CROSS_CHECKS_TOP = 8
FINDINGS_BLOCK = _block("CAPEX_FINDINGS", WHOLE, CHECKS, 22)
POLICY_BLOCK = _block("CAPEX_POLICY", "", ABOUT, 66)
