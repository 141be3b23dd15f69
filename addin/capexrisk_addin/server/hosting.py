"""xlwings Server as we run it: its settings, its licence, and the modules that it looks for by bare names.

`prepare` comes before anything of xlwings Server is imported, because that reads its settings while being imported.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from capexrisk import InputError
from capexrisk_addin.server import licence

NAME = "Capex risk"
PROJECT = Path(__file__).parent / "project"

SETTINGS = {
    "PROJECT_DIR": str(PROJECT),
    "PROJECT_NAME": NAME,
    "ENVIRONMENT": "prod",  # with an empty namespace the only one that leaves the functions' names as they are
    "FUNCTIONS_NAMESPACE": "",
    "APP_PATH": "",
    "STATIC_URL_PATH": "/static",
    "TASKPANE_HTML": "taskpane.html",
    "CDN_OFFICEJS": "false",  # the copy in xlwings Server, so that nothing is fetched from elsewhere
    "ENABLE_ALPINEJS_CSP": "false",
    "ENABLE_BOOTSTRAP": "false",
    "ENABLE_EXAMPLES": "false",
    "ENABLE_HOTRELOAD": "false",
    "ENABLE_HTMX": "false",
    "ENABLE_SOCKETIO": "false",
    "ENABLE_WASM": "false",
}
"""What is ours to set; everything else, authentication above all, is the administrator's through XLWINGS_ variables."""


class HostingError(InputError):
    """xlwings Server cannot run as it stands; the text is a sentence that says what to do."""


def prepare() -> None:
    """Set up this process for xlwings Server; raises HostingError when it is not installed or has no licence key."""
    if find_spec("xlwings_server") is None:
        raise HostingError(f'The server add-in needs an extra: pip install "capexrisk[server]". {licence.SENTENCE}')
    os.environ.update({f"XLWINGS_{name}": value for name, value in SETTINGS.items()})
    os.environ["XLWINGS_ON_SERVER"] = "true"
    os.environ.setdefault("XLWINGS_LOG_LEVEL", "WARNING")
    if sys.platform != "emscripten":
        # xlwings tries to import this for every argument, and a search that fails is a slow one.
        sys.modules.setdefault("pyodide.ffi", None)  # pyright: ignore[reportArgumentType]
    try:
        importlib.import_module("xlwings.server")
    except Exception as error:  # xlwings' own kind of error cannot be imported without a key either
        if type(error).__name__ != "LicenseError":
            raise
        raise HostingError(
            f"{str(error).rstrip('.')}. {licence.SENTENCE} Start with --noncommercial if your use is noncommercial, or "
            f"put your key into the variable {licence.VARIABLE}."
        ) from None
    if sys.platform != "emscripten":
        # It would try the same for every cell; half of the time of a call.
        setattr(importlib.import_module("xlwings.utils"), "is_jsnull", lambda value: False)  # noqa: B010
    # xlwings Server imports these by bare names; given here, no file that lies about can stand in for them.
    sys.modules["custom_functions"] = importlib.import_module("capexrisk_udfs.registration")
    sys.modules["custom_scripts"] = ModuleType("custom_scripts")
    sys.modules["routers"] = None  # pyright: ignore[reportArgumentType]
