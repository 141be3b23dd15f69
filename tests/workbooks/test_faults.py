"""Broken disks, careless hands: after each, every workbook is the old or the new version, whole, and somebody says so.

`CAPEXRISK_KILLS=300 pytest tests/workbooks/test_faults.py -k killed` kills as many runs as one likes.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fuzz
import pytest

from capexrisk_workbooks import recalc
from capexrisk_workbooks.ooxml import replace
from capexrisk_workbooks.ooxml.replace import is_temporary
from capexrisk_workbooks.recalc import Outcome, recalculate

KILLS = int(os.environ.get("CAPEXRISK_KILLS", "24"))
OLD = fuzz.stale(fuzz.reviews()[0])
NOBODY = 65534


def portfolio(tmp_path: Path, count: int, *options: str) -> tuple[Path, list[Path], list[str | Path]]:
    """A folder of stale reviews, these, and the command that recalculates them."""
    folder = tmp_path / "reviews"
    folder.mkdir()
    paths = [folder / f"{number}.xlsx" for number in range(count)]
    for path in paths:
        path.write_bytes(OLD)
    command = [sys.executable, "-m", "capexrisk_addin.cli", "recalc", folder, "--ledger", tmp_path / "ledger.sqlite"]
    return folder, paths, [*command, *options]


def wait_until_new(path: Path) -> None:
    """Wait until a review has been recalculated, a minute at most."""
    until = time.monotonic() + 60
    while time.monotonic() < until and path.read_bytes() == OLD:
        time.sleep(0.01)


posix = pytest.mark.skipif(os.name == "nt", reason="rights, signals and links of POSIX")
root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can do this")


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The new version of the review, as a quiet run makes it."""
    path = tmp_path_factory.mktemp("quiet") / "review.xlsx"
    path.write_bytes(OLD)
    assert recalculate(path).status == "recalculated"
    return path.read_bytes()


