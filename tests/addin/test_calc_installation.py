"""Installing the functions into a real LibreOffice for one user, and taking them out again."""

import subprocess
import sys
from pathlib import Path

import pytest
from calc import Calc
from conftest import require_calc
from openpyxl import Workbook

from capexrisk.version import VERSION
from capexrisk_addin.calc import OfficeError, install, office, remove, status
from capexrisk_addin.calc.extension import FILE_NAME, IDENTIFIER
from capexrisk_udfs import FUNCTIONS

pytestmark = pytest.mark.libreoffice


@pytest.fixture(autouse=True)
def real_calc():
    require_calc()


def functions_in(profile: Path) -> set[str]:
    with Calc(profile=profile) as calc:
        return {item["name"] for item in calc.functions()}


def test_install_status_and_remove_say_and_do_what_they_should(tmp_path: Path):
    profile = tmp_path / "a profile, größer"
    assert "not installed" in status(profile)
    assert "nothing to remove" in remove(profile)

    said = install(profile)
    assert f"work (capexrisk {VERSION}, " in said and f"computed by {sys.executable}." in said
    assert status(profile).startswith(f"The CAPEX_ functions of capexrisk {VERSION} are installed in LibreOffice ")
    assert set(FUNCTIONS) <= functions_in(profile)
    with Calc(profile=profile) as calc, calc.open() as document:
        document.set("Sheet1", "A1", "=CAPEX_VERSION()")
        assert str(document.value("Sheet1", "A1")).startswith(f"capexrisk {VERSION}")

    assert "are removed" in remove(profile)
    assert "not installed" in status(profile)
    assert not set(FUNCTIONS) & functions_in(profile)


def test_a_second_install_replaces_the_first(tmp_path: Path, bare_python: Path):
    install(tmp_path)
    with pytest.raises(OfficeError, match=rf"installed but do not work .* {bare_python} cannot compute"):
        install(tmp_path, bare_python)
    assert f"{bare_python} cannot compute them (" in status(tmp_path)
    install(tmp_path)
    assert sys.executable in status(tmp_path)
    remove(tmp_path)
    assert "not installed" in status(tmp_path)


def test_other_extensions_and_the_machine_are_left_alone(tmp_path: Path):
    program = office.find_office().program
    install(tmp_path)
    listed = subprocess.run(
        [program.with_name("unopkg"), "list", "--shared", f"-env:UserInstallation={(tmp_path / 'other').as_uri()}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert IDENTIFIER not in listed
    assert not [*program.parent.parent.rglob(FILE_NAME)]


def test_by_default_it_goes_where_libreoffice_itself_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    install()
    book = Workbook()
    book.create_sheet("First", 0)["A1"] = "=CAPEX_VERSION()"
    book.save(tmp_path / "book.xlsx")
    command = [office.find_office().program, "--headless", "--convert-to", "csv", "--outdir", tmp_path]
    subprocess.run(
        [*command, tmp_path / "book.xlsx"], check=True, capture_output=True, timeout=120, env=office.clean_environment()
    )
    assert (tmp_path / "book.csv").read_text().startswith(f'"capexrisk {VERSION}')


def test_a_user_in_a_virtual_environment_is_told_where_not_to_start_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert install(tmp_path).endswith(f"computed by {sys.executable}.")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    warned = "without a virtual environment" in install(tmp_path)
    assert warned == office.find_office().has_system_python


def test_an_open_libreoffice_is_left_alone(tmp_path: Path):
    with Calc(profile=tmp_path) as calc, calc.open() as document:
        for task in (install, remove):
            with pytest.raises(OfficeError, match="LibreOffice is open: close all its windows"):
                task(tmp_path)
        assert document.sheets == ["Sheet1"]


def test_an_older_libreoffice_is_refused_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    old = tmp_path / "soffice"
    old.write_text("#!/bin/sh\necho LibreOffice 7.4.7.2 40\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(office, "PLACES", ())
    office.find_office.cache_clear()
    try:
        for task in (install, remove, status):
            with pytest.raises(OfficeError, match=r"LibreOffice 7\.4 at .* too old: .* 25\.2 or newer is needed"):
                task(tmp_path)
    finally:
        office.find_office.cache_clear()


def test_no_libreoffice_at_all_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(office, "PLACES", ())
    office.find_office.cache_clear()
    try:
        with pytest.raises(OfficeError, match="LibreOffice was not found"):
            status(tmp_path)
    finally:
        office.find_office.cache_clear()
