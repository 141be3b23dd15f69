"""Files that are no sound reviews, and sound ones that are spelled oddly: a status, a sentence, nothing touched."""

import io
import os
import re
import struct
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import fuzz
import pytest
from docx_file import document
from openpyxl import Workbook
from respelled import MAIN, RESPELLED, results
from ways import COMPUTED_ON, STALE, WAYS, taken
from zips import contents, zipped

from capexrisk_workbooks.ooxml.cells import CellError
from capexrisk_workbooks.recalc import recalculate

COMPOUND = bytes.fromhex("D0CF11E0A1B11AE1")


def with_part(name: str, content: bytes, review: bytes = STALE) -> bytes:
    return zipped({**contents(review), name: content})


def changed(name: str, old: bytes, new: bytes, review: bytes = STALE) -> bytes:
    part = contents(review)[name]
    assert old in part
    return with_part(name, part.replace(old, new, 1), review)


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    new = bytearray(data)
    struct.pack_into(form, new, at, *values)
    return bytes(new)


def entry(data: bytes, name: str) -> int:
    """Where the record of a member stands in the directory."""
    return data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))


def renamed(old: str, new: str) -> bytes:
    assert len(old) == len(new)
    return STALE.replace(old.encode(), new.encode())


def wrong_checksum(name: str) -> bytes:
    data = zipped(contents(STALE))
    record = entry(data, name)
    offset = struct.unpack_from("<L", data, record + 42)[0]
    return patched(patched(data, record + 16, "<L", 1), offset + 14, "<L", 1)


def lying_size(name: str, size: int) -> bytes:
    """A part that says it is small and unpacks to a lot."""
    parts = {**contents(STALE), name: b" " * 90_000_000}
    data = zipped(parts)
    record = entry(data, name)
    offset = struct.unpack_from("<L", data, record + 42)[0]
    return patched(patched(data, record + 24, "<L", size), offset + 22, "<L", size)


def zip64_that_contradicts() -> bytes:
    data = zipped(contents(STALE))
    end = data.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HLL", data, end + 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start + 7)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    return data[:end] + record + locator + data[end:]


def many_members() -> bytes:
    return zipped({**contents(STALE), **{f"xl/media/{n}.bin": b"x" for n in range(1_000)}})


def binary_workbook() -> bytes:
    types = contents(STALE)["[Content_Types].xml"]
    kind = rb"application/vnd\.openxmlformats-officedocument\.spreadsheetml\.sheet\.main\+xml"
    return with_part(
        "[Content_Types].xml", re.sub(kind, b"application/vnd.ms-excel.sheet.binary.macroEnabled.main", types)
    )


def open_document() -> bytes:
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "content.xml": b"<office/>"}, stored=("mimetype",))


def another_workbook() -> bytes:
    made = io.BytesIO()
    Workbook().save(made)
    return made.getvalue()


BILLION = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%b">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 10))
    + b"]>"
)
EXTERNAL = b'<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
SHEET, HEAD = "xl/worksheets/sheet1.xml", b"<worksheet "

