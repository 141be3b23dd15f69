"""The directory of a zip file, read with suspicion.

Python's zipfile forgives; this does not. Limits, names, encryption, overlaps, and whether each member's own header says
what the directory says are checked before anything is unpacked: what contradicts itself is refused, because two
programs would read two different files out of it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from capexrisk_workbooks.ooxml.unusable import NotAWorkbook, Protected, TooLarge, Unreadable


@dataclass(frozen=True)
class Limits:
    """What a package may be at most; sizes in bytes. Honest workbooks unpack to at most 24 times their size."""

    file: int = 100_000_000
    members: int = 1_000
    unpacked: int = 200_000_000
    ratio: int = 100
    small: int = 1_000_000  # a single member below this may be packed as tightly as it likes


class Member(NamedTuple):
    """One entry of the zip directory."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int  # of the local header
    data: int  # where the packed bytes begin
    entry: bytes  # the directory's own record, as it stands


class Directory(NamedTuple):
    """All entries in their order, and where in the file the directory begins and ends."""

    members: dict[str, Member]
    start: int
    end: int


LOCAL = struct.Struct("<4s5H3L2H")
ENTRY = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64 = struct.Struct("<4sLQL")
STORED, DEFLATED = 0, 8
DESCRIPTOR = 0x8  # flag: sizes and checksum follow the data
_ENCRYPTED = 0x2041  # flags: the member, strongly, or the directory itself
_UTF8 = 0x800
_ZIP64 = 1  # the extra field
NONE32 = 0xFFFFFFFF

REPAIR = "Open it in Excel and save it anew, or take an earlier copy."
_BROKEN_OFF = f"The file breaks off before its end or is damaged. {REPAIR}"


def read_directory(raw: bytes, limits: Limits) -> Directory:
    """The directory of a zip file; raises a subclass of UnusableFile when the file is anything but a sound package."""
    if len(raw) > limits.file:
        raise too_large(f"has {len(raw):,} bytes", f"{limits.file:,}")
    if not raw.startswith(b"PK\x03\x04"):
        raise _stranger(raw)
    try:
        count, size, start, end = _ending(raw)
        if count > limits.members:
            raise too_large(f"has {count:,} parts", f"{limits.members:,}")
        members = list(_entries(raw, count, start, start + size))
    except struct.error:
        raise Unreadable(_BROKEN_OFF) from None
    _check_sizes(members, len(raw), limits)
    _check_layout(members, start)
    return Directory(_by_name(members), start, end)


def too_large(fact: str, most: str) -> TooLarge:
    """The exception for a file that exceeds a limit."""
    return TooLarge(f"The file {fact}; at most {most} are read. Remove what does not belong in a review.")


def _stranger(raw: bytes) -> Exception:
    if not raw:
        return Unreadable("The file is empty. Take an earlier copy.")
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            return Protected("The file is protected by a password. Open it in Excel, remove the password and save it.")
        return NotAWorkbook("The file is in the format before Excel 2007 (.xls). Save it as .xlsx in Excel.")
    if raw.startswith((b"PK\x05\x06", b"PK\x00\x00", b"PK\x07\x08")):
        return Unreadable(f"The file is an empty or divided zip archive. {REPAIR}")
    return NotAWorkbook("The file is not a workbook, whatever its name says. Save it as .xlsx in Excel.")


