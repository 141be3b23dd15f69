"""Installing, looking at, diagnosing and removing the add-in, in a made-up Windows profile."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capexrisk.policy import CONFIGURATION
from capexrisk_addin.cli import app
from capexrisk_addin.commands import addin as command
from capexrisk_addin.excel import configuration, machine
from capexrisk_addin.excel.build import build
from capexrisk_addin.excel.doctor import CHECKS, examine
from capexrisk_addin.excel.installation import InstallationError, install, remove, status
from capexrisk_addin.excel.machine import ELSEWHERE, Machine, bits_of
from capexrisk_addin.excel.vendor import CHECKED


def program(path: Path, kind: int) -> Path:
    """Write the beginning of a Windows program of a machine type."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64) + struct.pack("<4sH", b"PE\0\0", kind))
    return path


@pytest.fixture
def windows(tmp_path):
    """A machine on which everything is as it should be and nothing is installed yet."""
    venv = tmp_path / "venv"
    python = program(venv / "Scripts" / "pythonw.exe", 0x8664)
    for bits in (32, 64):
        (venv / f"xlwings{bits}-{CHECKED}.dll").write_bytes(b"MZ")
    return Machine(
        profile=tmp_path / "Ann",
        roaming=tmp_path / "Ann" / "AppData" / "Roaming",
        python=python,
        xlwings=CHECKED,
        excel=program(tmp_path / "Office16" / "EXCEL.EXE", 0x8664),
        running=False,
        complaint=lambda python: "",
    )


def addin_of(windows: Machine) -> Path:
    return windows.roaming / "Microsoft" / "Excel" / "XLSTART" / "capexrisk.xlam"


def bad(windows: Machine, workbook: str | None = None) -> dict[str, str]:
    return {check.name: check.sentence for check in examine(windows, workbook) if check.ok is False}


def test_install_makes_the_start_folder_and_writes_addin_and_configuration(windows):
    said = install(windows)
    assert addin_of(windows).read_bytes() == build()
    lines = (windows.profile / CONFIGURATION).read_bytes()
    assert lines == (f'"ADDIN","{addin_of(windows)}"\r\n"INTERPRETER_WIN","{windows.python}"\r\n'.encode("cp1252"))
    assert "Start Excel" in said


def test_installing_twice_changes_nothing_even_while_excel_is_open(windows):
    install(windows)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in [addin_of(windows)]}
    said = install(replace(windows, running=True))
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    assert "was installed already" in said


def test_install_keeps_what_the_user_configured(windows):
    configuration.write(windows.profile, {"POLICY": r"C:\bank\policy.toml"})
    install(windows)
    assert configuration.read(windows.profile)["POLICY"] == r"C:\bank\policy.toml"


def test_install_keeps_bytes_that_it_cannot_read(windows):
    path = windows.profile / CONFIGURATION
    path.parent.mkdir(parents=True)
    path.write_bytes(b'"POLICY","C:\\b\x81nk.toml"\r\n')
    install(windows)
    assert b'"POLICY","C:\\b\x81nk.toml"\r\n' in path.read_bytes()


def test_install_refuses_politely_while_excel_is_open(windows):
    with pytest.raises(InstallationError, match="Excel is open: close all its windows"):
        install(replace(windows, running=True))
    assert not addin_of(windows).exists()


def test_a_file_that_is_in_use_is_a_sentence_and_nothing_is_left_over(windows, monkeypatch):
    install(windows)
    addin_of(windows).write_bytes(b"an older one")

    def refuse(self, target):
        raise PermissionError(13, "in use", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InstallationError, match="in use or write-protected: close all windows of Excel"):
        install(windows)
    assert [path.name for path in addin_of(windows).parent.iterdir()] == ["capexrisk.xlam"]


def test_install_refuses_a_path_that_vba_cannot_read(windows):
    with pytest.raises(InstallationError, match="letters that VBA cannot read"):
        install(replace(windows, python=Path("C:/Users/Łukasz/venv/Scripts/pythonw.exe")))


def test_install_takes_a_path_with_letters_of_the_code_page(windows, tmp_path):
    install(replace(windows, python=program(tmp_path / "Jürgen" / "Scripts" / "pythonw.exe", 0x8664)))
    assert "J\xfcrgen".encode("cp1252") in (windows.profile / CONFIGURATION).read_bytes()


def test_remove_takes_out_what_install_put_in(windows):
    before = sorted(windows.profile.rglob("*.*")) if windows.profile.exists() else []
    install(windows)
    assert "is removed" in remove(windows)
    assert [path for path in windows.profile.rglob("*") if path.is_file()] == before
    assert "nothing to remove" in remove(windows)


