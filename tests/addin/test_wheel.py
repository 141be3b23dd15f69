"""The wheel holds everything that is needed at run time: installed alone, it does the main job."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    "CI" not in os.environ and "WHEEL" not in os.environ, reason="takes a minute: set WHEEL=1, or see CI"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An empty environment with the wheel in it; gives its folder of programs."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "environment", with_pip=True)
    programs = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([programs / "python", *pip[1:], "install", wheel], check=True, cwd=folder)
    return programs


def run(programs, *arguments, cwd):
    bare = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([programs / "capexrisk", *arguments], capture_output=True, text=True, cwd=cwd, env=bare)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_runs_from_the_wheel_alone(installed, tmp_path):
    printed = run(installed, "demo", "--out", "demo", cwd=tmp_path)
    assert "CoreWeave" in printed
    assert (tmp_path / "demo" / "portfolio.xlsx").exists()
    assert len(list((tmp_path / "demo").glob("*.xlsx"))) == 13
    shown = json.loads(run(installed, "show", "demo/CoreWeave 2024-12-31.xlsx", "--json", cwd=tmp_path))
    assert shown["decision"] == "Speculative"


def test_every_command_answers_help(installed, tmp_path):
    for command in ("new", "recalc", "show", "check", "assess", "demo", "policy show", "addin status", "calc install"):
        assert "Example" in run(installed, *command.split(), "--help", cwd=tmp_path)