def _ending(raw: bytes) -> tuple[int, int, int, int]:
    """Number of entries, size and start of the directory, and where it must end."""
    at = raw.rfind(b"PK\x05\x06", max(0, len(raw) - END.size - 0xFFFF))
    if at < 0:
        raise Unreadable(_BROKEN_OFF)
    _, disk, start_disk, here, count, size, start, comment = END.unpack_from(raw, at)
    if at + END.size + comment != len(raw):
        raise Unreadable(f"The file does not end where it says it ends. {REPAIR}")
    end = at
    locator = at - LOCATOR64.size
    if locator >= 0 and raw.startswith(b"PK\x06\x07", locator):
        _, disk64, end, disks = LOCATOR64.unpack_from(raw, locator)
        sign, record, _, _, disk, start_disk, here, count, size, start = END64.unpack_from(raw, end)
        if sign != b"PK\x06\x06" or end + 12 + record != locator or disk64 or disks != 1:
            raise Unreadable(f"The file's directory contradicts itself. {REPAIR}")
    if disk or start_disk or here != count:
        raise Unreadable("The file is one part of an archive divided over several disks. Save it as one file.")
    if start + size != end:
        raise Unreadable(f"The file's directory is not where the file says it is. {REPAIR}")
    return count, size, start, end


def _entries(raw: bytes, count: int, start: int, end: int) -> Iterator[Member]:
    at = start
    for _ in range(count):
        (
            sign,
            _,
            _,
            flags,
            method,
            _,
            _,
            crc,
            packed,
            size,
            name_size,
            extra_size,
            comment_size,
            disk,
            _,
            _,
            offset,
        ) = ENTRY.unpack_from(raw, at)
        named = at + ENTRY.size
        after = named + name_size + extra_size + comment_size
        if sign != b"PK\x01\x02" or after > end:
            raise Unreadable(_BROKEN_OFF)
        spelled = raw[named : named + name_size]
        name = _name(spelled, flags)
        if NONE32 in (packed, size, offset):
            extra = raw[named + name_size : named + name_size + extra_size]
            size, packed, offset = zip64_sizes(extra, size, packed, offset)
        if flags & _ENCRYPTED:
            raise Protected(f"The part {name} is encrypted. Save the workbook without a password.")
        if method not in (STORED, DEFLATED) or disk:
            raise Unreadable(f"The part {name} is packed by method {method}, which no workbook uses. {REPAIR}")
        data = _data_start(raw, offset, spelled, flags, method, crc, packed, size)
        yield Member(name, method, crc, packed, size, offset, data, raw[at:after])
        at = after
    if at != end:
        raise Unreadable(f"The file's directory is longer than it says. {REPAIR}")


def _data_start(
    raw: bytes, offset: int, spelled: bytes, flags: int, method: int, crc: int, packed: int, size: int
) -> int:
    """Where the packed bytes begin, the member's own header having said what the directory says."""
    head = LOCAL.unpack_from(raw, offset)
    named = offset + LOCAL.size
    data = named + head[9] + head[10]
    same = head[0] == b"PK\x03\x04" and raw[named : named + head[9]] == spelled
    same = same and head[3] == method and not head[2] & _ENCRYPTED
    if same and not flags & DESCRIPTOR:
        local_size, local_packed = head[8], head[7]
        if NONE32 in (local_size, local_packed):
            extra = raw[named + head[9] : data]
            local_size, local_packed, _ = zip64_sizes(extra, local_size, local_packed, 0)
        same = (head[6], local_packed, local_size) == (crc, packed, size)
    if not same:
        raise Unreadable(f"The part {spelled.decode('ascii', 'replace')} contradicts the file's directory. {REPAIR}")
    return data


def _name(spelled: bytes, flags: int) -> str:
    try:
        name = spelled.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        raise Unreadable(f"The file holds a part whose name cannot be read. {REPAIR}") from None
    steps = name.removesuffix("/").split("/")
    if not name.isprintable() or "\\" in name or ":" in steps[0] or not {"", ".", ".."}.isdisjoint(steps):
        raise Unreadable(f"The file holds a part with the name {name[:80]!r}, which no workbook has. {REPAIR}")
    return name


