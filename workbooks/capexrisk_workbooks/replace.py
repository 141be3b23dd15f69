"""Files read whole and replaced whole: at every moment either the old or the new version, never a piece of one."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from capexrisk_workbooks.unusable import Locked, TooLarge, Unreadable

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed anyway
    fcntl = None

PREFIX, SUFFIX = ".capexrisk-", ".tmp"


class Identity(NamedTuple):
    """What tells a file from a later version of itself."""

    device: int
    inode: int
    size: int
    modified: int  # nanoseconds

    @classmethod
    def of(cls, status: os.stat_result) -> "Identity":
        """The identity in what `os.stat` says."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was read: its bytes, and enough to notice that it has changed since."""

    path: Path  # symbolic links resolved
    data: bytes = field(repr=False)
    identity: Identity

    @classmethod
    def read(cls, path: str | Path, most: int) -> "Original":
        """The file's bytes, at most `most` of them.

        Raises Unreadable when it is missing, no ordinary file or may not be read, TooLarge above `most`, and Locked
        when it changes while it is read.
        """
        try:
            target = Path(path).resolve(strict=True)
            handle = os.open(target, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
            with open(handle, "rb", buffering=0) as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode):
                    raise Unreadable("This is not an ordinary file.")
                if status.st_size > most:
                    raise TooLarge(f"The file has {status.st_size:,} bytes; at most {most:,} are read.")
                data = file.read(status.st_size + 1)
                if len(data) != status.st_size or Identity.of(os.fstat(handle)) != Identity.of(status):
                    raise Locked("The file is being written by another program. Try again later.")
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise _unreadable(error) from None
        return cls(target, data, Identity.of(status))

    @property
    def unchanged(self) -> bool:
        """Whether the file is still the one that was read."""
        try:
            return Identity.of(os.stat(self.path)) == self.identity
        except OSError:
            return False

    def replace(self, data: bytes) -> tuple[str, ...]:
        """Put `data` in the file's place, atomically and durably.

        Owner, group, mode, access list and extended attributes are kept; gives the names of those that could not be
        ("owner", "group", "hard links", or an attribute's name). Raises Locked when the file is no longer the one that
        was read, Unwritable when it is read-only or folder or disk refuse. On any failure the file stays as it was and
        no temporary file remains.
        """
        raise NotImplementedError


def _unreadable(error: Exception) -> Unreadable | Locked:
    if isinstance(error, FileNotFoundError):
        return Unreadable("There is no such file.")
    if getattr(error, "winerror", None) in (32, 33):
        return Locked("The file is open in another program, probably Excel. Close it there and try again.")
    if isinstance(error, PermissionError):
        return Unreadable("You may not read this file. Ask its owner for the right to.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return Unreadable(f"The file cannot be read: {reason}.")
