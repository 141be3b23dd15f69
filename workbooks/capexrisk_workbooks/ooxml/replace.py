"""Files read whole and replaced whole: at every moment either the old or the new version, never a piece of one."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from capexrisk_workbooks.ooxml.unusable import Locked, TooLarge, Unreadable, UnusableFile, Unwritable

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
            target = Path(os.path.realpath(path))
            handle = os.open(target, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
            with open(handle, "rb", buffering=0) as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode):
                    raise Unreadable("This is not an ordinary file.")
                if status.st_size > most:
                    raise TooLarge(f"The file has {status.st_size:,} bytes; at most {most:,} are read.")
                data = file.read(status.st_size + 1)
                if len(data) != status.st_size or Identity.of(os.fstat(handle)) != Identity.of(status):
                    raise Locked("The file is being written by another program. Run again later.")
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
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

        Owner, group, mode, access list and extended attributes are kept; gives the names of those that could not be:
        "owner", "group", "hard links", or an attribute's name. Raises Locked when the file is no longer the one that
        was read, Unwritable when it is read-only or when folder or disk refuse. On any failure the file stays as it
        was and no temporary file remains. Only a change in the microseconds between the last look and the exchange
        goes unnoticed.
        """
        temporary = None
        try:
            status = self._writable()
            handle, temporary = _temporary(self.path.parent)
            try:
                _write(handle, data)
                lost = _dress(handle, temporary, self.path, status)
                os.fsync(handle)
                if fcntl is None:  # Windows exchanges closed files only
                    handle = _closed(handle)
                self._writable()
                os.replace(temporary, self.path)
                temporary = None
            finally:
                _closed(handle)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise _unwritable(error) from None
        finally:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
        return lost

    def _writable(self) -> os.stat_result:
        """What the file is now, provided that it may be replaced."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            raise Locked("The file was moved or deleted while it was being worked on.") from None
        if Identity.of(status) != self.identity:
            raise Locked("The file was changed by another program while it was being worked on. Run again.")
        if not status.st_mode & 0o222 or not os.access(self.path, os.W_OK):
            raise Unwritable("The file is read-only. Allow writing and run again.")
        return status


def create(path: str | Path, data: bytes, *, force: bool = False) -> None:
    """Write a new file, whole or not at all; one that stands there already is left alone unless `force`.

    Raises Unwritable when there is one, or when folder or disk refuse.
    """
    path = Path(path)
    temporary = None
    try:
        if path.exists() and not force:
            raise FileExistsError(errno.EEXIST, "it exists already", str(path))
        handle, temporary = _temporary(path.parent)
        try:
            _write(handle, data)
            if fcntl is not None:
                os.fchmod(handle, 0o666 & ~_umask())  # as an ordinary new file, not as a temporary one
            os.fsync(handle)
        finally:
            _closed(handle)
        os.replace(temporary, path)
        temporary = None
        _sync_folder(path.parent)
    except FileExistsError:
        raise Unwritable(f"{path} exists and is left as it is.") from None
    except OSError as error:
        raise Unwritable(f"{path}: {_unwritable(error)}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def lock_holder(path: str | Path) -> str | None:
    """Who has the workbook open, by the lock file that Excel (~$name) or LibreOffice (.~lock.name#) keeps beside it.

    None when there is no lock file, "somebody" when it does not say. After a crash the lock file stays behind.
    """
    folder, name = os.path.split(path)
    for lock, named in ((f"~${name}", _named_by_excel), (f".~lock.{name}#", _named_by_libreoffice)):
        try:
            with open(os.path.join(folder, lock), "rb") as file:
                return named(file.read(1024)) or "somebody"
        except PermissionError:
            return "somebody"  # on Windows Excel keeps its lock file to itself
        except (OSError, ValueError):
            continue  # there is none, or the name is so long that no program can have made one
    return None


def remove_stale(folder: str | Path) -> list[Path]:
    """Remove the temporary files that killed runs left in a folder, not those of running ones; gives their paths."""
    removed = []
    try:
        found = [entry.path for entry in os.scandir(folder) if is_temporary(entry.name)]
    except OSError:
        return []
    for path in found:
        with contextlib.suppress(OSError):
            if fcntl is None:
                os.unlink(path)
            else:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its writer holds this lock to the end
                    os.unlink(path)
                finally:
                    os.close(handle)
            removed.append(Path(path))
    return removed


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that `Original.replace` makes beside the file it replaces."""
    return name.startswith(PREFIX) and name.endswith(SUFFIX)


def _temporary(folder: Path) -> tuple[int, str]:
    """A new, empty, private file, locked so that `remove_stale` in another run lets it be."""
    while True:
        handle, path = tempfile.mkstemp(SUFFIX, PREFIX, folder)
        if fcntl is None:
            return handle, path
        with contextlib.suppress(OSError):  # some network file systems know no locks; then nothing is removed either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, path
        os.close(handle)  # removed as stale in the instant before it was locked


def _closed(handle: int) -> int:
    """Close a handle once; gives the number that stands for none."""
    if handle >= 0:
        os.close(handle)
    return -1


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _dress(handle: int, temporary: str, path: Path, status: os.stat_result) -> tuple[str, ...]:
    """Give the new file the rights and attributes of the old one; names those that could not be given."""
    lost = ["hard links"] if status.st_nlink > 1 else []
    mode = stat.S_IMODE(status.st_mode)
    if hasattr(os, "fchown"):
        new = os.fstat(handle)
        if new.st_gid != status.st_gid and not _done(os.fchown, handle, -1, status.st_gid):
            lost.append("group")
            mode &= ~0o070 | mode << 3  # another group may do no more than everybody
        if new.st_uid != status.st_uid and not _done(os.fchown, handle, status.st_uid, -1):
            lost.append("owner")
            mode &= 0o777
    if hasattr(os, "listxattr"):
        lost += _copy_attributes(handle, path, "group" in lost)
    os.chmod(temporary, mode)
    return tuple(lost)


def _copy_attributes(handle: int, path: Path, other_group: bool) -> list[str]:
    """Copy extended attributes, of which a POSIX access list is one; drop those that the folder gave the new file."""
    try:
        wanted, given = os.listxattr(path), os.listxattr(handle)
    except OSError:
        return []
    for name in given:
        if name not in wanted:
            _done(os.removexattr, handle, name)

    def copied(name: str) -> bool:
        if other_group and name == _ACCESS_LIST:  # it would let the other group in
            return False
        return _done(lambda: os.setxattr(handle, name, os.getxattr(path, name)))

    return [name for name in wanted if not copied(name)]


_ACCESS_LIST = "system.posix_acl_access"


def _done(action: Callable[..., object], *arguments: object) -> bool:
    try:
        action(*arguments)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make the exchange itself durable, where the system can."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):  # the file is whole either way; some network file systems cannot do this
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _named_by_excel(lock: bytes) -> str:
    return _shown(lock[1 : 1 + lock[0]].decode("cp1252", "replace")) if lock else ""


def _named_by_libreoffice(lock: bytes) -> str:
    return _shown(lock.decode("utf-8", "replace").strip(",").split(",")[0])


def _shown(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable()).strip()[:60]


def _unreadable(error: Exception) -> UnusableFile:
    if getattr(error, "winerror", None) in (32, 33):
        return Locked(_IN_USE)
    if isinstance(error, FileNotFoundError):
        return Unreadable("There is no such file.")
    if isinstance(error, PermissionError):
        return Unreadable("You may not read this file. Ask its owner for the right to.")
    return Unreadable(f"The file cannot be read: {getattr(error, 'strerror', None) or error}.")


def _unwritable(error: OSError) -> UnusableFile:
    if getattr(error, "winerror", None) in (5, 32, 33):  # access denied, sharing and lock violation on Windows
        return Locked(_IN_USE)
    return Unwritable(
        _REFUSALS.get(errno.errorcode.get(error.errno or 0, ""), f"It cannot be written: {error.strerror}.")
    )


_IN_USE = "The file is open in another program, probably Excel. Close it there and run again."
_NO_RIGHT = "You may not put a new version into this folder. Ask its owner for the right to."
_REFUSALS = {
    "ENOSPC": "The disk is full; the file stays as it was. Make room and run again.",
    "EDQUOT": "Your share of the disk is used up; the file stays as it was. Make room and run again.",
    "EROFS": "The disk is read-only.",
    "EACCES": _NO_RIGHT,
    "EPERM": _NO_RIGHT,
    "ENOENT": "The folder is no longer there.",
}
