"""Which files a command is about: folders searched, what cannot be a review left out, each path once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from capexrisk_workbooks.replace import is_temporary

ENDINGS = (".xlsx", ".xlsm")


def find(paths: Iterable[str | Path]) -> Iterator[tuple[Path, bool]]:
    """Give each file once, with whether it was named itself; folders are searched, their files in order of name.

    In folders only .xlsx and .xlsm count; lock files (`~$`), hidden and temporary files are left out. A path that is
    named is given whatever it is.
    """
    seen: set[str] = set()
    for path in map(Path, paths):
        found = _walked(path) if path.is_dir() else [path]
        for file in found:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file, file is path


def _walked(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.startswith((".", "~$")) and not is_temporary(name):
                yield Path(root, name)
