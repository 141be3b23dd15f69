"""The policy: every threshold, weight, shock and limit, read from one TOML file and checked.

A firm's own file holds what differs from the built-in policy; each table in which it changes something must give a
`source` of its own. Which policy counts, when a command names none: the file in CAPEXRISK_POLICY, else the file
under the key POLICY in the user's configuration file, else the built-in one. A workbook never chooses.
"""

from __future__ import annotations

import hashlib
import json
import locale
import os
import tomllib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.errors import PolicyError
from capexrisk.policy_rules import check, lay_over

Array = NDArray[np.float64]
Table = dict[str, Any]

VARIABLE = "CAPEXRISK_POLICY"
CONFIGURATION = Path(".capexrisk") / "capexrisk.conf"
"""The user's configuration file, below the home folder: lines of "KEY","VALUE"."""


@dataclass(frozen=True)
class Curve:
    """Linear between its knots, flat outside them; inf takes the last knot's score, nan stays nan."""

    values: Array
    scores: Array

    def __call__(self, value: Array) -> Array:
        """Give the score of each value."""
        return np.interp(value, self.values, self.scores)


@dataclass(frozen=True)
class Driver:
    """A single shock whose breakpoint is sought, up to `largest` (None: today's utilization), measured by `size`."""

    name: str
    shock: str
    largest: float | None
    size: float
    contracts_hold: float


@dataclass(frozen=True)
class Policy:
    """A policy in force: `data` is the whole file as tables; `name` and `hash` stand on every result."""

    data: Table = field(repr=False)

    @staticmethod
    def built_in() -> Policy:
        """Give the policy that comes with the tool."""
        return _built_in()

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Policy:
        """Read a firm's own file over the built-in policy.

        Raises PolicyError, with a sentence naming the file, the table and the way out, when it cannot be used.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no file of UTF-8 text"
            raise PolicyError(f"The policy file {path} cannot be read: {reason}.") from None
        try:
            return Policy.from_text(text)
        except PolicyError as error:
            raise PolicyError(f"The policy file {path} cannot be used: {error}") from None

    @staticmethod
    def from_text(text: str) -> Policy:
        """Read a policy from TOML text; see `load`."""
        try:
            own = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"it is not valid TOML: {error}.") from None
        base = _built_in().data
        if not isinstance(own.get("name"), str) or not own["name"].strip():
            raise PolicyError('it needs a name of its own at the top, such as name = "Bank X 2027".')
        if own["name"] == base["name"] and own != base:
            raise PolicyError(f"its name must differ from the built-in policy's ({base['name']}).")
        policy = Policy(lay_over(base, own, "", own == base))
        check(policy.data)
        return policy

    @staticmethod
    def current() -> Policy:
        """Give the policy in force when a command names none (see the module's first lines)."""
        path = os.environ.get(VARIABLE) or configured("POLICY")
        return _loaded(path, os.stat(path).st_mtime_ns if os.path.exists(path) else 0) if path else _built_in()

    @cached_property
    def name(self) -> str:
        """The policy's own name."""
        return self.data["name"]

    @cached_property
    def hash(self) -> str:
        """Eight hexadecimal digits of its contents; comments and order of tables' keys do not count."""
        plain = json.loads(json.dumps(self.data), parse_int=float)  # 1 and 1.0 are the same limit
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:8]

    @cached_property
    def lease_rate(self) -> float:
        """The rate at which lease commitments are discounted, a year."""
        return float(self.data["leases"]["discount_rate"])

    @cached_property
    def metric_curves(self) -> dict[str, Curve]:
        """Each metric's knots."""
        return {key: _curve(self.data["metrics"][key]["knots"]) for key in template.METRIC}

    @cached_property
    def metric_weights(self) -> dict[str, float]:
        """Each metric's weight within its section."""
        return {key: float(self.data["metrics"][key]["weight"]) for key in template.METRIC}

    @cached_property
    def headroom_curve(self) -> Curve:
        """The score of the smallest headroom."""
        return _curve(self.data["severity"]["headroom_knots"])

    @cached_property
    def liquidity_floor(self) -> Curve:
        """The least overall score that a liquidity cover allows."""
        return _curve(self.data["floors"]["liquidity_knots"])

    @cached_property
    def severities(self) -> Array:
        """The score of each verdict, in the order of `template.VERDICTS`."""
        return np.array([self.data["severity"][verdict] for verdict in template.VERDICTS], dtype=float)

    @cached_property
    def question_points(self) -> Array:
        """The points of each status, in the order of `template.STATUSES`."""
        return np.array([self.data["question_points"][status] for status in template.STATUSES], dtype=float)

    @cached_property
    def section_weights(self) -> Array:
        """The weights of the five scored sections."""
        return np.array([self.data["sections"][key] for key in template.SCORED_SECTIONS], dtype=float)

    @cached_property
    def rating_limits(self) -> Array:
        """The score from which each rating holds, ascending, in the order of `template.RATINGS`."""
        return np.array([self.data["ratings"][rating] for rating in template.RATINGS], dtype=float)

    @cached_property
    def enforceability(self) -> Array:
        """What a take-or-pay contract is worth, in the order of `template.CREDITS`."""
        return np.array([self.data["enforceability"][credit] for credit in template.CREDITS], dtype=float)

    @cached_property
    def scenarios(self) -> dict[str, Table]:
        """Each scenario's label and shocks, in the policy's order."""
        return {
            key: {name: value for name, value in row.items() if name != "source"}
            for key, row in self.data["scenarios"].items()
        }

    @cached_property
    def scenario_shocks(self) -> Array:
        """Each scenario's shocks, (scenarios, 12) in the template's order; nan: the input inventory_build."""
        rows = [[row.get(key, 0.0) for key in template.SHOCK] for row in self.scenarios.values()]
        return np.array([[np.nan if isinstance(value, str) else value for value in row] for row in rows], dtype=float)

    @cached_property
    def core(self) -> tuple[str, ...]:
        """Keys of the scenarios that scores and decision rest on."""
        return tuple(self.data["core"]["scenarios"])

    @cached_property
    def drivers(self) -> tuple[Driver, ...]:
        """The drivers whose breakpoints are sought; of equal headrooms the first wins."""
        return tuple(
            Driver(
                name,
                row["shock"],
                None if row["largest"] == "utilization" else float(row["largest"]),
                float(row["size"]),
                float(row.get("contracts_hold", 0)),
            )
            for name, row in self.data["drivers"].items()
        )

    @cached_property
    def driver_shocks(self) -> Array:
        """Each driver's largest shock alone, (drivers, 12) in the template's order; nan: today's utilization."""
        rows = np.zeros((len(self.drivers), len(template.SHOCK)))
        for row, driver in zip(rows, self.drivers, strict=True):
            row[list(template.SHOCK).index(driver.shock)] = np.nan if driver.largest is None else driver.largest
            row[list(template.SHOCK).index("contracts_hold")] = driver.contracts_hold
        return rows

    def source(self, *path: str) -> str:
        """Give the source that stands in the table at `path`, such as ``source("metrics", "leverage")``."""
        table = self.data
        for key in path:
            table = table[key]
        return table.get("source", "")


