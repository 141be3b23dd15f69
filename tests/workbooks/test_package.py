"""Zip packages are read with suspicion and rewritten without touching what does not change."""

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zips import TEXT, contents, raw_members, zipped

from capexrisk_workbooks.ooxml.directory import Limits
from capexrisk_workbooks.ooxml.package import Package
from capexrisk_workbooks.ooxml.unusable import (
    NotAWorkbook,
    Protected,
    Signed,
    TooLarge,
    Unreadable,
    UnusableFile,
)

PARTS = {"[Content_Types].xml": TEXT, "xl/a.xml": b"", "xl/b.bin": bytes(range(256)), "xl/c.xml": TEXT * 3}

SPELLINGS = {
    "plain": zipped(PARTS),
    "stored": zipped(PARTS, stored=("xl/b.bin", "xl/c.xml")),
    "descriptors": zipped(PARTS, descriptors=True),
    "zip64": zipped(PARTS, zip64=True),
    "zip64 descriptors": zipped(PARTS, descriptors=True, zip64=True),
    "commented": zipped(PARTS, comment=b"made by hand"),
}


@pytest.fixture(params=SPELLINGS, ids=str)
def data(request: pytest.FixtureRequest) -> bytes:
    return SPELLINGS[request.param]


def test_members_come_in_order_with_content_and_checksum(data: bytes):
    package = Package.read(data)
    assert package.names == tuple(PARTS)
    assert {name: package.data(name) for name in package.names} == PARTS
    assert [package.crc(name) for name in PARTS] == [zlib.crc32(content) for content in PARTS.values()]


def test_no_change_gives_the_same_object(data: bytes):
    assert Package.read(data).rewritten({}) is data


@pytest.mark.parametrize("changed", [["xl/c.xml"], ["[Content_Types].xml"], ["xl/a.xml", "xl/b.bin"]])
def test_rewriting_keeps_every_byte_of_other_members(data: bytes, changed: list[str]):
    new = Package.read(data).rewritten(dict.fromkeys(changed, b"new content" * 9))
    assert contents(new) == PARTS | dict.fromkeys(changed, b"new content" * 9)
    before, after = raw_members(data), raw_members(new)
    assert list(before) == list(after)
    assert {name: before[name] for name in PARTS if name not in changed} == {
        name: after[name] for name in PARTS if name not in changed
    }


def test_a_changed_member_keeps_date_attributes_comment_and_extra_fields(data: bytes):
    with zipfile.ZipFile(io.BytesIO(Package.read(data).rewritten({"xl/c.xml": b"new"}))) as archive:
        info = archive.getinfo("xl/c.xml")
        assert archive.comment == (b"made by hand" if data is SPELLINGS["commented"] else b"")
    assert info.date_time == (2024, 5, 6, 7, 8, 10)
    assert info.external_attr == 0o640 << 16
    assert info.comment == b"comment on xl/c.xml"
    assert info.extra == b"\xfe\xca\x03\x00abc"


def test_a_changed_member_says_the_same_in_its_header_and_in_the_directory(data: bytes):
    new = Package.read(data).rewritten({"xl/c.xml": b"new" * 9})
    header, record = raw_members(new)["xl/c.xml"]
    assert header[4:30] == record[6:32][:24] + header[28:30]  # versions, flags, method, date, checksum, sizes, name
    assert not header[6] & 8
    assert struct.unpack_from("<L", header, 18)[0] + 30 + sum(struct.unpack_from("<2H", header, 26)) == len(header)


def test_a_rewritten_package_reads_back_and_can_be_rewritten_again(data: bytes):
    once = Package.read(data).rewritten({"xl/c.xml": b"one"})
    twice = Package.read(once).rewritten({"xl/a.xml": b"two"})
    assert contents(twice) == PARTS | {"xl/c.xml": b"one", "xl/a.xml": b"two"}


def test_bytes_between_members_are_copied():
    package = SPELLINGS["plain"]
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        second = archive.infolist()[1].header_offset
    padded = spread(package, second, b"gap that belongs to nobody")
    new = Package.read(padded).rewritten({"xl/c.xml": b"new"})
    assert new[: second + 26] == padded[: second + 26]
    assert contents(new) == PARTS | {"xl/c.xml": b"new"}


def test_a_directory_in_another_order_than_the_members_stays_so():
    package = reordered(SPELLINGS["plain"])
    new = Package.read(package).rewritten({"xl/b.bin": b"new"})
    assert list(raw_members(new)) == list(raw_members(package)) == list(PARTS)[::-1]
    assert contents(new) == PARTS | {"xl/b.bin": b"new"}


def test_a_zip64_directory_is_read_and_rewritten():
    data = with_zip64_ending(SPELLINGS["plain"])
    new = Package.read(data).rewritten({"[Content_Types].xml": b"new"})
    assert contents(new) == PARTS | {"[Content_Types].xml": b"new"}
    assert Package.read(new).names == tuple(PARTS)


