"""Zip files for tests: sound ones as various programs write them, and their parts as raw bytes."""

import io
import zipfile
from collections.abc import Mapping

TEXT = b"<a>" + b"some text that packs well. " * 40 + b"</a>"


class Unseekable(io.RawIOBase):
    """A stream that cannot go back, so that zipfile writes data descriptors."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.written += bytes(data)  # type: ignore[call-overload]
        return len(memoryview(data))  # type: ignore[arg-type]


def zipped(
    parts: Mapping[str, bytes],
    stored: tuple[str, ...] = (),
    descriptors: bool = False,
    zip64: bool = False,
    comment: bytes = b"",
) -> bytes:
    """The parts as a zip file."""
    stream = Unseekable() if descriptors else io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.comment = comment
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            info.external_attr = 0o640 << 16
            info.comment = f"comment on {name}".encode()
            info.extra = b"\xfe\xca\x03\x00abc"
            with archive.open(info, "w", force_zip64=zip64) as part:
                part.write(content)
    return bytes(stream.written) if isinstance(stream, Unseekable) else stream.getvalue()


def raw_members(data: bytes) -> dict[str, tuple[bytes, bytes]]:
    """For each member the raw bytes from its local header to the next one, and its directory record without offset."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos, start = sorted(archive.infolist(), key=lambda info: info.header_offset), archive.start_dir
    ends = [info.header_offset for info in infos[1:]] + [start]
    local = {info.filename: data[info.header_offset : end] for info, end in zip(infos, ends, strict=True)}
    records: dict[str, bytes] = {}
    at = start
    while data.startswith(b"PK\x01\x02", at):
        lengths = [int.from_bytes(data[at + n : at + n + 2], "little") for n in (28, 30, 32)]
        after = at + 46 + sum(lengths)
        name = data[at + 46 : at + 46 + lengths[0]].decode()
        records[name] = data[at : at + 42] + data[at + 46 : after]
        at = after
    return {name: (local[name], records[name]) for name in records}


def contents(data: bytes) -> dict[str, bytes]:
    """What Python's own zipfile reads, checksums verified."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
