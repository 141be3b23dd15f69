"""The table of results: one row a file, columns with stable names, units in the metadata.

Numbers are unrounded; empty where a review is Incomplete, where a number is not one (`words` in `show --json` says it),
or where the file could not be done. Amounts are in the review's own currency and unit.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from capexrisk import InputError, Policy, Result, template
from capexrisk.version import VERSION

if TYPE_CHECKING:
    import pandas

Kind = Literal["text", "number", "count", "yes_no"]
Row = dict[str, Any]


Status = Literal[
    "recalculated",
    "unchanged",
    "incomplete",
    "protected",
    "signed",
    "locked",
    "not_a_review",
    "unreadable",
    "too_large",
    "timed_out",
    "failed",
]
STATUSES: tuple[Status, ...] = Status.__args__  # pyright: ignore[reportAttributeAccessIssue]
DONE = ("recalculated", "unchanged", "incomplete")
"""Statuses of files that could be done."""


@dataclass(frozen=True)
class Column:
    """A column of the results: its name, what it holds, its unit and meaning."""

    name: str
    kind: Kind
    unit: str
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column("path", "text", "", "The file."),
    Column("status", "text", "", "How the file ended, in snake_case."),
    Column("sentence", "text", "", "Why, when it is not done; the first missing or wrong input, when incomplete."),
    Column("changed", "yes_no", "", "Whether new values were written."),
    Column(
        "kept_formulas", "count", "formulas", "Formulas that kept their old values, untrusted or depending on such."
    ),
    *(
        Column(key, "text", "", template.FIELD[key].label)
        for key in ("entity", "review_type", "scope", "period_end", "currency", "unit")
    ),
    Column("decision", "text", "", "The decision."),
    Column("also", "text", "", "Other decisions that would hold too, with commas between."),
    Column("score", "number", "0 to 100", "Overall risk score, 0 best."),
    Column("rating", "text", "", "Low, Moderate, High or Severe."),
    *(
        Column(f"section_{section.key}", "number", "0 to 100", f"Score of section: {section.title}")
        for section in template.SECTIONS
        if section.scored
    ),
    Column("breaks_first", "text", "", "The driver with the smallest headroom."),
    Column("headroom", "number", "times", "Its headroom; empty for never."),
    Column("breaks_today", "yes_no", "", "Whether it breaks before any shock."),
    *(Column(f"metric_{metric.key}", "number", metric.kind, metric.label) for metric in template.METRICS),
    *(Column(f"score_{metric.key}", "number", "0 to 100", f"Score: {metric.label}") for metric in template.METRICS),
    *(
        Column(f"verdict_{key}", "text", "", f"Verdict: {row['label']}")
        for key, row in Policy.built_in().scenarios.items()
    ),
    *(Column(f"check_{check.key}", "yes_no", "", check.label) for check in template.CHECKS),
    Column("booked_revenue", "number", "money", template.FIELD["booked_revenue"].label),
    Column("ai_revenue", "number", "money", template.FIELD["ai_revenue"].label),
    Column("annual_capex", "number", "money", template.FIELD["annual_capex"].label),
    Column("total_debt", "number", "money", template.FIELD["total_debt"].label),
    *(
        Column(f"findings_{kind}", "count", "findings", f"Findings of the kind {kind}.")
        for kind in ("missing", "wrong", "assumed", "unusual")
    ),
    Column("policy", "text", "", "Name and hash of the policy."),
    Column("template", "text", "", "Version of the template that the results follow."),
    Column("tool_version", "text", "", "Version of the tool."),
)
NAMES = tuple(column.name for column in COLUMNS)


def row(path: str, status: str, sentence: str, changed: bool, kept: int, result: Result | None) -> Row:
    """Give the row of one file; what is not known is None."""
    found: Row = dict.fromkeys(NAMES)
    found |= {"path": path, "status": status, "sentence": sentence or None, "changed": changed, "kept_formulas": kept}
    if result is None:
        return found
    inputs = result.inputs
    for key in ("entity", "review_type", "scope", "period_end", "currency", "unit"):
        value = inputs.get(key)
        found[key] = template.FIELD[key].default if value is None else value
    for key in ("booked_revenue", "ai_revenue", "annual_capex", "total_debt"):
        found[key] = value if isinstance(value := inputs.get(key), float) else None
    if found["ai_revenue"] is None and result.complete:
        found["ai_revenue"] = found["booked_revenue"]
    for kind in ("missing", "wrong", "assumed", "unusual"):
        found[f"findings_{kind}"] = sum(finding.kind == kind for finding in result.findings)
    found |= {
        "decision": result.decision,
        "policy": f"{result.policy_name} ({result.policy_hash})",
        "template": template.TEMPLATE_VERSION,
        "tool_version": VERSION,
    }
    if not result.complete:
        return found
    headrooms = {point.driver: point.headroom for point in result.breakpoints}
    found |= {
        "also": ", ".join(result.also) or None,
        "score": result.score,
        "rating": result.rating,
        "breaks_first": result.breaks_first,
        "headroom": headrooms.get(result.breaks_first or ""),
        "breaks_today": any(o.scenario == "base" and o.verdict == "Breaks" for o in result.stress),
    }
    found |= {f"section_{key}": value for key, value in result.sections.items()}
    found |= {f"metric_{key}": value if isfinite(value) else None for key, value in result.metrics.items()}
    found |= {f"score_{key}": value for key, value in result.metric_scores.items()}
    found |= {f"verdict_{o.scenario}": o.verdict for o in result.stress if f"verdict_{o.scenario}" in found}
    found |= {f"check_{key}": check.ok for key, check in result.checks.items()}
    return found


_BLOCK = 1_000


class Results:
    """Results written as they come, to Parquet or CSV by the file's ending; a context manager.

    Raises InputError for another ending, or when the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._rows: list[Row] = []
        self._writer: Any = None
        self._file: Any = None
        if self.path.suffix.lower() not in (".csv", ".parquet"):
            raise InputError(f"The results file is {self.path.name}; its name must end in .parquet or .csv.")

    def __enter__(self) -> Self:
        try:
            if self.path.suffix.lower() == ".csv":
                self._file = self.path.open("w", encoding="utf-8", newline="")
                self._writer = csv.DictWriter(self._file, NAMES)
                self._writer.writeheader()
            else:
                import pyarrow.parquet

                self._writer = pyarrow.parquet.ParquetWriter(self.path, _schema())
        except OSError as error:
            raise InputError(f"The results file {self.path} cannot be written: {error.strerror or error}.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        (self._file or self._writer).close()

    def add(self, row: Row) -> None:
        """Write one more row, soon."""
        self._rows.append(row)
        if len(self._rows) >= _BLOCK:
            self._flush()

    def _flush(self) -> None:
        if self._file is not None:
            self._writer.writerows({name: inert(value) for name, value in row.items()} for row in self._rows)
            self._file.flush()
        elif self._rows:
            import pyarrow

            self._writer.write_table(pyarrow.Table.from_pylist(self._rows, schema=_schema()))
        self._rows = []


def inert(value: Any) -> Any:
    """Give a value as a CSV cell that no spreadsheet program takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def read_results(path: str | Path) -> pandas.DataFrame:
    """Give a results file as a pandas frame, typed; one row a file, columns as in `COLUMNS`.

    Raises InputError when it is not a results file.
    """
    import pandas

    path = Path(path)
    try:
        if path.suffix.lower() == ".csv":
            frame = pandas.read_csv(path, dtype={column.name: _PANDAS[column.kind] for column in COLUMNS})
        else:
            frame = pandas.read_parquet(path).astype({column.name: _PANDAS[column.kind] for column in COLUMNS})
    except OSError as error:
        raise InputError(f"The results file {path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} is not a results file: {error}.") from None
    missing = [name for name in NAMES if name not in frame]
    if missing:
        raise InputError(f"{path} is not a results file: it has no column {missing[0]}.")
    frame.attrs["units"] = {column.name: column.unit for column in COLUMNS if column.unit}
    return frame


_PANDAS = {"text": "string", "number": "Float64", "count": "Int64", "yes_no": "boolean"}


def _schema() -> Any:
    import pyarrow

    types = {"text": pyarrow.string(), "number": pyarrow.float64(), "count": pyarrow.int64(), "yes_no": pyarrow.bool_()}
    return pyarrow.schema(
        [
            pyarrow.field(column.name, types[column.kind], metadata={"unit": column.unit, "meaning": column.meaning})
            for column in COLUMNS
        ]
    )


def ranked(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give the rows of complete reviews, worst first: by decision, then by score."""
    order = {name: at for at, name in enumerate(template.DECISIONS)}
    complete = [row for row in rows if row["score"] is not None]
    return sorted(complete, key=lambda row: (-row["score"], order[row["decision"]], str(row["entity"])))
