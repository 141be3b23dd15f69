"""Workbooks for tests of portfolios, each made once: plain reviews, changed since, and files that are none."""

import io
import zipfile
from functools import cache
from pathlib import Path

from small_books import small_book
from zips import zipped

from capexrisk_workbooks.blank import make
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.spelling import Edit

STANDING = 20.0
"""Cash with which a plain review breaks just beyond a volume of 0.40."""


def record(entity="Acme", payers=(("OpenAI", 50.0),), cash=STANDING, period="2025-12-31", **inputs):
    """A review of 100 m AI revenue and an EBITDA of 30 m that owes nothing; see tests/model/test_portfolio.py."""
    return {
        "inputs": {
            "entity": entity, "review_type": "Vendor review", "period_end": period, "currency": "USD",
            "annual_capex": 10, "ai_capex": 10, "debt_for_capex": 0, "lease_commitments": 0, "total_debt": 0,
            "debt_due_12m": 0, "interest_expense": 0, "cash": cash, "committed_capex": 0, "booked_revenue": 100,
            "gross_margin": 0.6, "operating_margin": 0.2, "depreciation": 10, "variable_cost_share": 0, **inputs,
        },
        "customers": [{"customer": name, "kind": "Enterprise", "revenue": revenue} for name, revenue in payers],
    }  # fmt: skip


@cache
def review(entity="Acme", payers=(("OpenAI", 50.0),), cash=STANDING, period="2025-12-31", **inputs) -> bytes:
    """A finished workbook with that review."""
    return make(record(entity, payers, cash, period, **inputs))


def typed(data: bytes, key: str, value: float | str | None) -> bytes:
    """The workbook with something else typed into an input, its results now stale."""
    book = Book.read(data)
    row = next(int(name.text.rpartition("$")[2]) for name in book.names if name.name == key)
    return book.rewritten({"Review": book.sheet("Review").edited({(row, 3): Edit(value=value)})})


def protected() -> bytes:
    """What a workbook looks like that Excel encrypted with a password: a compound file with that stream's name."""
    return bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1016 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 2000


def signed(data: bytes) -> bytes:
    """The workbook with the parts of a digital signature."""
    made = io.BytesIO(data)
    with zipfile.ZipFile(made, "a") as package:
        package.writestr("_xmlsignatures/origin.sigs", b"")
        package.writestr("_xmlsignatures/sig1.xml", b"<Signature/>")
    return made.getvalue()


def other_workbook() -> bytes:
    """A sound workbook that is no review."""
    return small_book({"Sheet1": {"A1": 1.0}})


def bomb() -> bytes:
    """A workbook that unpacks to more than is allowed."""
    return zipped({"[Content_Types].xml": b" " * 300_000_000})


def write(folder: Path, **files: bytes) -> list[Path]:
    """Write workbooks by name into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.xlsx" for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    return paths