HOSTILE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "legacy xls": (lambda: COMPOUND + bytes(4096), "not_a_review", "before Excel 2007"),
    "password": (lambda: COMPOUND + bytes(4096) + "EncryptedPackage".encode("utf-16-le"), "protected", "password"),
    "encrypted member": (lambda: patched(STALE, entry(STALE, SHEET) + 8, "<H", 1), "protected", "encrypted"),
    "xlsb": (lambda: binary_workbook(), "not_a_review", "xlsb"),
    "ods": (lambda: open_document(), "not_a_review", "ods"),
    "docx": (lambda: document(), "not_a_review", "workbook"),
    "another workbook": (lambda: another_workbook(), "not_a_review", "capexrisk new"),
    "csv": (lambda: b"entity,cash\nGranite,1\n", "not_a_review", "not a workbook"),
    "html": (lambda: b"<html><table></table></html>", "not_a_review", "not a workbook"),
    "plain zip": (lambda: zipped({"a.txt": b"x"}), "not_a_review", "no workbook"),
    "empty": (lambda: b"", "unreadable", "empty"),
    "truncated": (lambda: STALE[:-200], "unreadable", "breaks off"),
    "truncated early": (lambda: STALE[:100], "unreadable", "breaks off"),
    "bytes behind the end": (lambda: STALE + b"MZ", "unreadable", "where it says it ends"),
    "wrong checksum": (lambda: wrong_checksum(SHEET), "unreadable", "checksum"),
    "duplicate member": (lambda: renamed("xl/charts/chart2.xml", "xl/charts/chart1.xml"), "unreadable", "two parts"),
    "absolute path": (lambda: renamed("xl/charts/chart2.xml", "/xl/charts/chart.xml"), "unreadable", "no workbook has"),
    "climbing path": (lambda: renamed("xl/charts/chart2.xml", "../charts/chart2.xml"), "unreadable", "no workbook has"),
    "drive": (lambda: renamed("xl/charts/chart2.xml", "C:/charts/chart2.xml"), "unreadable", "no workbook has"),
    "zip64 that contradicts": (lambda: zip64_that_contradicts(), "unreadable", "not where|contradicts"),
    "several disks": (lambda: patched(STALE, STALE.rindex(b"PK\x05\x06") + 4, "<H", 1), "unreadable", "divided"),
    "bomb by ratio": (lambda: with_part("xl/media/a.bin", b" " * 60_000_000), "too_large", "times"),
    "bomb by size": (lambda: with_part(SHEET, b" " * 201_000_000), "too_large", "unpacks to"),
    "bomb that lies": (lambda: lying_size(SHEET, 70_000), "unreadable", "size that the file says"),
    "too many members": (lambda: many_members(), "too_large", "parts"),
    "document type": (lambda: changed(SHEET, HEAD, b"<!DOCTYPE x>" + HEAD), "unreadable", "document type"),
    "external entity": (lambda: changed(SHEET, HEAD, EXTERNAL + HEAD), "unreadable", "document type"),
    "entity in the workbook": (
        lambda: changed("xl/workbook.xml", b"<workbook ", EXTERNAL + b"<workbook "),
        "unreadable",
        "document type",
    ),
    "entity in relations": (
        lambda: changed("_rels/.rels", b"<Relationships ", EXTERNAL + b"<Relationships "),
        "unreadable",
        "document type",
    ),
    "billion laughs": (lambda: changed(SHEET, HEAD, BILLION + HEAD), "unreadable", "document type"),
    "document type in UTF-16": (
        lambda: with_part(
            SHEET,
            contents(STALE)[SHEET]
            .decode()
            .replace('encoding="UTF-8"', "")
            .replace("<worksheet ", "<!DOCTYPE x><worksheet ")
            .encode("utf-16"),
        ),
        "unreadable",
        "document type",
    ),
    "another encoding": (lambda: changed(SHEET, b'encoding="UTF-8"', b'encoding="latin-1"'), "unreadable", "latin-1"),
    "UTF-7": (lambda: changed(SHEET, b'encoding="UTF-8"', b'encoding="UTF-7"'), "unreadable", "UTF-7"),
    "half of the XML": (lambda: with_part(SHEET, contents(STALE)[SHEET][:5_000]), "unreadable", "."),
    "cells twice": (lambda: changed(SHEET, b"</sheetData>", b"</sheetData><sheetData/>"), "unreadable", "twice"),
    "missing sheet": (
        lambda: changed("xl/_rels/workbook.xml.rels", b"worksheets/sheet2.xml", b"worksheets/sheet9.xml"),
        "unreadable",
        "missing",
    ),
    "sheet outside": (
        lambda: changed(
            "xl/_rels/workbook.xml.rels",
            b'Target="/xl/worksheets/sheet2.xml"',
            b'TargetMode="External" Target="file:///etc/passwd"',
        ),
        "unreadable",
        "missing",
    ),
    "stretched name": (
        lambda: changed(
            "xl/workbook.xml",
            b'name="Inputs">',
            b'name="Inputs">Review!$A$1:$XFD$1048576</definedName><definedName name="Inputs2">',
        ),
        "not_a_review",
        "spans",
    ),
    "signed": (lambda: with_part("_xmlsignatures/sig1.xml", b"<Signature/>"), "signed", "--even-signed"),
}


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_each_has_its_status_and_sentence_and_is_not_touched(case: str, tmp_path: Path):
    make, status, words = HOSTILE[case]
    data = make()
    path = tmp_path / "review.xlsx"
    path.write_bytes(data)
    before = path.stat()
    tracemalloc.start()
    outcome = recalculate(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.status == status, outcome.sentence
    assert re.search(words, outcome.sentence)
    assert outcome.sentence.endswith(".")
    assert path.read_bytes() == data
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert os.listdir(tmp_path) == ["review.xlsx"]
    assert most < 60_000_000, "no more was unpacked than an honest review takes"


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path):
    path = tmp_path / "review.xlsx"
    with path.open("wb") as file:
        file.truncate(100_000_001)
    tracemalloc.start()
    outcome = recalculate(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert outcome.status == "too_large"


def test_an_entity_in_a_part_that_nobody_needs_is_neither_followed_nor_lost(tmp_path: Path):
    theme = contents(STALE)["xl/theme/theme1.xml"]
    data = with_part("xl/theme/theme1.xml", re.sub(rb"<(a:)?theme ", EXTERNAL + rb"\g<0>", theme, count=1), COMPUTED_ON)
    assert EXTERNAL in contents(data)["xl/theme/theme1.xml"]
    path = tmp_path / "review.xlsx"
    path.write_bytes(data)
    outcome = recalculate(path)
    after = path.read_bytes()
    assert b"root:" not in b"".join(contents(after).values())
    assert contents(after)["xl/theme/theme1.xml"] == contents(data)["xl/theme/theme1.xml"]
    assert outcome.status in ("recalculated", "unreadable")


@pytest.mark.parametrize(
    "mark", [b'<f t="array" ref="A150:XFD1048576">1+1</f>', b'<f t="dataTable" ref="A150:XFD1048576"/>']
)
def test_a_formula_stretched_over_a_whole_sheet_costs_neither_time_nor_the_file(mark: bytes, tmp_path: Path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(
        changed(SHEET, b"</sheetData>", b'<row r="150"><c r="A150">' + mark + b"<v>7</v></c></row></sheetData>")
    )
    outcome = recalculate(path)
    assert outcome.status == "recalculated"
    assert any(kept.cell == "A150" for kept in outcome.kept)
    assert outcome.result is not None and outcome.result.inputs["cash"] == 777


@pytest.mark.parametrize(
    "text", ["SUM(A:XFD)", 'REPT("x",1E9)', "ROW(1:1048576)", "(" * 2_000 + "1" + ")" * 2_000, "1" + "+1" * 4_000]
)
def test_a_formula_meant_to_exhaust_the_machine_does_not(text: str, tmp_path: Path):
    path = tmp_path / "review.xlsx"
    cell = f'<row r="150"><c r="A150"><f>{text.replace(chr(34), "&quot;")}</f><v>7</v></c></row></sheetData>'
    path.write_bytes(changed(SHEET, b"</sheetData>", cell.encode()))
    before = path.read_bytes()
    outcome = recalculate(path)
    assert outcome.status == "recalculated" or (outcome.sentence and path.read_bytes() == before)


@pytest.mark.parametrize("call", ["CAPEX_SCORE()", "CAPEX_SCORE(Inputs)", "CAPEX_RATING(1,2,3,4,5,6)"])
def test_a_call_with_the_wrong_arguments_costs_its_cell_only(call: str, tmp_path: Path):
    path = tmp_path / "review.xlsx"
    cell = f'<row r="150"><c r="A150"><f>{call}</f><v>7</v></c></row></sheetData>'
    path.write_bytes(changed(SHEET, b"</sheetData>", cell.encode()))
    assert recalculate(path).status == "recalculated"
    assert results(path.read_bytes())["Review"][150, 1] == CellError("#VALUE!")


# Sound reviews of other programs.


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, dict[str, object]]:
    """What the results are, as recalculated from the review that is spelled as ours are."""
    found = {}
    for number, review in enumerate((STALE, COMPUTED_ON)):
        path = tmp_path_factory.mktemp("expected") / f"{number}.xlsx"
        path.write_bytes(review)
        assert recalculate(path).status == "recalculated"
        found[review] = results(path.read_bytes())
    return found


KNOWN = {
    "since_1904": {("Review", (202, 2))},  # the sum that somebody made of a column with a date in it
    "by_openpyxl": {("Review", (204, 2))},  # kept, and openpyxl had dropped the value
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spelling", RESPELLED, ids=str)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_review_spelled_as_others_spell_it_gives_the_same_results(
    spelling: str, way: str, expected, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    review = taken(way, monkeypatch)
    path = tmp_path / "review.xlsx"
    data = RESPELLED[spelling](review)
    path.write_bytes(data)
    outcome = recalculate(path)
    assert outcome.status == "recalculated", outcome.sentence
    after = path.read_bytes()
    assert differing(results(after), expected[review]) <= KNOWN.get(spelling, set())
    assert list(fuzz.lost(data, after)) == []
    assert recalculate(path).status == "unchanged"


def differing(one: dict, other: dict) -> set[tuple[str, tuple[int, int]]]:
    return {
        (sheet, spot)
        for sheet in one.keys() | other.keys()
        for spot in one.get(sheet, {}).keys() | other.get(sheet, {}).keys()
        if one.get(sheet, {}).get(spot) != other.get(sheet, {}).get(spot)
    }


def test_respelling_respells():
    """The changes above are really in the files."""
    marks = {
        "prefixed": rb"<x:c ", "strict": rb"purl\.oclc\.org/ooxml/spreadsheetml/main", "shared_strings": rb't="s"',
        "without_addresses": rb"<row[^>]*><c [^r]", "commented": rb"<!-- a <row> -->", "spaced": rb"\r\n  <c",
        "space_preserved": rb'<v xml:space="preserve">', "cdata": rb"<!\[CDATA\[", "utf16": rb"^\xff\xfe<\0",
        "character_references": rb"&#65;",
    }  # fmt: skip
    for spelling, mark in marks.items():
        xml = contents(RESPELLED[spelling](STALE))[SHEET]
        assert re.search(mark, xml), spelling
        if spelling in ("prefixed", "without_addresses"):
            assert not re.search({"prefixed": rb"<c ", "without_addresses": rb'<c r="'}[spelling], xml)
    assert MAIN not in contents(RESPELLED["strict"](STALE))[SHEET]
    assert b"\x01\0\x10\0" in RESPELLED["with_zip64"](STALE)[:100]


@pytest.mark.libreoffice
def test_a_review_saved_by_libreoffice_gives_the_same_results(calc_with_functions, expected, tmp_path):
    path, saved = tmp_path / "review.xlsx", tmp_path / "saved.xlsx"
    path.write_bytes(STALE)
    with calc_with_functions.open(path) as document:
        document.recalculate()
        document.save(saved)
    outcome = recalculate(saved)
    assert outcome.status in ("recalculated", "unchanged"), outcome.sentence
    assert outcome.kept == ()
    found, wanted = results(saved.read_bytes()), expected[STALE]
    numbers = [
        (sheet, spot)
        for sheet, values in wanted.items()
        for spot, value in values.items()
        if isinstance(value, float) and abs(float(found[sheet].get(spot) or 0) - value) > 1e-9 * max(1, abs(value))
    ]
    assert numbers == []


# Mutations.


def test_mutated_reviews_neither_crash_nor_hang_nor_change_unless_recalculated():
    cases = int(os.environ.get("CAPEXRISK_FUZZ", "120"))
    found = list(fuzz.run(cases, seed=20261122))
    assert [case for case in found if case.fault] == []
    assert len(found) == cases
    counts = Counter(case.status for case in found)
    assert counts["recalculated"] > cases / 10 and counts["unreadable"] > cases / 10  # it looks behind every door


def test_the_fuzzer_notices_what_it_is_there_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def spoiled(path, **_):
        data = Path(path).read_bytes()
        Path(path).write_bytes(zipped({**contents(data), "docProps/app.xml": b"<gone/>"}))
        return real(path)

    real = recalculate
    monkeypatch.setattr(fuzz, "mutated", lambda seed, number: STALE)
    monkeypatch.setattr(fuzz, "recalculate", spoiled)
    assert "docProps/app.xml" in fuzz.tried((str(tmp_path), 1, 1)).fault
    monkeypatch.setattr(fuzz, "recalculate", lambda path: 1 // 0)
    assert "ZeroDivisionError" in fuzz.tried((str(tmp_path), 1, 1)).fault


def test_a_case_is_the_same_every_time():
    assert fuzz.digest(range(20), 7) == fuzz.digest(range(20), 7)
    assert fuzz.digest(range(20), 7) != fuzz.digest(range(20), 8)