def test_remove_keeps_the_policy_of_the_user(windows):
    configuration.write(windows.profile, {"POLICY": "C:\\p.toml"})
    install(windows)
    remove(windows)
    assert configuration.read(windows.profile) == {"POLICY": "C:\\p.toml"}


def test_remove_refuses_politely_while_excel_is_open(windows):
    install(windows)
    with pytest.raises(InstallationError, match="Excel is open"):
        remove(replace(windows, running=True))
    assert addin_of(windows).exists()


def test_status_before_and_after(windows):
    assert "is not installed" in status(windows)
    install(windows)
    assert f"xlwings {CHECKED}, is installed" in status(windows)


def test_status_sees_that_xlwings_was_upgraded(windows):
    install(windows)
    said = status(replace(windows, xlwings="0.37.9"))
    assert f"built with xlwings {CHECKED}, but 0.37.9 is installed" in said
    assert "run capexrisk addin install again" in said


def test_status_sees_another_interpreter_and_a_foreign_file(windows):
    install(windows)
    assert "not by this Python" in status(replace(windows, python=Path("C:/other/pythonw.exe")))
    addin_of(windows).write_bytes(b"PK")
    assert "is not an add-in that capexrisk built" in status(windows)


def test_status_sees_that_the_configuration_is_gone(windows):
    install(windows)
    (windows.profile / CONFIGURATION).unlink()
    assert "names no interpreter" in status(windows)


# doctor: one check a failure, and all of them well on a machine that is well


def test_a_machine_that_is_well_has_no_complaint(windows):
    install(windows)
    checks = examine(windows)
    assert [check.name for check in checks] == list(CHECKS)
    assert [check for check in checks if check.ok is not True] == []


def test_doctor_before_installing_sends_to_install(windows):
    found = bad(windows)
    assert set(found) == {"start folder", "add-in", "interpreter"}
    assert all("run capexrisk addin install" in sentence for sentence in found.values())


def test_doctor_sees_a_missing_start_folder(windows):
    install(windows)
    addin_of(windows).unlink()
    addin_of(windows).parent.rmdir()
    assert "is missing" in bad(windows)["start folder"]


def test_doctor_sees_a_file_in_quarantine(windows):
    install(windows)
    addin_of(windows).unlink()
    assert "quarantine" in bad(windows)["add-in"]


def test_doctor_sees_a_file_that_windows_marked(windows):
    install(windows)
    # Elsewhere than on Windows a stream beside a file is a file of that name.
    Path(f"{addin_of(windows)}:Zone.Identifier").write_text("[ZoneTransfer]\nZoneId=3\n")
    assert "coming from the internet" in bad(windows)["add-in"]


def test_doctor_sees_that_versions_differ(windows):
    install(windows)
    assert "0.37.9 is installed" in bad(replace(windows, xlwings="0.37.9"))["versions"]


@pytest.mark.parametrize(("kind", "bits", "other"), [(0x14C, 32, 64), (0x8664, 64, 32)])
def test_doctor_sees_a_missing_dll_of_excels_own_bits(windows, kind, bits, other):
    install(windows)
    program(windows.excel, kind)
    folder = windows.python.parent.parent
    (folder / f"xlwings{other}-{CHECKED}.dll").unlink()
    assert "DLL" not in bad(windows)
    (folder / f"xlwings{bits}-{CHECKED}.dll").unlink()
    sentence = bad(windows)["DLL"]
    assert f"xlwings{bits}-{CHECKED}.dll is in neither" in sentence
    assert "pip install --user" in sentence


def test_doctor_finds_the_dll_beside_the_interpreter_too(windows):
    install(windows)
    for path in windows.python.parent.parent.glob("*.dll"):
        path.rename(windows.python.parent / path.name)
    assert bad(windows) == {}


def test_doctor_sees_an_interpreter_that_is_gone(windows):
    install(windows)
    windows.python.unlink()
    assert "is gone" in bad(windows)["interpreter"]


def test_doctor_says_why_an_interpreter_cannot_compute(windows):
    install(windows)
    broken = replace(windows, complaint=lambda python: "ModuleNotFoundError: No module named 'pythoncom'")
    assert "cannot compute (ModuleNotFoundError: No module named 'pythoncom')" in bad(broken)["interpreter"]


def test_an_interpreter_is_tried_as_the_add_in_would_start_it(tmp_path):
    import sys

    said = machine.complaint(Path(sys.executable))
    assert said == "" if sys.platform == "win32" else "No module named 'pythoncom'" in said
    assert machine.complaint(tmp_path / "none.exe") != ""


