"""What a review's stored results were made with, and what is to be said where that is not what computes now."""

from __future__ import annotations

from capexrisk import template
from capexrisk_udfs.calls import capex_version
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.reading import template_version

_FUNCTION = "CAPEX_VERSION("
_LONGEST = 200
"""Characters; a text beyond it is none of ours."""


def made_with(book: Book) -> str | None:
    """Give the versions and the policy that the stored results name, None where they name none."""
    names = [part.name for part in book.sheets if part.part is not None]
    spelled = _FUNCTION.encode()
    for name in sorted(names, key=lambda name: spelled not in book.sheet(name).xml):  # the likely ones first
        if spelled not in book.sheet(name).xml.upper():
            continue
        for formula in book.sheet(name).formulas.values():
            if _FUNCTION in formula.stored.upper() and isinstance(formula.value, str):
                return formula.value[:_LONGEST] or None
    return None


def remarks(book: Book) -> tuple[str, ...]:
    """Say of a review as it is stored that it was made under another template, tool or policy."""
    found: list[str] = []
    version = template_version(book)
    if version != template.TEMPLATE_VERSION:
        made = f"version {version[:_LONGEST]}" if version else "no version"
        found.append(f"The workbook says template {made}; this tool's is {template.TEMPLATE_VERSION}.")
    stored = made_with(book)
    if stored and stored != capex_version():
        found.append(f"Its results were made with {stored}; now it is {capex_version()}.")
    return tuple(found)