def test_a_machine_without_isal_reads_and_writes_the_same_parts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("capexrisk_workbooks.ooxml.package.deflating", zlib)
    new = Package.read(PLAIN).rewritten({"xl/c.xml": TEXT * 5})
    assert contents(new) == PARTS | {"xl/c.xml": TEXT * 5}
    assert read_all(new) == contents(new)
    broken = Package.read(PLAIN[:60] + b"\xff" * 20 + PLAIN[80:])
    with pytest.raises(Unreadable, match=r"The part \[Content_Types\]\.xml"):
        broken.data("[Content_Types].xml")


def test_an_unknown_part_cannot_be_rewritten():
    with pytest.raises(KeyError, match=r"no part 'xl/x\.xml'"):
        Package.read(SPELLINGS["plain"]).rewritten({"xl/x.xml": b""})


def test_a_signed_package_is_rewritten_only_on_demand():
    package = Package.read(zipped(PARTS | {"_xmlsignatures/origin.sigs": b""}))
    assert package.signed
    with pytest.raises(Signed, match="break the signature"):
        package.rewritten({"xl/a.xml": b"new"})
    assert contents(package.rewritten({"xl/a.xml": b"new"}, even_signed=True))["xl/a.xml"] == b"new"


# Changes to a sound package, by hand, for the hostile ones.


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    new = bytearray(data)
    struct.pack_into(form, new, at, *values)
    return bytes(new)


def directory_at(data: bytes, number: int = 0) -> int:
    """Where the record of a member stands in the directory."""
    at = struct.unpack_from("<L", data, data.rindex(b"PK\x05\x06") + 16)[0]
    for _ in range(number):
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    return at


def spread(data: bytes, at: int, gap: bytes) -> bytes:
    """The package with a gap in it, all offsets mended."""
    for number in range(len(PARTS)):
        record = directory_at(data, number)
        offset = struct.unpack_from("<L", data, record + 42)[0]
        data = patched(data, record + 42, "<L", offset + (len(gap) if offset >= at else 0))
    end = data.rindex(b"PK\x05\x06") + 16
    data = patched(data, end, "<L", struct.unpack_from("<L", data, end)[0] + len(gap))
    return data[:at] + gap + data[at:]


def reordered(data: bytes) -> bytes:
    starts = [directory_at(data, number) for number in range(len(PARTS))] + [data.rindex(b"PK\x05\x06")]
    records = [data[start:end] for start, end in pairwise(starts)]
    return data[: starts[0]] + b"".join(reversed(records)) + data[starts[-1] :]


def with_zip64_ending(data: bytes) -> bytes:
    end = data.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HLL", data, end + 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    old = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:end] + record + locator + old


def with_size(data: bytes, number: int, size: int) -> bytes:
    """The package whose directory and header both lie about what a member unpacks to."""
    record = directory_at(data, number)
    offset = struct.unpack_from("<L", data, record + 42)[0]
    return patched(patched(data, record + 24, "<L", size), offset + 22, "<L", size)


def renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new) and data.count(old) == 2 + data.count(b"comment on " + old)
    return data.replace(old, new)


PLAIN = SPELLINGS["plain"]
END = PLAIN.rindex(b"PK\x05\x06")

