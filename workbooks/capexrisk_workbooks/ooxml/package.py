"""A workbook's zip package: parts unpacked when asked for, and rewritten so that untouched ones keep every byte."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from capexrisk_workbooks.ooxml.directory import (
    DEFLATED,
    DESCRIPTOR,
    ENTRY,
    LOCAL,
    REPAIR,
    STORED,
    Directory,
    Limits,
    Member,
    moved,
    moved_end,
    read_directory,
    without_zip64,
)
from capexrisk_workbooks.ooxml.replace import Original
from capexrisk_workbooks.ooxml.unusable import Signed, Unreadable

try:
    from isal import isal_zlib as deflating

    _LEVEL = 2
except ImportError:
    deflating = zlib
    _LEVEL = 6

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Package:
    """A zip package in memory. `original` is the file it was read from, None when it was read from bytes."""

    raw: bytes = field(repr=False)
    directory: Directory = field(repr=False)
    original: Original | None = None

    @classmethod
    def read(cls, source: str | Path | bytes, limits: Limits = DEFAULT_LIMITS) -> "Package":
        """The package in a file or in bytes; raises a subclass of UnusableFile when it is not sound."""
        original = None if isinstance(source, bytes) else Original.read(source, limits.file)
        raw = source if isinstance(source, bytes) else original.data  # type: ignore[union-attr]
        return cls(raw, read_directory(raw, limits), original)

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names in the order of the directory."""
        return tuple(self.directory.members)

    def __contains__(self, name: str) -> bool:
        return name in self.directory.members

    def crc(self, name: str) -> int:
        """The checksum of a member's content, as the directory has it; equal contents have equal ones."""
        return self.directory.members[name].crc

    def size(self, name: str) -> int:
        """The number of bytes that a member unpacks to."""
        return self.directory.members[name].size

    @property
    def unpacked(self) -> int:
        """The number of bytes that all members unpack to."""
        return sum(member.size for member in self.directory.members.values())

    @property
    def signed(self) -> bool:
        """Whether the package carries a digital signature over its parts."""
        return any(name.lower().startswith("_xmlsignatures/") for name in self.directory.members)

    def data(self, name: str) -> bytes:
        """A member's content. KeyError for a name that is not there, Unreadable when it does not unpack to itself."""
        member = self.directory.members[name]
        content = self.raw[member.data : member.data + member.packed]
        if member.method != STORED:
            content = _inflated(content, member)
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            raise Unreadable(f"The part {name} is damaged: its checksum is wrong. {REPAIR}")
        return content

    def rewritten(self, changes: Mapping[str, bytes], even_signed: bool = False) -> bytes:
        """The package with the contents of some members replaced, and every other member as it was, byte for byte.

        `changes` maps names of members to new contents; KeyError for a name that is not there. Order, comments, dates,
        attributes and extra fields stay; of a changed member only sizes and checksum change (a data descriptor and
        zip64 sizes, being a spelling of these, go). No changes give the identical bytes object. Raises Signed when the
        package carries a signature, unless `even_signed`.
        """
        for name in changes:
            if name not in self.directory.members:
                raise KeyError(f"The package has no part {name!r}.")
        if not changes:
            return self.raw
        if self.signed and not even_signed:
            raise Signed("The workbook is digitally signed; writing into it would break the signature.")
        raw, (members, start, end) = self.raw, self.directory
        by_offset = sorted(members.values(), key=lambda member: member.offset)
        follows = [*(member.offset for member in by_offset[1:]), start]
        pieces, length = [raw[: by_offset[0].offset]], by_offset[0].offset
        entries: dict[str, bytes] = {}
        for member, following in zip(by_offset, follows, strict=True):
            if member.name in changes:
                piece, entry = _repacked(raw, member, changes[member.name])
            else:
                piece, entry = raw[member.offset : following], member.entry
            entries[member.name] = moved(entry, length)
            pieces.append(piece)
            length += len(piece)
        listing = b"".join(entries[name] for name in members)
        return b"".join((*pieces, listing, moved_end(raw[end:], length, len(listing))))


def _inflated(packed: bytes, member: Member) -> bytes:
    """The unpacked content, never more of it than the directory promised."""
    unpacker = deflating.decompressobj(-15)
    try:
        content = unpacker.decompress(packed, member.size + 1)
    except (zlib.error, deflating.error):  # pyright: ignore[reportGeneralTypeIssues] (isal's stub)
        raise Unreadable(f"The part {member.name} is damaged: it cannot be unpacked. {REPAIR}") from None
    if len(content) != member.size:
        raise Unreadable(f"The part {member.name} does not have the size that the file says. {REPAIR}")
    return content


def _repacked(raw: bytes, member: Member, content: bytes) -> tuple[bytes, bytes]:
    """Local header with data, and directory record, of a member that has a new content."""
    packed = content
    if member.method == DEFLATED:
        packer = deflating.compressobj(_LEVEL, deflating.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush()
    sizes = (zlib.crc32(content), len(packed), len(content))
    head = LOCAL.unpack_from(raw, member.offset)
    name_end = member.offset + LOCAL.size + head[9]
    extra = without_zip64(raw[name_end : member.data])
    local = LOCAL.pack(*head[:2], head[2] & ~DESCRIPTOR, *head[3:6], *sizes, head[9], len(extra))
    fields, tail = ENTRY.unpack_from(member.entry), member.entry[ENTRY.size :]
    extra_end = fields[10] + fields[11]
    entry_extra = without_zip64(tail[fields[10] : extra_end])
    entry = ENTRY.pack(
        *fields[:3], fields[3] & ~DESCRIPTOR, *fields[4:7], *sizes, fields[10], len(entry_extra), *fields[12:16], 0
    )
    return (
        b"".join((local, raw[member.offset + LOCAL.size : name_end], extra, packed)),
        b"".join((entry, tail[: fields[10]], entry_extra, tail[extra_end:])),
    )
