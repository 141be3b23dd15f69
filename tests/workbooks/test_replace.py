"""A file is replaced whole or not at all, keeps its rights, and nothing is left lying beside it."""

import errno
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from capexrisk_workbooks.ooxml import replace
from capexrisk_workbooks.ooxml.replace import Original, is_temporary, lock_holder, remove_stale
from capexrisk_workbooks.ooxml.unusable import Locked, TooLarge, Unreadable, UnusableFile, Unwritable

OLD, NEW = b"old" * 1000, b"new" * 2000
NOBODY = 2**32 - 1
posix = pytest.mark.skipif(os.name == "nt", reason="rights and locks of POSIX")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Ünïcode review (1).xlsx"
    path.write_bytes(OLD)
    return path


@pytest.fixture
def shared_file() -> Iterator[Path]:
    """A file that everybody may reach, which those in pytest's own folders are not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        path = Path(folder) / "review.xlsx"
        path.write_bytes(OLD)
        yield path


def read(path: Path) -> Original:
    return Original.read(path, 10_000)


def as_ordinary_user(action: Callable[[], object]) -> str:
    """What the action raises when somebody without special rights does it; empty when it does not."""
    if os.name == "nt" or os.geteuid() != 0:
        return _raised(action)
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        os.write(theirs, _raised(action).encode())
        os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with os.fdopen(ours, "rb") as pipe:
        return pipe.read().decode()


def _raised(action: Callable[[], object]) -> str:
    try:
        action()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def test_a_file_is_read_and_replaced(file: Path):
    original = read(file)
    assert (original.data, original.unchanged) == (OLD, True)
    assert original.replace(NEW) == ()
    assert file.read_bytes() == NEW
    assert not original.unchanged
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_names_of_250_characters_are_replaced(tmp_path: Path):
    path = tmp_path / ("n" * 245 + ".xlsx")
    path.write_bytes(OLD)
    read(path).replace(NEW)
    assert path.read_bytes() == NEW


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777, 0o2664])
def test_mode_owner_and_group_survive(file: Path, mode: int):
    owner = (12_345, 23_456) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(file, *owner)
    file.chmod(mode)
    assert read(file).replace(NEW) == ()
    status = file.stat()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, *owner)


@posix
def test_extended_attributes_and_access_list_survive(file: Path):
    # version, then owner, user 1234, group, mask and others: tag, rights, id
    entries = [(1, 6, NOBODY), (2, 4, 1234), (4, 4, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY)]
    access = struct.pack("<L", 2) + b"".join(struct.pack("<HHL", *entry) for entry in entries)
    try:
        os.setxattr(file, "user.label", b"internal")
        os.setxattr(file, "system.posix_acl_access", access)
    except OSError:
        pytest.skip("this file system keeps no attributes")
    assert read(file).replace(NEW) == ()
    assert os.getxattr(file, "user.label") == b"internal"
    assert os.getxattr(file, "system.posix_acl_access") == access


@posix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() != 0, reason="only root has a file that is not this user's")
def test_what_cannot_be_kept_is_named_and_no_group_gains_rights(shared_file: Path):
    os.chown(shared_file, 0, 0)
    shared_file.chmod(0o676)

    def tell() -> None:
        raise UserWarning(read(shared_file).replace(NEW))

    assert as_ordinary_user(tell) == "UserWarning: ('group', 'owner')"
    assert shared_file.stat().st_mode & 0o777 == 0o666
    assert shared_file.read_bytes() == NEW


def test_the_target_of_a_symbolic_link_is_replaced_not_the_link(file: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.xlsx"
    link.symlink_to(file)
    read(link).replace(NEW)
    assert link.is_symlink()
    assert file.read_bytes() == NEW
    assert [entry.name for entry in link.parent.iterdir()] == ["link.xlsx"]


def test_hard_links_are_named_as_lost(file: Path, tmp_path: Path):
    os.link(file, tmp_path / "second.xlsx")
    assert read(file).replace(NEW) == ("hard links",)
    assert (tmp_path / "second.xlsx").read_bytes() == OLD


# Refusals: the file stays, nothing lies beside it.


def touched_by_another(path: Path) -> None:
    path.write_bytes(OLD)
    os.utime(path, ns=(1, 1))


def swapped(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(OLD)
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [touched_by_another, swapped, lambda path: path.write_bytes(OLD + b"!")])
def test_a_file_that_changed_since_it_was_read_is_left_alone(file: Path, change: Callable[[Path], object]):
    original = read(file)
    change(file)
    before = file.read_bytes()
    assert not original.unchanged
    with pytest.raises(Locked, match="changed by another program"):
        original.replace(NEW)
    assert file.read_bytes() == before
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_change_while_the_new_version_is_written_is_noticed(file: Path, monkeypatch: pytest.MonkeyPatch):
    original = read(file)
    written = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (written(handle), touched_by_another(file)))
    with pytest.raises(Locked):
        original.replace(NEW)
    assert file.read_bytes() == OLD
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_file_that_is_gone_is_not_made_again(file: Path):
    original = read(file)
    file.unlink()
    with pytest.raises(Locked, match="moved or deleted"):
        original.replace(NEW)
    assert list(file.parent.iterdir()) == []


def test_a_read_only_file_is_respected(file: Path):
    file.chmod(0o444)
    with pytest.raises(Unwritable, match="read-only"):
        read(file).replace(NEW)
    assert file.read_bytes() == OLD


@posix
def test_a_folder_that_takes_no_new_file_is_respected(shared_file: Path):
    shared_file.chmod(0o666)
    shared_file.parent.chmod(0o555)
    told = as_ordinary_user(lambda: read(shared_file).replace(NEW))
    shared_file.parent.chmod(0o777)
    assert told == "Unwritable: You may not put a new version into this folder. Ask its owner for the right to."
    assert shared_file.read_bytes() == OLD
    assert [entry.name for entry in shared_file.parent.iterdir()] == ["review.xlsx"]


@posix
def test_a_file_that_others_only_read_is_respected_even_in_a_folder_that_takes_files(shared_file: Path):
    shared_file.chmod(0o644)
    if os.geteuid():
        pytest.skip("only root has a file that is not this user's")
    assert as_ordinary_user(lambda: read(shared_file).replace(NEW)).startswith("Unwritable: The file is read-only")
    assert shared_file.read_bytes() == OLD


@pytest.mark.parametrize(
    ("failing", "error", "words"),
    [
        ("write", OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        ("fsync", OSError(errno.EIO, "Input/output error"), "Input/output error"),
        ("replace", OSError(errno.EROFS, "Read-only file system"), "disk is read-only"),
        ("replace", PermissionError(errno.EACCES, "Permission denied"), "may not put a new version"),
    ],
    ids=str,
)
def test_a_failure_at_any_step_leaves_the_old_file_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: OSError, words: str
):
    def fail(*_: object) -> None:
        raise error

    original = read(file)
    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(Unwritable, match=words):
        original.replace(NEW)
    monkeypatch.undo()
    assert file.read_bytes() == OLD
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_an_interruption_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    original = read(file)
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        original.replace(NEW)
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


@posix
def test_a_really_full_disk_leaves_the_old_file(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        path = disk / "review.xlsx"
        path.write_bytes(OLD)
        with pytest.raises(Unwritable, match="disk is full"):
            Original.read(path, 10_000).replace(b"x" * 100_000)
        assert path.read_bytes() == OLD
        assert [entry.name for entry in disk.iterdir()] == ["review.xlsx"]
    finally:
        subprocess.run(["umount", disk], check=True)


def missing(folder: Path) -> Path:
    return folder / "none.xlsx"


def circle(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.xlsx")
    return folder / "pipe.xlsx"


@posix
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (missing, "no such file"),
        (circle, "cannot be read"),
        (pipe, "not an ordinary file"),
        (lambda folder: folder, "ordinary file|cannot be read"),
        (lambda _: Path("/dev/zero"), "not an ordinary file"),
        (lambda _: Path("a\0b"), "cannot be read"),
    ],
)
def test_what_is_no_file_is_unreadable(tmp_path: Path, made: Callable[[Path], Path], words: str):
    with pytest.raises(Unreadable, match=words):
        read(made(tmp_path))


@posix
def test_a_file_that_may_not_be_read_is_unreadable(shared_file: Path):
    shared_file.chmod(0)
    assert as_ordinary_user(lambda: read(shared_file)).startswith("Unreadable: You may not read")


def test_a_file_beyond_the_limit_is_not_read(file: Path):
    with pytest.raises(TooLarge, match="3,000 bytes; at most 2,999"):
        Original.read(file, 2_999)


def test_every_refusal_is_a_sentence(file: Path):
    file.chmod(0o444)
    with pytest.raises(UnusableFile) as caught:
        read(file).replace(NEW)
    assert caught.value.sentence.endswith(".")


# Traces of others.


@posix
def test_temporary_files_of_killed_runs_are_removed_and_those_of_running_ones_are_not(tmp_path: Path):
    handle, running = replace._temporary(tmp_path)
    killed = tmp_path / f"{replace.PREFIX}abc{replace.SUFFIX}"
    killed.write_bytes(b"half")
    (tmp_path / "review.xlsx").write_bytes(OLD)
    assert remove_stale(tmp_path) == [killed]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([Path(running).name, "review.xlsx"])
    os.close(handle)
    assert remove_stale(tmp_path) == [Path(running)]
    assert remove_stale(tmp_path / "nowhere") == []


def test_a_temporary_file_looks_like_no_workbook(tmp_path: Path):
    handle, path = replace._temporary(tmp_path)
    os.close(handle)
    assert is_temporary(Path(path).name)
    assert Path(path).name.startswith(".")
    assert Path(path).suffix not in (".xlsx", ".xlsm")
    assert not is_temporary("review.xlsx")


KILLED = """
import sys
from capexrisk_workbooks.ooxml.replace import Original
versions = [b"old" * 100_000, b"new" * 100_000]
print("ready", flush=True)
for turn in range(10**6):
    Original.read(sys.argv[1], 10**6).replace(versions[turn % 2])