@pytest.fixture
def review(tmp_path: Path) -> Path:
    path = tmp_path / "review.xlsx"
    path.write_bytes(OLD)
    return path


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may write into, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def program(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "capexrisk_addin.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def as_ordinary_user(action: Callable[[], Outcome]) -> tuple[str, str]:
    """Status and sentence of what somebody without special rights does, in a process of their own."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            outcome = action()
            said = [outcome.status, outcome.sentence]
        except BaseException as error:
            said = ["crash", repr(error)]
        os.write(theirs, json.dumps(said).encode())
        os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with os.fdopen(ours, "rb") as pipe:
        status, sentence = json.loads(pipe.read())
    return status, sentence


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if is_temporary(name)]


# Killed.

WORKER = """
import sys
from pathlib import Path
from capexrisk_workbooks.recalc import recalculate
old = Path(sys.argv[1]).read_bytes()
recalculate(sys.argv[2])  # everything is imported and warm
print("ready", flush=True)
for path in sys.argv[3:]:
    recalculate(path)
"""


@posix
def test_every_workbook_is_whole_whenever_the_process_is_killed(tmp_path: Path, new: bytes):
    dice = random.Random(20261122)
    folder = tmp_path / "reviews"
    seen = {"old": 0, "new": 0, "left": 0}
    source, warm = tmp_path / "old.bin", tmp_path / "warm.xlsx"
    source.write_bytes(OLD)
    for _ in range(KILLS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        paths = [folder / f"{number}.xlsx" for number in range(40)]
        for path in paths:
            path.write_bytes(OLD)
        warm.write_bytes(OLD)
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, source, warm, *paths], stdout=subprocess.PIPE, cwd=tmp_path
        )
        assert process.stdout and process.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        versions = [path.read_bytes() for path in paths]
        assert all(version in (OLD, new) for version in versions)
        seen["new"] += versions.count(new)
        seen["old"] += versions.count(OLD)
        left = leftovers(folder)
        seen["left"] += len(left)
        removed: list[Path] = []
        assert len(list(find_tidily(folder, removed))) == 40
        assert sorted(path.name for path in removed) == sorted(left)
        assert sorted(os.listdir(folder)) == sorted(path.name for path in paths)
    assert seen["new"] and seen["old"], f"killed too early or too late every time: {seen}"


def find_tidily(folder: Path, removed: list[Path]) -> list[Path]:
    from capexrisk_workbooks.files import find

    return [path for path, _ in find([folder], tidy=removed.append)]


@posix
def test_the_next_run_removes_what_a_killed_one_left_and_says_so(review: Path, tmp_path: Path, new: bytes):
    left = tmp_path / f"{replace.PREFIX}abc{replace.SUFFIX}"
    left.write_bytes(OLD[:1000])
    again = program("recalc", tmp_path, "--ledger", tmp_path.parent / "ledger.sqlite", "--workers", 1)
    assert (again.returncode, left.exists()) == (0, False)
    assert f"Removed {left}" in again.stderr
    assert review.read_bytes() == new
    left.write_bytes(b"")
    named = program("recalc", review, "--ledger", tmp_path.parent / "ledger.sqlite", "--workers", 1)
    assert f"Removed {left}" in named.stderr and not left.exists()


@posix
def test_a_dry_run_removes_nothing(review: Path, tmp_path: Path):
    left = tmp_path / f"{replace.PREFIX}abc{replace.SUFFIX}"
    left.write_bytes(b"half")
    assert program("recalc", tmp_path, "--dry-run", "--workers", 1).returncode == 0
    assert left.read_bytes() == b"half"
    assert review.read_bytes() == OLD


@posix
def test_a_batch_whose_whole_tree_is_killed_leaves_whole_files_and_ends_the_next_time(tmp_path: Path, new: bytes):
    folder, paths, command = portfolio(tmp_path, 60, "--workers", "2")
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until_new(paths[3])
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    assert all(path.read_bytes() in (OLD, new) for path in paths)
    again = program(*command[3:])
    assert again.returncode == 0, again.stderr
    assert all(path.read_bytes() == new for path in paths)
    assert leftovers(folder) == []


# Disks and rights.


@posix
@root
def test_a_full_disk_leaves_the_old_version_and_says_so(tmp_path: Path, new: bytes):
    disk = tmp_path / "disk"
    disk.mkdir()
    size = len(OLD) + len(new) // 2
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size // 4096 * 4 + 4}k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        path = disk / "review.xlsx"
        path.write_bytes(OLD)
        outcome = recalculate(path)
        assert (outcome.status, "disk is full" in outcome.sentence) == ("failed", True)
        assert path.read_bytes() == OLD
        assert os.listdir(disk) == ["review.xlsx"]
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        assert recalculate(path).status == "recalculated"
        assert path.read_bytes() == new
    finally:
        subprocess.run(["umount", disk], check=True)


@posix
@root
def test_a_disk_that_is_mounted_read_only_says_so(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        (disk / "review.xlsx").write_bytes(OLD)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        outcome = recalculate(disk / "review.xlsx")
        assert outcome.status == "failed" and "read-only" in outcome.sentence
    finally:
        subprocess.run(["umount", disk], check=True)


@posix
def test_a_read_only_file_is_left_alone(open_folder: Path):
    path = open_folder / "review.xlsx"
    path.write_bytes(OLD)
    path.chmod(0o444)
    status, sentence = as_ordinary_user(lambda: recalculate(path))
    assert status == "failed" and "read-only" in sentence
    assert path.read_bytes() == OLD and os.listdir(open_folder) == ["review.xlsx"]


@posix
def test_a_read_only_folder_is_left_alone(open_folder: Path):
    path = open_folder / "review.xlsx"
    path.write_bytes(OLD)
    path.chmod(0o666)
    open_folder.chmod(0o555)
    status, sentence = as_ordinary_user(lambda: recalculate(path))
    open_folder.chmod(0o777)
    assert status == "failed" and "folder" in sentence
    assert path.read_bytes() == OLD and os.listdir(open_folder) == ["review.xlsx"]


@posix
def test_a_file_that_may_not_be_read_is_unreadable(open_folder: Path):
    path = open_folder / "review.xlsx"
    path.write_bytes(OLD)
    path.chmod(0)
    status, sentence = as_ordinary_user(lambda: recalculate(path))
    assert status == "unreadable" and "may not read" in sentence
    path.chmod(0o600)
    assert path.read_bytes() == OLD


@posix
@root
def test_owner_group_mode_and_access_list_survive(review: Path, new: bytes):
    os.chown(review, 12345, 23456)
    review.chmod(0o640)
    entries = [(1, 6, 2**32 - 1), (2, 4, 4242), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1)]
    access = struct.pack("<L", 2) + b"".join(struct.pack("<HHL", *entry) for entry in entries)
    listed = True
    try:
        os.setxattr(review, "system.posix_acl_access", access)
        os.setxattr(review, "user.origin", b"desk 7")
    except OSError:
        listed = False
    before = review.stat()
    outcome = recalculate(review)
    assert (outcome.status, outcome.sentence) == ("recalculated", "")
    after = review.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (12345, 23456, before.st_mode)
    assert review.read_bytes() == new
    if not listed:
        pytest.skip("this disk keeps no access lists; owner, group and mode survived")
    assert os.getxattr(review, "system.posix_acl_access") == access
    assert os.getxattr(review, "user.origin") == b"desk 7"


@posix
@root
def test_an_owner_that_could_not_be_kept_is_named(open_folder: Path):
    path = open_folder / "review.xlsx"
    path.write_bytes(OLD)
    path.chmod(0o666)
    status, sentence = as_ordinary_user(lambda: recalculate(path))
    assert status == "recalculated"
    assert "could not keep its" in sentence and "owner" in sentence


# Others at work.


@pytest.mark.parametrize("lock", ["~$review.xlsx", ".~lock.review.xlsx#"])
def test_a_workbook_that_somebody_has_open_is_left_alone(lock: str, review: Path):
    review.with_name(lock).write_bytes(b"\x03Ann" + bytes(161) if lock.startswith("~$") else b",Ann,host,,;")
    outcome = recalculate(review)
    assert outcome.status == "locked" and "Ann" in outcome.sentence
    assert review.read_bytes() == OLD
    review.with_name(lock).unlink()
    assert recalculate(review).status == "recalculated"


@pytest.mark.parametrize("how", ["replaced", "written into", "deleted", "opened"])
def test_a_file_that_changes_while_it_is_worked_on_is_left_to_the_other(how: str, review: Path, monkeypatch):
    other = fuzz.with_user_formulas(OLD)
    real = recalc.recalculated

    def meanwhile(*arguments, **options):
        done = real(*arguments, **options)
        if how == "replaced":
            (review.parent / "other").write_bytes(other)
            os.replace(review.parent / "other", review)
        elif how == "written into":
            review.write_bytes(other)
        elif how == "deleted":
            review.unlink()
        else:
            review.with_name("~$review.xlsx").write_bytes(b"\x03Ann" + bytes(161))
        return done

    monkeypatch.setattr(recalc, "recalculated", meanwhile)
    outcome = recalculate(review)
    assert outcome.status == "locked"
    assert outcome.sentence.endswith(".")
    assert not leftovers(review.parent)
    if how == "deleted":
        assert not review.exists()
    else:
        assert review.read_bytes() == (OLD if how == "opened" else other)


@posix
def test_two_batches_at_once_on_one_folder_end_with_every_file_new(tmp_path: Path, new: bytes):
    folder, paths, command = portfolio(tmp_path, 25, "--workers", "2", "--json")
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [run.communicate()[0] for run in runs]
    statuses = [{item["status"] for item in json.loads(text)["files"]} for text in told]
    assert all(found <= {"recalculated", "unchanged", "locked"} for found in statuses)
    assert all(path.read_bytes() == new for path in paths)
    assert sorted(os.listdir(folder)) == sorted(path.name for path in paths)


@posix
def test_a_clock_that_goes_backwards_harms_nothing(review: Path, tmp_path: Path, new: bytes):
    ledger = tmp_path / "ledger.sqlite"
    future = time.time() + 10 * 365 * 86400
    os.utime(review, (future, future))
    first = program("recalc", review, "--ledger", ledger, "--workers", 1)
    assert first.returncode == 0 and review.read_bytes() == new
    review.write_bytes(OLD)
    os.utime(review, (1, 1))  # written later, and yet older than what was recalculated
    again = program("recalc", review, "--ledger", ledger, "--workers", 1)
    assert again.returncode == 0 and review.read_bytes() == new


def test_a_clock_that_jumps_back_within_a_run_harms_nothing(review: Path, new: bytes, monkeypatch: pytest.MonkeyPatch):
    moments = iter(range(2_000_000_000, 0, -1_000_000))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))
    assert recalculate(review).status == "recalculated"
    assert review.read_bytes() == new


# Paths.


@posix
def test_the_target_of_a_symbolic_link_is_replaced_and_not_the_link(review: Path, tmp_path: Path, new: bytes):
    link = tmp_path / "links" / "this quarter.xlsx"
    link.parent.mkdir()
    link.symlink_to(review)
    assert recalculate(link).status == "recalculated"
    assert link.is_symlink() and os.readlink(link) == str(review)
    assert review.read_bytes() == new and not review.is_symlink()
    assert os.listdir(link.parent) == ["this quarter.xlsx"]


NAMES = [
    "Prüfung Größe é 見直し (1) – final.xlsx",
    "  leading and trailing  .xlsx",
    "a" * 245 + ".xlsx",
    "é" * 122 + ".xlsx",
    "line\nbreak.xlsx",
    "-rf.xlsx",
    "percent%20 $HOME `id` ; & | ' \".xlsx",
]


@posix
@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:20]))
def test_a_file_of_any_name_is_done(name: str, tmp_path: Path, new: bytes):
    path = tmp_path / name
    path.write_bytes(OLD)
    outcome = recalculate(path)
    assert outcome.status == "recalculated", outcome.sentence
    assert path.read_bytes() == new
    assert os.listdir(tmp_path) == [name]


@posix
def test_a_name_that_is_no_text_is_done_and_told(tmp_path: Path, new: bytes):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.xlsx")
    try:
        Path(os.fsdecode(path)).write_bytes(OLD)
    except OSError:
        pytest.skip("this disk takes no such name")
    table = tmp_path / "out" / "results.csv"
    table.parent.mkdir()
    extra = ("--results", table, "--summary", table.with_suffix(".xlsx"), "--ledger", table.with_suffix(".sqlite"))
    for options in ((), ("--json",)):
        run = program("recalc", tmp_path, "--workers", 1, *extra, *options)
        assert run.returncode == 0, run.stderr
        assert "Traceback" not in run.stderr
    assert Path(os.fsdecode(path)).read_bytes() == new


@posix
def test_a_path_of_folders_with_250_characters_is_done(tmp_path: Path, new: bytes):
    folder = tmp_path / ("Größe " * 10).strip() / ("ordner mit leerzeichen " * 8).strip()
    folder.mkdir(parents=True)
    path = folder / "review.xlsx"
    path.write_bytes(OLD)
    assert len(str(path)) > 250
    assert recalculate(path).status == "recalculated"
    assert path.read_bytes() == new


@posix
@pytest.mark.parametrize("made", ["missing", "folder", "pipe", "circle", "zero", "device"])
def test_what_is_no_file_has_a_status_too(made: str, tmp_path: Path):
    path = tmp_path / "review.xlsx"
    if made == "folder":
        path.mkdir()
    elif made == "pipe":
        os.mkfifo(path)
    elif made == "circle":
        path.symlink_to(path)
    elif made == "zero":
        path = Path("a\0b.xlsx")
    elif made == "device":
        path = Path("/dev/zero")
    outcome = recalculate(path)
    assert outcome.status == "unreadable" and outcome.sentence.endswith(".")


@posix
def test_a_backup_folder_that_cannot_be_written_leaves_the_old_version(review: Path, tmp_path: Path):
    (tmp_path / "backup").write_bytes(b"a file stands here")
    outcome = recalculate(review, backup=tmp_path / "backup")
    assert outcome.status == "failed" and "backup" in outcome.sentence
    assert review.read_bytes() == OLD


@posix
def test_ctrl_c_ends_a_batch_with_whole_files_and_a_sentence(tmp_path: Path, new: bytes):
    folder, paths, command = portfolio(tmp_path, 80, "--workers", "1")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until_new(paths[0])
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    errors = process.communicate()[1]
    assert "Traceback" not in errors
    assert all(path.read_bytes() in (OLD, new) for path in paths)
    assert leftovers(folder) == []
