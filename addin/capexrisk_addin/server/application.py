"""The web application: what Excel loads of xlwings Server's, our functions, the task pane, the manifest, its health.

Only the routes listed here exist. xlwings Server's others (scripts, dialogs, its own manifest) are not reachable.
"""

from __future__ import annotations

import json
import os
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp

from capexrisk import InputError, Policy, Reviews, assess, template
from capexrisk.version import VERSION
from capexrisk_addin.server import hosting, licence, pane, payload
from capexrisk_addin.server.address import VARIABLE, Address
from capexrisk_addin.server.guard import FAILED, Guard
from capexrisk_udfs import FUNCTIONS, CallError, runs

DEFAULT_ADDRESS = "http://localhost:8765"
ANYBODY = {"Access-Control-Allow-Origin": "*"}
"""Excel on the web reads the functions' descriptions from a page of its own; they hold nothing of any review."""

REMEMBERED = 256
"""How many runs of the model are kept: those of the workbooks that a team has open, three each at most."""


def create() -> ASGIApp:
    """Make the application for the address in the environment; raises HostingError where it cannot run."""
    hosting.prepare()
    runs.keep(REMEMBERED)
    address = Address.of(os.environ.get(VARIABLE) or DEFAULT_ADDRESS)
    app = FastAPI(title=hosting.NAME, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(Exception, _failed)
    _add_pages(app, address)
    _add_calls(app)
    _add_xlwings(app)
    return Guard(app, address)


def health() -> tuple[int, dict[str, Any]]:
    """Compute an example, and give the status of the answer with what it says."""
    about: dict[str, Any] = {"tool": VERSION, "template": template.TEMPLATE_VERSION, "functions": len(FUNCTIONS)}
    try:
        policy = Policy.current()
        example = json.loads(files("capexrisk").joinpath("examples.json").read_text("utf-8"))[0]
        result = assess(Reviews.from_records([example]), policy).result(0)
    except InputError as error:
        return 503, {"status": "failing", **about, "error": str(error)}
    if not result.complete:
        return 503, {"status": "failing", **about, "error": "The example review could not be computed."}
    return 200, {"status": "ok", **about, "policy": {"name": policy.name, "hash": policy.hash}}


def _add_pages(app: FastAPI, address: Address) -> None:
    from xlwings_server.config import settings
    from xlwings_server.templates import templates

    about = {
        "address": str(address),
        "secure": address.secure,
        "name": hosting.NAME,
        "licence": licence.SENTENCE,
        "version": VERSION,
        # Excel takes a new manifest for an add-in it knows only when this grows, and stores ask for 1.0 at least.
        "manifest_version": f"1.{VERSION.partition('+')[0]}",
        "entraid": settings.auth_entraid_client_id if "entraid" in (settings.auth_providers or ()) else None,
        "netloc": address.netloc,
    }

    @app.api_route("/", methods=["GET", "HEAD"])
    async def index() -> Response:
        return HTMLResponse(templates.get_template("index.html").render(about, functions=FUNCTIONS.values()))

    @app.api_route("/manifest.xml", methods=["GET", "HEAD"])
    async def manifest() -> Response:
        return Response(templates.get_template("manifest.xml").render(about), media_type="application/xml")

    @app.api_route("/health", methods=["GET", "HEAD"])
    async def healthy() -> Response:
        status, said = health()
        return JSONResponse(said, status)


def _add_calls(app: FastAPI) -> None:
    import xlwings
    from xlwings.server import custom_functions_call
    from xlwings_server.dependencies import get_user

    from capexrisk_udfs import registration

    async def call(request: Request, user: Any) -> dict[str, Any]:
        data = payload.parsed(await request.body())
        name, arguments = payload.call(data)
        asked = {
            "func_name": name,
            "args": arguments,
            "client": "Office.js",
            "version": xlwings.__version__,
            "runtime": "1.4" if data.get("runtime") == "1.4" else "1.1",
        }
        try:
            return {"result": await custom_functions_call(asked, registration, user)}
        except xlwings.XlwingsError as error:
            raise HTTPException(400, str(error)) from None

    async def review(request: Request, user: Any) -> dict[str, Any]:
        try:
            return pane.review(payload.parsed(await request.body()))
        except CallError as error:
            raise HTTPException(400, str(error)) from None

    for path, answer in (("/xlwings/custom-functions-call", call), ("/review", review)):
        app.post(path)(_for_users(answer, get_user))


def _for_users(answer: Any, get_user: Any) -> Any:
    """Have the configured authentication stand before a route."""
    from fastapi import Depends

    async def route(request: Request, user: Any = Depends(get_user)) -> Response:  # noqa: B008
        return JSONResponse(await answer(request, user))

    return route


def _add_xlwings(app: FastAPI) -> None:
    from xlwings_server import main  # noqa: F401  # gives its templates their url_for
    from xlwings_server.config import PACKAGE_DIR
    from xlwings_server.routers import taskpane
    from xlwings_server.routers import xlwings as described

    @app.get("/xlwings/custom-functions-meta.json")
    async def meta() -> Response:
        return JSONResponse(await described.custom_functions_meta(), headers=ANYBODY)

    @app.get("/xlwings/custom-functions-code.js")
    async def code() -> Response:
        answer = await described.custom_functions_code()
        answer.headers.update(ANYBODY)
        return answer

    app.get("/xlwings/custom-scripts-meta.json")(described.custom_scripts_meta)
    app.get("/taskpane.html")(taskpane.taskpane)
    # Ours stand before xlwings Server's of the same name. Its own class for that gives out any file of the machine.
    static = StaticFiles(directory=hosting.PROJECT / "static")
    static.all_directories.append(PACKAGE_DIR / "static")
    app.mount("/static", static)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    sentence = str(error.detail)
    if error.status_code == 404:
        sentence = f"There is nothing at {request.url.path[:200]!r} on this server."
    elif error.status_code == 405:
        sentence = f"{request.method} is not possible at {request.url.path[:200]!r}."
    ended = sentence if sentence.endswith((".", ")")) else f"{sentence}."
    return JSONResponse({"error": ended}, error.status_code, headers=error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": FAILED}, 500)