"""


@posix
def test_a_file_is_whole_whenever_the_process_is_killed(tmp_path: Path):
    file = tmp_path / "review.xlsx"
    versions = [b"old" * 100_000, b"new" * 100_000]
    file.write_bytes(versions[0])
    for turn in range(12):
        process = subprocess.Popen([sys.executable, "-c", KILLED, file], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.003 + 0.0017 * turn)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert file.read_bytes() in versions
        remove_stale(tmp_path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["review.xlsx"]


@pytest.mark.parametrize(
    ("name", "content", "holder"),
    [
        ("~$book.xlsx", b"\x08Jane Doe" + b" " * 46 + bytes(111), "Jane Doe"),
        ("~$book.xlsx", b"", "somebody"),
        (".~lock.book.xlsx#", b",jane,host,21.11.2026 10:00,file:///x;", "jane"),
        (".~lock.book.xlsx#", "Jäne Doe,jane,host,,;".encode(), "Jäne Doe"),
        ("~$book.xlsx", b"\x06\x1b[31mX" + bytes(150), "[31mX"),
        ("~$other.xlsx", b"\x04Jane", None),
    ],
)
def test_who_has_a_workbook_open_is_read_from_the_lock_file(
    tmp_path: Path, name: str, content: bytes, holder: str | None
):
    (tmp_path / "book.xlsx").write_bytes(OLD)
    (tmp_path / name).write_bytes(content)
    assert lock_holder(tmp_path / "book.xlsx") == holder
