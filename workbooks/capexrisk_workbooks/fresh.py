"""Fresh workbooks with their cached values, and the names of their files."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capexrisk import InputError, Policy, template
from capexrisk.errors import unknown
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.pages.making import Functions
from capexrisk_workbooks.recalc import recalculated

LONGEST_NAME = 120
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')


def new_workbook(record: object = None, functions: Functions = "excel") -> bytes:
    """Give a workbook, blank or filled from a record, with every value that a recalculation gives.

    The same record gives the same bytes. Raises InputError when the record's shape or a key in it is not known.
    """
    return recalculated(Book.read(template_bytes(record, functions=functions, policy=Policy.current()))).data


def file_name(record: object) -> str:
    """Name a review's file after its entity and period, safe for every file system."""
    inputs = record.get("inputs") if isinstance(record, Mapping) else None
    parts = [_plain(inputs, key) for key in ("entity", "period_end")] if isinstance(inputs, Mapping) else []
    return safe_name(" ".join(part for part in parts if part))


def safe_name(text: str) -> str:
    """Make text a file name ending in .xlsx: no character that a file system refuses, no reserved or endless name."""
    text = "".join(mark for mark in unicodedata.normalize("NFC", text) if not _invisible(mark))
    text = " ".join(_UNSAFE.sub(" ", text).split()).strip(". ")
    text = text.removesuffix(".xlsx").strip(". ")
    while len(text.encode()) > LONGEST_NAME:
        text = text[:-1].rstrip(". ")
    if not text or text.split(".")[0].casefold() in _RESERVED:
        text = f"review {text}".strip()
    if text.startswith(("~$", "-")):
        text = f"review {text}"
    return f"{text}.xlsx"


def _invisible(mark: str) -> bool:
    return unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Co", "Cn") and mark not in "\t\n\r"


def _plain(inputs: Mapping[str, Any], key: str) -> str:
    value = inputs.get(key)
    if isinstance(value, Mapping):
        value = value.get("value")
    return "" if value is None else str(value).strip()


def read_csv(path: str | Path) -> list[dict[str, Any]]:
    """Read reviews from a CSV file, one row a review, columns named by input keys; raises InputError."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            sample = file.read(4096)
            file.seek(0)
            dialect = ";" if sample.split("\n")[0].count(";") > sample.split("\n")[0].count(",") else ","
            rows = list(csv.reader(file, delimiter=dialect))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not CSV in UTF-8: {error}.") from None
    header = [name.strip() for name in rows[0]] if rows else []
    for name in header:
        if name not in template.FIELD:
            raise InputError(f"{path}: {unknown('column', name, template.FIELD)}")
    if len(set(header)) != len(header):
        raise InputError(f"{path}: a column stands twice in {', '.join(header)}.")
    records: list[dict[str, Any]] = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(header):
            raise InputError(f"{path}, line {number}: {len(row)} values for {len(header)} columns.")
        if any(value.strip() for value in row):
            records.append({"inputs": dict(zip(header, row, strict=False))})
    return records
