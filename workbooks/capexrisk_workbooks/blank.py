"""Fresh workbooks, blank or filled from data, the same bytes for the same data."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime

from openpyxl.workbook.properties import CalcProperties

from capexrisk import template
from capexrisk.errors import InputError
from capexrisk.policy import Policy
from capexrisk.records import Record, read_record
from capexrisk_workbooks.databars import solid
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.pages import about, checks, customers, review, scenarios, scorecard, stress
from capexrisk_workbooks.pages.making import PREFIX, Functions, Making
from capexrisk_workbooks.recalc import recalculated
from capexrisk_workbooks.uniform import uniform

CALCULATION = 191029
"""The calculation engine a file names as its last: current, so that Excel keeps the cached values on opening."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def template_bytes(record: object = None, *, functions: Functions = "excel", policy: Policy | None = None) -> bytes:
    """Give a new workbook as bytes, its formulas without cached values; `finished` adds those.

    `record` is a review in the JSON of `new --from` (None: blank). `functions` says for which add-in the formulas are
    stored: "excel" (plain names) or "office" (names with the prefix of Office add-ins). Raises InputError when the
    record's shape or a key in it is not known, or when it holds more than the workbook's tables. `policy` fills the
    table of scenarios (None: the policy in force).
    """
    if functions not in PREFIX:
        raise InputError(f"functions is {functions!r}; it must be one of {', '.join(PREFIX)}.")
    making = Making(_fitting(read_record({} if record is None else record)), policy or Policy.current(), functions)
    for page in (review, customers, scenarios, stress, scorecard, checks, about):
        page.write(making)
    making.book.calculation = CalcProperties(calcId=CALCULATION, fullCalcOnLoad=False)
    properties = making.book.properties
    properties.creator, properties.title = "", "Review of AI capital expenditure"
    properties.created = datetime(*_EPOCH)
    written = io.BytesIO()
    making.book.save(written)
    return _reproducible(written.getvalue())


def finished(data: bytes) -> bytes:
    """Give a new workbook with its cached values, by the same path as any recalculation."""
    return recalculated(Book.read(data)).data


def make(record: object = None, *, functions: Functions = "excel", policy: Policy | None = None) -> bytes:
    """Give a new workbook, ready to be opened; arguments and errors are those of `template_bytes`."""
    return finished(template_bytes(record, functions=functions, policy=policy))


def _fitting(record: Record) -> Record:
    if len(record.customers) > template.MAX_CUSTOMERS:
        raise InputError(
            f"The review has {len(record.customers)} customers; the table holds {template.MAX_CUSTOMERS}. "
            "Keep the largest and leave the rest as everyone else."
        )
    return record


def _reproducible(data: bytes) -> bytes:
    """Write the package anew with one spelling and fixed times, so that the same data gives the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = uniform(old.read(name))
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", content)
            elif name.startswith("xl/worksheets/sheet"):
                content = solid(content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(entry, content)
    return made.getvalue()
