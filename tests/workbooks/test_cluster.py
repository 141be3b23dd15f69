"""A batch on a real Dask scheduler with two real workers on loopback, one of which is killed during the run."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import portfolio_files as files
import pytest

from capexrisk import InputError
from capexrisk.policy import VARIABLE
from capexrisk_workbooks.batch import batch
from capexrisk_workbooks.job import Job

pytest.importorskip("distributed")

TASKS = 24


class Cluster:
    """A scheduler and two workers with a thread each, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self._folder = folder
        quiet = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "3", "DASK_LOGGING__DISTRIBUTED": "error"}
        self._environment = {**os.environ, **quiet}
        self._environment.pop(VARIABLE, None)
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        self.workers = [self._start("worker", self.address, "--nthreads", "1", "--no-dashboard") for _ in range(2)]

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments], cwd=self._folder, env=self._environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def wait(self) -> None:
        from distributed import Client

        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)

    def close(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    try:
        made.wait()
        yield made
    finally:
        made.close()


def stale(folder: Path) -> list[tuple[Path, bool]]:
    good = files.review()
    made = {f"r{at:02}": files.typed(good, "cash", 30.0 + at) for at in range(TASKS)}
    return [
        (path, False) for path in files.write(folder, **made, blank=files.typed(good, "cash", None), bad=good[:999])
    ]


def test_a_cluster_gives_the_same_numbers_and_bytes_even_when_a_worker_is_killed(cluster, tmp_path):
    here, there = stale(tmp_path / "here"), stale(tmp_path / "there")
    local = list(batch(here, Job(), 1))
    remote = []
    for done in batch(there, Job(), cluster=cluster.address):
        remote.append(done)
        if len(remote) == 4:
            os.killpg(cluster.workers[0].pid, signal.SIGKILL)
    assert [Path(done.row["path"]).name for done in remote] == [path.name for path, _ in there]
    for one, two in zip(local, remote, strict=True):
        same = (
            "path",
            "modified",
            "status",
            "changed",
        )  # what the killed worker wrote but did not tell is found written
        assert {key: value for key, value in one.row.items() if key not in same} == {
            key: value for key, value in two.row.items() if key not in same
        }
        assert one.status == two.status or (one.status, two.status) == ("recalculated", "unchanged")
        assert Path(one.row["path"]).read_bytes() == Path(two.row["path"]).read_bytes()
    assert sum(done.status == "recalculated" for done in remote) >= TASKS - 1


def test_workers_of_a_cluster_follow_the_policy_of_whoever_asks(cluster, tmp_path, monkeypatch):
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n[verdicts]\nstrained_cover = 1.3\nsource = "own"\n')
    monkeypatch.setenv(VARIABLE, str(own))
    (path, _), *_ = stale(tmp_path / "r")
    (done,) = batch([(path, True)], Job(), cluster=cluster.address)
    assert done.row["policy"].startswith("Bank X (")


def test_relative_paths_are_found_from_here(cluster, tmp_path, monkeypatch):
    stale(tmp_path / "elsewhere" / "r")
    monkeypatch.chdir(tmp_path / "elsewhere")
    (done,) = batch([(Path("r/r00.xlsx"), True)], Job(), cluster=cluster.address)
    assert (done.row["path"], done.status) == ("r/r00.xlsx", "recalculated")


@pytest.mark.skipif(os.name == "nt", reason="names that are no text")
def test_a_path_is_told_as_it_is_without_a_cluster(cluster, tmp_path):
    (path, _), *_ = stale(tmp_path / "r")
    odd = path.rename(os.fsdecode(os.fsencode(path.parent) + b"/caf\xe9.xlsx"))
    (done,) = batch([(odd, True)], Job(), cluster=cluster.address)
    (here,) = batch([(odd, True)], Job(), 1)
    assert (done.row["path"], done.status) == (here.row["path"], "recalculated")


def test_a_scheduler_that_is_lost_ends_the_run_with_a_sentence(cluster, tmp_path):
    begun = None
    with pytest.raises(InputError, match="is lost"):
        for _ in batch(stale(tmp_path / "r"), Job(), cluster=cluster.address):
            if begun is None:
                begun = time.monotonic()
                os.killpg(cluster.processes[0].pid, signal.SIGKILL)
    assert time.monotonic() - begun < 20


def test_a_file_beyond_its_time_limit_costs_the_cluster_only_itself(cluster, tmp_path):
    """No file can be done within a millisecond, but the first one of a new process is given the time to start it."""
    paths = stale(tmp_path / "r")[:6]
    old = {path: path.read_bytes() for path, _ in paths}
    copies = stale(tmp_path / "copies")[:6]
    new = {path.name: (list(batch([(path, True)], Job(), 1)), path.read_bytes())[1] for path, _ in copies}
    found = list(batch(paths, Job(limit=0.001), cluster=cluster.address))
    ended = {done.status for done in found}
    assert ended <= {"timed_out", "recalculated", "unchanged"}
    assert "timed_out" in ended
    assert "recalculated" in ended
    assert all(path.read_bytes() in (old[path], new[path.name]) for path, _ in paths)
    assert [done.status for done in batch(paths, Job(), cluster=cluster.address) if done.status == "timed_out"] == []


def test_an_address_where_nobody_answers_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be reached"):
        list(batch([(tmp_path / "a.xlsx", True)], Job(), cluster="tcp://127.0.0.1:9"))
    with pytest.raises(InputError, match="cannot be reached"):
        list(batch([(tmp_path / "a.xlsx", True)], Job(), cluster="no address"))


def test_a_scheduler_without_workers_is_a_sentence(tmp_path):
    made = Cluster(tmp_path)
    try:
        made.wait()
        for worker in made.workers:
            os.killpg(worker.pid, signal.SIGKILL)
        time.sleep(2)
        with pytest.raises(InputError, match="has no workers"):
            list(batch([(tmp_path / "a.xlsx", True)], Job(), cluster=made.address))
    finally:
        made.close()
