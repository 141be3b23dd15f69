"""The real server in a process of its own, and a real Chromium that opens its task pane with a stand-in for Excel.

xlwings Server is licensed for noncommercial use here (the key "noncommercial"), which is what these tests are.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import to_excel

from capexrisk_workbooks.blank import make

OFFICE = Path(__file__).parent / "office" / "office.js"
NAMES = ("Inputs", "Customers", "Scenarios", "Questions")


def require(*parts: str) -> None:
    """Skip where a part, "server" or "browser", is not installed; fail instead under CI."""
    lacks = {
        "server": None if find_spec("xlwings_server") else "xlwings Server is not installed (the extra server)",
        "browser": None
        if find_spec("playwright") and chromium()
        else "playwright (the extra test) or Chromium (.ci/system-packages.sh browser) is not installed",
    }
    for why in filter(None, map(lacks.get, parts)):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass
class Server:
    """A running server; `log` is what it has written."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        return self.output.read_text("utf-8")


@contextmanager
def serving(
    *options: str,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    secure: Path | None = None,
) -> Iterator[Server]:
    """Run `capexrisk serve` on a free port of this machine until the block ends.

    It starts in `folder`, an empty one by default; `secure` is the certificate of one that serves HTTPS.
    """
    with tempfile.TemporaryDirectory() as made, open(Path(made, "log"), "wb") as log:
        port = free_port()
        command = [sys.executable, "-m", "capexrisk_addin.cli", "serve", "--noncommercial", "--port", str(port)]
        process = subprocess.Popen(
            [*command, *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder or made,
            env=_joined(environment or {}),
        )
        server = Server(process, port, Path(made, "log"))
        try:
            _wait(server, secure)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _joined(environment: dict[str, str]) -> dict[str, str]:
    paths = [variables["PYTHONPATH"] for variables in (environment, os.environ) if variables.get("PYTHONPATH")]
    return {**os.environ, **environment, "PYTHONPATH": os.pathsep.join(paths)}


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def _wait(server: Server, secure: Path | None) -> None:
    context = ssl.create_default_context(cafile=secure) if secure else None
    health = f"{'https' if secure else 'http'}://localhost:{server.port}/health"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(health, timeout=5, context=context).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if server.process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{server.log}")


def open_workbook(record: object = None) -> dict[str, Any]:
    """A new workbook for this route as the stand-in holds it: the address and values of each name."""
    book = openpyxl.load_workbook(io.BytesIO(make(record, functions="office")), data_only=True)
    names: dict[str, Any] = {}
    for name in (*NAMES, "risk_score"):
        ((sheet, cells),) = book.defined_names[name].destinations
        block = book[sheet][cells.replace("$", "")]
        rows = block if isinstance(block, tuple) else ((block,),)
        names[name] = {
            "address": f"{sheet}!{cells.replace('$', '')}",
            "values": [[_shown(each.value) for each in row] for row in rows],
        }
    return {"name": "Review.xlsx", "names": names}


def _shown(value: Any) -> Any:
    if value is None:
        return ""
    return to_excel(value) if hasattr(value, "year") else value


@dataclass
class Pane:
    """An open task pane: its page, what its console complained of, the addresses it asked for.

    `gone` are those that the browser did not refuse by the page's own policy.
    """

    page: Any
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    @property
    def gone(self) -> list[str]:
        return [address for address in self.asked if address not in self.refused]

    def call(self, name: str, arguments: list[Any]) -> dict[str, Any]:
        """Call a function as a cell would: what it gives, or its error value and what that says."""
        return self.page.evaluate("([name, args]) => tested.call(name, args)", [name, arguments])

    def done(self) -> dict[str, Any]:
        """What the pane did to the workbook."""
        return self.page.evaluate("({ selected: tested.done.selected, calculated: tested.done.calculated })")

    def until(self, expression: str, seconds: float = 10) -> None:
        """Wait until an expression holds; the page's own policy forbids Playwright's way, which evaluates text."""
        limit = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < limit, f"{expression} did not come to hold; the console says {self.complaints}"
            self.page.wait_for_timeout(50)

    def wait(self) -> None:
        """Wait until the pane is at rest."""
        self.page.wait_for_selector('#review[aria-busy="false"]', state="attached", timeout=10_000)


@contextmanager
def browsing() -> Iterator[Any]:
    """A headless Chromium that can reach this machine and nothing else."""
    from playwright.sync_api import sync_playwright

    options = [
        "--no-sandbox",  # tests may run as root, in a container
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_pane(
    browser: Any, url: str, workbook: dict[str, Any] | None, width: int = 320, height: int = 900, stub: bool = True
) -> Iterator[Pane]:
    """The task pane of the server at `url` beside a workbook; without `stub` the real office.js runs, without Excel."""
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=2)
    page = context.new_page()
    pane = Pane(page)
    page.on("console", lambda message: message.type in ("error", "warning") and pane.complaints.append(message.text))
    page.on("pageerror", lambda error: pane.complaints.append(str(error)))
    page.on("request", lambda request: pane.asked.append(request.url))
    page.on("requestfailed", lambda request: "csp" in (request.failure or "").lower() and pane.refused.add(request.url))
    if stub:
        page.route("**/office.js", lambda route: route.fulfill(path=OFFICE, content_type="text/javascript"))
        if workbook is not None:
            page.add_init_script(f"globalThis.openWorkbook = {json.dumps(workbook)};")
    page.goto(f"{url}/taskpane.html")
    if stub:
        pane.wait()
    try:
        yield pane
    finally:
        context.close()
