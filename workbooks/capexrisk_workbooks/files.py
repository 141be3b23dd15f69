"""Which files a command is about: folders searched, what cannot be a review left out, each path once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from capexrisk_workbooks.ooxml.replace import is_temporary, remove_stale

ENDINGS = (".xlsx", ".xlsm")


def find(
    paths: Iterable[str | Path],
    leave_out: Iterable[str | Path] = (),
    tidy: Callable[[Path], object] | None = None,
) -> Iterator[tuple[Path, bool]]:
    """Give each file once, with whether it was named itself; folders are searched, their files in order of name.

    In folders only .xlsx and .xlsm count; lock files (`~$`), hidden and temporary files are left out, and so are the
    files and folders of `leave_out`. A path that is named is given whatever it is, and so is a folder that cannot be
    listed: what becomes of it is then said as of a file. With `tidy`, temporary files that killed runs left in the
    folders, and beside files that are named, are removed on the way, and `tidy` is told each.
    """
    out = {os.path.realpath(path) for path in leave_out}
    seen: set[str] = set()
    tidied: set[Path] = set()
    for path in map(Path, paths):
        if tidy is not None and path.parent not in tidied and not os.path.isdir(path):
            tidied.add(path.parent)
            _tidy(path.parent, tidy)
        found = _walked(path, out, tidy) if os.path.isdir(path) else [path]  # no right to look makes no error
        for file in found:
            real = os.path.realpath(file)
            if real not in seen and (file is path or real not in out):
                seen.add(real)
                yield file, file is path


def count(paths: Iterable[str | Path], leave_out: Iterable[str | Path] = ()) -> int:
    """Count the files that `find` would give, from the names in the folders alone."""
    return sum(1 for _ in find(paths, leave_out))


def _walked(folder: Path, out: set[str], tidy: Callable[[Path], object] | None) -> Iterator[Path]:
    closed: list[str] = []
    for root, folders, names in os.walk(folder, onerror=lambda error: closed.append(error.filename)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if out:
            folders[:] = [name for name in folders if os.path.realpath(os.path.join(root, name)) not in out]
        if tidy is not None and any(map(is_temporary, names)):
            _tidy(root, tidy)
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.startswith((".", "~$")) and not is_temporary(name):
                yield Path(root, name)
    yield from map(Path, closed)


def _tidy(folder: str | Path, tell: Callable[[Path], object]) -> None:
    for path in remove_stale(folder):
        tell(path)
