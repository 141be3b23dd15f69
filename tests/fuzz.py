"""Mutates real reviews and recalculates them: no crash, no hang, no changed file unless it was recalculated.

    python tests/fuzz.py CASES SEED [FIRST]

Each case depends on its seed and number alone; a case that fails is printed with both, and `python tests/fuzz.py 1 SEED
NUMBER` repeats it.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from sheet_xml import spelled_cells

from capexrisk.examples import examples
from capexrisk_workbooks import pool
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Spot
from capexrisk_workbooks.ooxml.package import Package
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.recalc import recalculate
from capexrisk_workbooks.results import STATUSES

LIMIT = 30.0
"""Seconds after which a case counts as hung; an honest one takes a few hundredths."""

Parts = dict[str, bytes]


class Case(NamedTuple):
    """How one mutated review ended; `fault` says what went wrong, empty when nothing did."""

    number: int
    status: str
    fault: str
    seconds: float


def stale(review: bytes) -> bytes:
    """A review with another figure typed in, so that recalculating has something to write."""
    book = Book.read(review)
    text = next(item.text for item in book.names if item.name == "cash")
    sheet, _, corner = text.rpartition("!")
    letters, row = corner.strip("$").split("$")
    spot: Spot = int(row), ord(letters) - 64
    return book.rewritten({sheet: book.sheet(sheet).edited({spot: Edit(value=777.0)})})


def with_user_formulas(review: bytes) -> bytes:
    """A review in which somebody computes on, so that the spreadsheet engine has to do it."""
    book = Book.read(review)
    edits = {(200 + n, 2): Edit(formula=text, value=0.0) for n, text in enumerate(_USERS)}
    return book.rewritten({"Review": book.sheet("Review").edited(edits)})


_USERS = ("risk_score*2", "SUM(B1:B100)", 'IF(A1="x",1,TODAY())', "INDEX(Customers!A1:C9,2,2)", "VLOOKUP(1,A1:B9,2)")


@lru_cache(1)
def reviews() -> tuple[bytes, ...]:
    """The reviews that are mutated."""
    records = examples()
    whole = new_workbook(records[10])
    return (
        whole,
        stale(whole),
        with_user_formulas(stale(whole)),
        stale(new_workbook(records[2], functions="office")),
        template_bytes(records[0]),
    )


def mutated(seed: int, number: int) -> bytes:
    """The file of one case."""
    dice = random.Random(f"{seed}:{number}")
    review = dice.choice(reviews())
    if dice.random() < 0.3:
        data = bytearray(review)
        for _ in range(dice.choice((1, 1, 2, 8))):
            dice.choice(_ON_BYTES)(dice, data)
        return bytes(data)
    with zipfile.ZipFile(io.BytesIO(review)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        if dice.random() < 0.15:
            dice.choice(_ON_MEMBERS)(dice, parts)
        else:
            name = dice.choice([name for name in parts if name.endswith((".xml", ".rels"))] or list(parts))
            content = bytearray(parts[name])
            dice.choice(_ON_XML if dice.random() < 0.8 else _ON_BYTES)(dice, content)
            parts[name] = bytes(content)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _flip(dice: random.Random, data: bytearray) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _overwrite(dice: random.Random, data: bytearray) -> None:
    if data:
        at = dice.randrange(len(data))
        data[at : at + dice.choice((1, 2, 4))] = dice.choice((b"\0", b"\xff\xff\xff\xff", b"\x7f", b"PK\x01\x02", b"<"))


def _cut(dice: random.Random, data: bytearray) -> None:
    at = dice.randrange(len(data) + 1)
    del data[at : at + dice.choice((1, 10, 1_000, 1_000_000))]


def _double(dice: random.Random, data: bytearray) -> None:
    at = dice.randrange(len(data) + 1)
    data[at:at] = data[at : at + dice.choice((1, 10, 1_000))]


_ON_BYTES: tuple[Callable[[random.Random, bytearray], None], ...] = (_flip, _overwrite, _cut, _double)

_TAG = re.compile(rb"<[^<>]*>")
_ATTRIBUTE = re.compile(rb'="([^"<>]*)"')
_BETWEEN = re.compile(rb">([^<>]+)<")
_ODD = (
    b"", b"0", b"-1", b"1e999", b"nan", b"9" * 400, b"4294967296", b"1048577", b"XFE1", b"A1:XFD1048576", b"A0",
    b"true", b"&#0;", b"&lt;", b"&amp;amp;", b"_x0000_", b"\xc3\xa9\xe2\x82\xac", b"\xf0\x9f\x92\xb0", b"\xff\xfe",
    b" ", b"A" * 70_000, b"shared", b"array", b"dataTable", b"str", b"inlineStr", b"d", b"b", b"e", b"s",
    b"../../etc/passwd", b"/xl/workbook.xml", b"=1+1", b"SUM(A:XFD)", b"1/0", b"REPT(\"x\",1E9)",
    b"((((((((1))))))))", b"(" * 5_000, b"A1", b"#REF!", b"Inputs", b"CAPEX_SCORE()", b"CAPEX_STRESS(1,2,3)",
    b"[1]!CAPEX_SCORE(Inputs)", b"IF(TRUE,", b"{1,2;3}", b"1900-02-29", b"2026-13-45",
)  # fmt: skip
_MARKUP = (
    b"<!-- -->", b"<![CDATA[1]]>", b"<?x y?>", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', b"&b;",
    b"<x:c/>", b"<row/>", b"<c/>", b"<v>1</v>", b"<f>1+1</f>", b'<f t="array" ref="A1:XFD1048576">1</f>',
    b'<f t="shared" si="0"/>', b"<is><t>x</t></is>", b"</sheetData>", b"<sheetData/>", b"<extLst/>", b"<a>" * 3_000,
    b'<c r="A1" t="s"><v>99999</v></c>', b'<row r="1048577"/>', b'<mergeCell ref="A1:XFD1048576"/>',
    b'<definedName name="Inputs">1</definedName>',
)  # fmt: skip


def _of(dice: random.Random, data: bytearray, pattern: re.Pattern[bytes], group: int) -> tuple[int, int] | None:
    found = list(pattern.finditer(data))
    return dice.choice(found).span(group) if found else None


def _drop_tag(dice: random.Random, data: bytearray) -> None:
    if span := _of(dice, data, _TAG, 0):
        del data[slice(*span)]


def _repeat_tag(dice: random.Random, data: bytearray) -> None:
    if span := _of(dice, data, _TAG, 0):
        data[span[1] : span[1]] = data[slice(*span)] * dice.choice((1, 1, 50))


def _odd_attribute(dice: random.Random, data: bytearray) -> None:
    if span := _of(dice, data, _ATTRIBUTE, 1):
        data[slice(*span)] = dice.choice(_ODD)


def _odd_text(dice: random.Random, data: bytearray) -> None:
    if span := _of(dice, data, _BETWEEN, 1):
        data[slice(*span)] = dice.choice(_ODD)


def _insert_markup(dice: random.Random, data: bytearray) -> None:
    if span := _of(dice, data, _TAG, 0):
        data[span[1] : span[1]] = dice.choice(_MARKUP)


def _swap_texts(dice: random.Random, data: bytearray) -> None:
    found = [match.span(1) for match in _BETWEEN.finditer(data)]
    if len(found) > 1:
        one, other = sorted(dice.sample(found, 2))
        first, second = bytes(data[slice(*one)]), bytes(data[slice(*other)])
        data[slice(*other)] = first
        data[slice(*one)] = second


_ON_XML = (_drop_tag, _repeat_tag, _odd_attribute, _odd_attribute, _odd_text, _odd_text, _insert_markup, _swap_texts)


def _drop_member(dice: random.Random, parts: Parts) -> None:
    del parts[dice.choice(list(parts))]
    parts.setdefault("[Content_Types].xml", b"")


def _rename_member(dice: random.Random, parts: Parts) -> None:
    name = dice.choice(list(parts))
    parts[dice.choice((name.upper(), f"../{name}", f"/{name}", name.replace("/", "\\"), f"{name}/"))] = parts.pop(name)


def _swap_members(dice: random.Random, parts: Parts) -> None:
    one, other = dice.choice(list(parts)), dice.choice(list(parts))
    parts[one], parts[other] = parts[other], parts[one]


def _add_member(dice: random.Random, parts: Parts) -> None:
    name = dice.choice(("xl/vbaProject.bin", "_xmlsignatures/sig1.xml", "mimetype", "EncryptedPackage", "xl/x.xml"))
    parts[name] = dice.choice((b"", b"\0" * 2_000_000, b"<a/>", b"application/vnd.oasis.opendocument.spreadsheet"))


_ON_MEMBERS = (_drop_member, _rename_member, _swap_members, _add_member)


def tried(task: tuple[str, int, int]) -> Case:
    """Recalculate one mutated review in a folder, and look at what is there afterwards."""
    folder, seed, number = task
    before = mutated(seed, number)
    path = Path(folder) / f"{seed}-{number}.xlsx"
    path.write_bytes(before)
    start = time.monotonic()
    try:
        outcome = recalculate(path)
    except BaseException as error:  # a panic of the engine is none of Python's exceptions
        fault = "" if path.read_bytes() == before else ", and the file was changed"
        return Case(number, "crash", f"{type(error).__name__}: {str(error)[:300]}{fault}", time.monotonic() - start)
    seconds = time.monotonic() - start
    fault = "; ".join(_faults(path, before, outcome.status, outcome.sentence, outcome.changed))
    path.unlink()
    return Case(number, outcome.status, fault, seconds)


def _faults(path: Path, before: bytes, status: str, sentence: str, changed: bool) -> Iterator[str]:
    after = path.read_bytes()
    if status not in STATUSES:
        yield f"the status {status!r} is none"
    if status not in ("recalculated", "unchanged") and not (
        sentence.endswith((".", "!", "?", ")")) and len(sentence) > 20
    ):
        yield f"{status} without a sentence: {sentence!r}"
    if changed == (after == before):
        yield f"{status}, but the file was {'not ' if changed else ''}changed"
    if changed:
        if status not in ("recalculated", "incomplete"):
            yield f"changed, and yet {status}"
        yield from lost(before, after)
        again = recalculate(path)
        if again.changed or again.status not in ("unchanged", "incomplete"):
            yield f"recalculated anew it is {again.status}: {again.sentence}"
    if any(other != path and other.name.startswith(path.stem) for other in path.parent.iterdir()):
        yield "something was left beside the file"


def lost(before: bytes, after: bytes) -> Iterator[str]:
    """What differs between two versions of a workbook beyond the cached values of formulas."""
    old, new = Package.read(before), Package.read(after)
    if old.names != new.names:
        yield "the parts are others"
        return
    sheets = {sheet.part for sheet in Book(old).sheets}
    for name in old.names:
        if _packed(old, name) == _packed(new, name):
            continue
        if name not in sheets:
            yield f"{name} is changed, which is no sheet"
            continue
        formulas = [_without_results(Book(package), name) for package in (old, new)]
        if formulas[0] != formulas[1]:
            yield f"{name}: more than results is changed"


def _packed(package: Package, name: str) -> bytes:
    """A member as it stands in the file; one that nobody needs may be damaged, and stays so."""
    member = package.directory.members[name]
    return package.raw[member.data : member.data + member.packed]


def _without_results(book: Book, part: str) -> object:
    """The cells of a sheet, what formulas give in them left out."""
    sheet = book.sheet(next(item.name for item in book.sheets if item.part == part))
    results = {*sheet.formulas, *sheet.members}
    areas = list(sheet.blocks.values())
    cells = spelled_cells(book.package.data(part))
    kept = {}
    for spot, cell in cells.items():
        row, column = map(int, spot.split(","))
        if (row, column) in results or any(area.holds(row, column) for area in areas):
            cell = {**cell, "value": None}
            if cell["formula"] is None:
                cell["attributes"] = {}
                continue  # a member that did not stand in the file may stand in it now
        kept[spot] = cell
    return kept


def run(cases: int, seed: int, first: int = 0, workers: int = 1, limit: float = LIMIT) -> Iterator[Case]:
    """Try cases in worker processes that are killed when they hang."""
    with tempfile.TemporaryDirectory() as folder:
        tasks = [(folder, seed, number) for number in range(first, first + cases)]
        yield from pool.run(partial(pool.each, tried), tasks, workers, limit, _lost)


def _lost(task: tuple[str, int, int], timed_out: bool) -> Case:
    folder, seed, number = task
    path = Path(folder) / f"{seed}-{number}.xlsx"
    fault = f"it took more than {LIMIT:g} seconds" if timed_out else "the process died"
    if path.exists() and path.read_bytes() != mutated(seed, number):
        fault += ", and the file was changed"
    return Case(number, "hang" if timed_out else "crash", fault, LIMIT)


def digest(cases: Iterable[int], seed: int) -> str:
    """What tells the files of some cases from others."""
    return hashlib.sha256(b"".join(hashlib.sha256(mutated(seed, n)).digest() for n in cases)).hexdigest()


def main() -> int:
    """Try as many cases as the command line says; the exit code is 1 when one of them went wrong."""
    numbers = [int(text) for text in sys.argv[1:]]
    cases, seed, first = (numbers + [500, 1, 0][len(numbers) :])[:3]
    counts: Counter[str] = Counter()
    slowest, faults = 0.0, 0
    for case in run(cases, seed, first):
        counts[case.status] += 1
        slowest = max(slowest, case.seconds)
        if case.fault:
            faults += 1
            print(f"case {case.number} of seed {seed}: {case.status}: {case.fault}")
    print(f"{cases} mutated reviews, {faults} faults, slowest {slowest:.2f} s: {dict(counts.most_common())}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
