"""The example reviews that come with the tool: public figures with basis and source, and invented companies."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def examples() -> list[dict[str, Any]]:
    """Give the example reviews in the JSON of `new --from`; check a figure's source before relying on it."""
    return json.loads(files("capexrisk").joinpath("examples.json").read_text(encoding="utf-8"))
