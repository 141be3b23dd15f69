"""Workbooks without the time of their making, so that the same content gives the same bytes."""

from __future__ import annotations

import re
import zipfile
from typing import IO

_EPOCH = (1980, 1, 1, 0, 0, 0)


def undate(old: str | IO[bytes], new: str | IO[bytes]) -> None:
    """Write a package anew with fixed times, member by member, so that a large one needs no memory."""
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            with source.open(name) as content, target.open(entry, "w") as copy:
                if name == "docProps/core.xml":
                    copy.write(re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", content.read()))
                    continue
                while chunk := content.read(1 << 20):
                    copy.write(chunk)