def configured(key: str) -> str | None:
    """Give a value of the user's configuration file, or None; only the user's own file counts."""
    path = os.path.join(os.path.expanduser("~"), CONFIGURATION)
    try:
        return _configuration(path, os.stat(path).st_mtime_ns).get(key) or None
    except OSError:
        return None


@lru_cache(maxsize=1)
def _configuration(path: str, changed: int) -> dict[str, str]:
    """Remember the user's configuration as long as it is not changed (`changed` is part of the key)."""
    content = Path(path).read_bytes()
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:  # the add-in's VBA needs the system's own encoding, and writes it
        lines = content.decode(locale.getencoding(), errors="replace").splitlines()
    parts = ([part.strip().strip('"') for part in line.split(",", 1)] for line in reversed(lines))
    return {pair[0].upper(): pair[1] for pair in parts if len(pair) == 2}


@lru_cache(maxsize=1)
def _built_in() -> Policy:
    data = tomllib.loads(files("capexrisk").joinpath("policy.toml").read_text(encoding="utf-8"))
    check(data)
    return Policy(data)


@lru_cache(maxsize=4)
def _loaded(path: str, changed: int) -> Policy:
    """Remember a file as long as it is not changed (`changed` is part of the key)."""
    return Policy.load(path)


def _curve(knots: list[list[float]]) -> Curve:
    values, scores = np.array(knots, dtype=float).T
    return Curve(values, scores)
