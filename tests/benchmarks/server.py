"""What the server add-in gives: calls a second in process and over HTTP, and what a team of fifty needs.

    python tests/benchmarks/server.py [SECONDS]

xlwings Server is licensed for noncommercial use here (the key "noncommercial"). The client that asks runs on the same
machine and takes its share of it. "One review" is the same ranges again and again, "fifty" those of as many workbooks
in turn, so that the server has to find, or compute, another review for each call.
"""

import asyncio
import io
import json
import os
import re
import socket
import statistics
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import IO, Any

sys.path.append(str(Path(__file__).parents[1]))

from review_ranges import REVIEW, ranges
from web import serving

from capexrisk_addin.server import hosting
from capexrisk_workbooks.blank import template_bytes

TEAM = 50
PAUSE = 10
"""Seconds between two figures that somebody types who is filling in a review."""
ROUNDS = 3
CONNECTIONS = 6
"""How many a browser opens to one server."""
FUNCTIONS = {"CAPEX_SCORE": 4, "CAPEX_STRESS": 3}
"""A scalar function and a table, with how many of the four ranges each takes."""


def calls(name: str, reviews: int) -> list[bytes]:
    """The bodies of one call for each of so many reviews, as Excel sends them."""
    made: list[bytes] = []
    for at in range(reviews):
        review = {**REVIEW, "inputs": {**REVIEW["inputs"], "cash": 700.0 + at}}
        sent = [[["" if cell is None else cell for cell in row] for row in cells] for cells in ranges(review)]
        data = {"func_name": name, "args": sent[: FUNCTIONS[name]], "client": "Office.js", "runtime": "1.4"}
        made.append(json.dumps(data).encode())
    return made


def in_process(bodies: list[bytes], seconds: float) -> float:
    """Calls a second through xlwings' own code, without a network."""
    import xlwings
    from xlwings.server import custom_functions_call

    from capexrisk_udfs import registration

    asked = [{**json.loads(body), "version": xlwings.__version__} for body in bodies]

    async def ask(at: int) -> None:
        await custom_functions_call(dict(asked[at % len(asked)]), registration)

    async def run() -> float:
        return await _timed(ask, seconds)

    return asyncio.run(run())


async def _timed(ask: Callable[[int], Any], seconds: float) -> float:
    for at in range(60):
        await ask(at)
    start, count = perf_counter(), 0
    while perf_counter() - start < seconds:
        await ask(count)
        count += 1
    return count / (perf_counter() - start)


def over_http(port: int, bodies: list[bytes], seconds: float) -> float:
    """Calls a second over HTTP, each connection asking again as soon as it is answered."""
    counts = [0] * CONNECTIONS
    begin = threading.Barrier(CONNECTIONS + 1)

    head = "POST /xlwings/custom-functions-call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    requests = [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]

    def ask(which: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
            for at in range(20):
                _ask(connection, answers, requests[at % len(requests)])
            begin.wait()
            until = perf_counter() + seconds
            while perf_counter() < until:
                _ask(connection, answers, requests[(which * 8 + counts[which]) % len(requests)])
                counts[which] += 1

    threads = [threading.Thread(target=ask, args=(which,)) for which in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    begin.wait()
    start = perf_counter()
    for thread in threads:
        thread.join()
    return sum(counts) / (perf_counter() - start)


def _ask(connection: socket.socket, answers: IO[bytes], request: bytes) -> None:
    """Ask and read the answer, with little work on this side, which takes its share of the machine."""
    connection.sendall(request)
    assert b" 200 " in answers.readline()
    length = 0
    while (line := answers.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    assert len(answers.read(length)) == length > 0


def calls_of_a_workbook() -> int:
    """How many calls a new workbook makes when one of its inputs changes."""
    packed = zipfile.ZipFile(io.BytesIO(template_bytes(REVIEW, functions="office")))
    sheets = [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/sheet")]
    return sum(len(re.findall(rb"CAPEX_[A-Z_]+\([^)]", sheet)) for sheet in sheets)


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    os.environ["XLWINGS_LICENSE_KEY"] = "noncommercial"
    hosting.prepare()
    from capexrisk_addin.server.application import REMEMBERED
    from capexrisk_udfs import runs

    runs.keep(REMEMBERED)
    print(
        f"{'calls a second':34}" + "".join(f"{name:>14} {which:8}" for name in FUNCTIONS for which in ("one", "fifty"))
    )
    bodies = {(name, count): calls(name, count) for name in FUNCTIONS for count in (1, TEAM)}
    _print("in process", [in_process(each, seconds) for each in bodies.values()])
    rounds: dict[int, list[list[float]]] = {1: [], 2: []}
    with serving() as single, serving("--workers", "2") as double:
        for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on both
            for workers, server in ((1, single), (2, double)):
                rounds[workers].append([over_http(server.port, each, seconds) for each in bodies.values()])
    best: list[float] = []
    for workers, measured in rounds.items():
        medians = [statistics.median(column) for column in zip(*measured, strict=True)]
        _print(f"over HTTP, {workers} worker{'s' * (workers > 1)}", medians)
        best = max(best, medians)
    one = calls_of_a_workbook()
    need = TEAM * one / PAUSE
    print(f"\nA workbook makes {one} calls when an input changes.")
    print(f"A team of {TEAM}, all typing a figure every {PAUSE} seconds: {need:,.0f} calls a second.")
    print(f"That is {need / best[1]:.0%} of what this machine gave for {TEAM} reviews, its client included.")
    print(f"One workbook alone is recalculated in {one / best[0]:.2f} s.")
    print(f"{os.cpu_count()} cores; load while measuring: {os.getloadavg()[0]:.1f}")


def _print(what: str, figures: list[float]) -> None:
    print(f"{what:34}" + "".join(f"{figure:>14,.0f} {'':8}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