def zip64_sizes(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Size, packed size and offset, those that are all ones taken from the zip64 extra field."""
    for kind, content, _ in extra_fields(extra):
        if kind == _ZIP64:
            found = list(struct.unpack_from(f"<{len(content) // 8}Q", content))
            numbers = [found.pop(0) if number == NONE32 and found else number for number in (size, packed, offset)]
            return numbers[0], numbers[1], numbers[2]
    return size, packed, offset


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Kind, content and whole spelling of each extra field; a rest that is none has kind −1."""
    at = 0
    while at < len(extra):
        kind, length = struct.unpack_from("<2H", extra, at) if at + 4 <= len(extra) else (-1, 0)
        after = at + 4 + length
        if kind < 0 or after > len(extra):
            yield -1, b"", extra[at:]
            return
        yield kind, extra[at + 4 : after], extra[at:after]
        at = after


def without_zip64(extra: bytes) -> bytes:
    """The extra fields without the one for zip64."""
    return b"".join(whole for kind, _, whole in extra_fields(extra) if kind != _ZIP64)


def moved(entry: bytes, offset: int) -> bytes:
    """A directory record whose member now begins at `offset`, nothing else in it changed."""
    fields = ENTRY.unpack_from(entry)
    if fields[16] != NONE32:
        return entry[: ENTRY.size - 4] + struct.pack("<L", offset) + entry[ENTRY.size :]
    name_end = ENTRY.size + fields[10]
    before = b""
    for kind, content, whole in extra_fields(entry[name_end : name_end + fields[11]]):
        if kind == _ZIP64:
            at = name_end + len(before) + 4 + 8 * ((fields[9] == NONE32) + (fields[8] == NONE32))
            if at + 8 <= name_end + len(before) + 4 + len(content):
                return entry[:at] + struct.pack("<Q", offset) + entry[at + 8 :]
        before += whole
    return entry[: ENTRY.size - 4] + struct.pack("<L", offset) + entry[ENTRY.size :]


def moved_end(ending: bytes, start: int, size: int) -> bytes:
    """What follows the directory, the directory now beginning at `start` with `size` bytes."""
    at = 0
    if ending.startswith(b"PK\x06\x06"):
        fields = END64.unpack_from(ending)
        locator = 12 + fields[1]
        at = locator + LOCATOR64.size
        where = LOCATOR64.unpack_from(ending, locator)
        ending = (
            END64.pack(*fields[:8], size, start)
            + ending[END64.size : locator]
            + LOCATOR64.pack(*where[:2], start + size, where[3])
            + ending[at:]
        )
    fields = END.unpack_from(ending, at)
    numbers = [new if old != NONE32 else old for old, new in zip(fields[5:7], (size, start), strict=True)]
    return ending[:at] + END.pack(*fields[:5], *numbers, fields[7]) + ending[at + END.size :]


def _check_sizes(members: list[Member], packed: int, limits: Limits) -> None:
    unpacked = sum(member.size for member in members)
    if unpacked > limits.unpacked:
        raise too_large(f"unpacks to {unpacked:,} bytes", f"{limits.unpacked:,}")
    if unpacked > limits.ratio * packed:
        raise too_large(f"unpacks to {unpacked // packed:,} times its size", f"{limits.ratio} times")
    for member in members:
        if member.size > max(limits.small, limits.ratio * member.packed):
            raise too_large(
                f"holds a part, {member.name}, of {member.size:,} bytes in {member.packed:,}", f"{limits.ratio} times"
            )


def _check_layout(members: list[Member], start: int) -> None:
    reached = 0
    for member in sorted(members, key=lambda member: member.offset):
        if member.offset < reached:
            raise Unreadable(f"The part {member.name} overlaps another one. {REPAIR}")
        reached = member.data + member.packed
    if reached > start:
        raise Unreadable(f"The file's parts overlap its directory. {REPAIR}")


def _by_name(members: list[Member]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    lower: set[str] = set()
    for member in members:
        if member.name.lower() in lower:
            raise Unreadable(f"The file holds two parts with the name {member.name}. {REPAIR}")
        lower.add(member.name.lower())
        found[member.name] = member
    return found