def test_doctor_sees_that_there_is_no_excel_and_how_many_bits_it_has(windows):
    install(windows)
    assert "Excel was not found" in bad(replace(windows, excel=None))["Excel"]
    program(windows.excel, 0x14C)
    (said,) = [check.sentence for check in examine(windows) if check.name == "Excel"]
    assert said.startswith("Excel has 32 bits")


def test_bits_are_read_from_the_program(tmp_path):
    assert bits_of(program(tmp_path / "a.exe", 0x14C)) == 32
    assert bits_of(program(tmp_path / "b.exe", 0x8664)) == 64
    assert bits_of(program(tmp_path / "c.exe", 0x0200)) is None
    (tmp_path / "d.exe").write_bytes(b"MZ")
    assert bits_of(tmp_path / "d.exe") is None
    assert bits_of(tmp_path / "none.exe") is None


def test_doctor_sees_excel_from_the_store(windows, tmp_path):
    install(windows)
    store = program(tmp_path / "Program Files" / "WindowsApps" / "Microsoft.Office" / "EXCEL.EXE", 0x8664)
    assert "Microsoft Store" in bad(replace(windows, excel=store))["Store"]


def test_doctor_notes_an_environment_set_for_python(windows):
    install(windows)
    found = {check.name: check for check in examine(replace(windows, environment={"PYTHONHOME": "C:\\Python27"}))}
    assert found["environment"].ok is None
    assert found["environment"].sentence.startswith("PYTHONHOME is set")


def test_doctor_sees_letters_that_vba_cannot_read(windows):
    install(windows)
    assert "VBA cannot read" in bad(replace(windows, profile=Path("/Users/Łukasz")))["letters"]
    assert "cannot stand in a command" in bad(replace(windows, profile=Path("/Users/$(x)")))["letters"]


def test_doctor_notes_onedrive_and_workbooks_on_a_url(windows):
    install(windows)
    clouded = replace(windows, environment={"OneDriveCommercial": "C:\\Users\\Ann\\OneDrive - Bank"})
    found = {check.name: check for check in examine(clouded, "https://bank.sharepoint.com/Acme.xlsx")}
    assert found["OneDrive"].ok is None and "OneDrive - Bank" in found["OneDrive"].sentence
    assert found["workbook"].ok is None and "is a URL" in found["workbook"].sentence


def test_doctor_sees_a_workbook_that_is_not_there(windows, tmp_path):
    install(windows)
    assert "is not there" in bad(windows, str(tmp_path / "none.xlsx"))["workbook"]
    (tmp_path / "a.xlsx").write_bytes(b"")
    assert bad(windows, str(tmp_path / "a.xlsx")) == {}


def test_pythonw_is_taken_where_there_is_one(tmp_path):
    python = program(tmp_path / "python.exe", 0x8664)
    assert machine.windowless(python) == python
    other = program(tmp_path / "pythonw.exe", 0x8664)
    assert machine.windowless(python) == other


# The commands


def run(*arguments):
    return CliRunner().invoke(app, ["addin", *arguments])


@pytest.mark.parametrize("name", ["install", "status", "doctor", "remove"])
def test_off_windows_the_commands_say_in_one_sentence_what_is_supported(name, monkeypatch):
    monkeypatch.setattr(command.sys, "platform", "linux")
    done = run(name)
    assert done.exit_code == 1
    assert done.output.strip() == f"capexrisk: {ELSEWHERE}"


def test_the_commands_on_windows(windows, monkeypatch):
    monkeypatch.setattr(command, "_machine", lambda: windows)
    assert "is not installed" in run("status").output
    assert run("doctor").exit_code == 1
    assert "is installed" in run("install").output
    done = run("doctor")
    assert done.exit_code == 0 and "well  add-in" in done.output
    assert "is removed" in run("remove").output


def test_the_commands_say_failures_in_one_sentence(windows, monkeypatch):
    monkeypatch.setattr(command, "_machine", lambda: replace(windows, running=True))
    done = run("install")
    assert done.exit_code == 1
    assert done.output.strip() == "capexrisk: Excel is open: close all its windows, then run this again."


def test_build_writes_the_add_in_anywhere(tmp_path):
    done = run("build", "--out", str(tmp_path / "capexrisk.xlam"))
    assert done.exit_code == 0
    assert (tmp_path / "capexrisk.xlam").read_bytes() == build()
    assert run("build", "--out", str(tmp_path / "x.xlsm")).exit_code == 2