REFUSED: dict[str, tuple[bytes, type[UnusableFile], str]] = {
    "empty": (b"", Unreadable, "empty"),
    "text": (b"a,b,c\n1,2,3\n", NotAWorkbook, "not a workbook"),
    "html": (b"<html><table></table></html>", NotAWorkbook, "not a workbook"),
    "old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), NotAWorkbook, "before Excel 2007"),
    "password": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
        Protected,
        "password",
    ),
    "empty zip": (zipped({}), Unreadable, "empty or divided"),
    "half": (PLAIN[: len(PLAIN) // 2], Unreadable, "breaks off"),
    "only the magic": (b"PK\x03\x04", Unreadable, "breaks off"),
    "behind the end": (PLAIN + b"x", Unreadable, "where it says it ends"),
    "several disks": (patched(PLAIN, END + 4, "<H", 1), Unreadable, "divided"),
    "directory elsewhere": (patched(PLAIN, END + 16, "<L", 7), Unreadable, "not where"),
    "directory too short": (patched(PLAIN, END + 8, "<2H", 3, 3), Unreadable, "longer than it says"),
    "directory too long": (patched(PLAIN, END + 8, "<2H", 5, 5), Unreadable, "breaks off"),
    "encrypted member": (patched(PLAIN, directory_at(PLAIN, 2) + 8, "<H", 1), Protected, "encrypted"),
    "strongly encrypted": (patched(PLAIN, directory_at(PLAIN, 2) + 8, "<H", 0x40), Protected, "encrypted"),
    "encrypted in its header only": (patched(PLAIN, 6, "<H", 1), Unreadable, "contradicts"),
    "unknown method": (patched(PLAIN, directory_at(PLAIN, 2) + 10, "<H", 14), Unreadable, "method 14"),
    "another method in the header": (patched(PLAIN, 8, "<H", 0), Unreadable, "contradicts"),
    "another checksum in the header": (patched(PLAIN, 14, "<L", 1), Unreadable, "contradicts"),
    "another size in the header": (patched(PLAIN, 22, "<L", 1), Unreadable, "contradicts"),
    "another name in the header": (PLAIN.replace(b"xl/a.xml", b"xl/q.xml", 1), Unreadable, "contradicts"),
    "offset beyond the end": (patched(PLAIN, directory_at(PLAIN, 1) + 42, "<L", 10**8), Unreadable, "breaks off"),
    "overlapping": (
        patched(PLAIN.replace(b"xl/a.xml", b"xl/q.xml", 0), directory_at(PLAIN, 1) + 42, "<L", 0),
        Unreadable,
        "contradicts",
    ),
    "twice": (renamed(PLAIN, b"xl/a.xml", b"xl/c.xml"), Unreadable, "two parts"),
    "twice but for case": (renamed(PLAIN, b"xl/c.xml", b"xl/A.XML"), Unreadable, "two parts"),
    "absolute": (renamed(PLAIN, b"xl/a.xml", b"/l/a.xml"), Unreadable, "no workbook has"),
    "drive": (renamed(PLAIN, b"xl/a.xml", b"C:/a.xml"), Unreadable, "no workbook has"),
    "climbing": (renamed(PLAIN, b"xl/a.xml", b"../a.xml"), Unreadable, "no workbook has"),
    "backslash": (renamed(PLAIN, b"xl/a.xml", b"xl\\a.xml"), Unreadable, "no workbook has"),
    "zero in a name": (renamed(PLAIN, b"xl/a.xml", b"xl/a\0xml"), Unreadable, "no workbook has"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_not_sound_is_refused_with_a_sentence(case: str):
    data, kind, words = REFUSED[case]
    with pytest.raises(UnusableFile, match=words) as caught:
        Package.read(data)
    assert type(caught.value) is kind
    assert caught.value.sentence.endswith(".")


def test_members_that_share_bytes_are_refused():
    inner = zipped({"x": b"stored within"}, stored=("x",))
    first = inner[: inner.index(b"PK\x01\x02")]
    data = zipped({"x": b"stored within", "y": first}, stored=("x", "y"))
    record = directory_at(data, 0)
    within = data.index(first, 1)
    with pytest.raises(Unreadable, match="overlaps"):
        Package.read(patched(data, record + 42, "<L", within))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(file=len(PLAIN) - 1), "bytes; at most"),
        (Limits(members=3), "4 parts; at most 3"),
        (Limits(unpacked=1_000), "unpacks to .* bytes; at most 1,000"),
        (Limits(ratio=2), "times its size"),
    ],
    ids=str,
)
def test_limits_hold_before_anything_is_unpacked(limits: Limits, words: str):
    with pytest.raises(TooLarge, match=words):
        Package.read(PLAIN, limits)


def test_a_bomb_beside_a_large_picture_is_refused():
    picture = zlib.compress(b"".join(n.to_bytes(4, "big") * 3 for n in range(40_000)), 9)
    data = zipped({"bomb.xml": b" " * 2_000_000, "picture.png": picture}, stored=("picture.png",))
    assert len(data) * 100 > 2_000_000
    with pytest.raises(TooLarge, match=r"bomb\.xml"):
        Package.read(data)


@pytest.mark.parametrize("size", [10, len(TEXT) - 1, len(TEXT) + 1])
def test_a_member_that_lies_about_its_size_is_unreadable(size: int):
    package = Package.read(with_size(PLAIN, 0, size))
    with pytest.raises(Unreadable, match="size that the file says"):
        package.data("[Content_Types].xml")


def test_a_wrong_checksum_is_noticed_when_the_member_is_read():
    package = Package.read(patched(patched(PLAIN, 14, "<L", 1), directory_at(PLAIN) + 16, "<L", 1))
    assert package.data("xl/c.xml") == PARTS["xl/c.xml"]
    with pytest.raises(Unreadable, match="checksum"):
        package.data("[Content_Types].xml")


def test_packed_bytes_that_are_none_are_unreadable():
    start = 30 + len("[Content_Types].xml") + 7
    package = Package.read(PLAIN[:start] + b"\xff" * 20 + PLAIN[start + 20 :])
    with pytest.raises(Unreadable, match="damaged"):
        package.data("[Content_Types].xml")


def read_all(data: bytes) -> dict[str, bytes]:
    package = Package.read(data)
    return {name: package.data(name) for name in package.names}


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
def test_a_file_cut_off_anywhere_is_refused(spelling: str):
    data = SPELLINGS[spelling]
    for length in range(len(data)):
        with pytest.raises(UnusableFile):
            read_all(data[:length])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(SPELLINGS)), st.data())
def test_damage_anywhere_is_refused_or_harmless(spelling: str, draw: st.DataObject):
    data = bytearray(SPELLINGS[spelling])
    for at in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=4)):
        data[at] = draw.draw(st.integers(0, 255))
    attempt(lambda: read_all(bytes(data)))
    attempt(lambda: Package.read(bytes(data)).rewritten({"xl/c.xml": b"new"}))


def attempt(action: Callable[[], object]) -> None:
    """Do it; only the refusals that are meant may come of it."""
    with contextlib.suppress(UnusableFile, KeyError):  # KeyError: the part's name was hit
        action()
