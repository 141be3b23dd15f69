"""The add-in as a file: built from the installed xlwings, the same bytes each time, read back with other eyes."""

import io
import re
import zipfile
from dataclasses import replace

import olefile
import pytest
from basic import Basic
from conftest import require_calc
from defusedxml.ElementTree import fromstring
from oletools.olevba import VBA_Parser
from pyopenvba import ExcelFile
from pyopenvba.vba import decompress

from capexrisk.version import VERSION
from capexrisk_addin.excel import vba, wrappers
from capexrisk_addin.excel.build import PROJECT, VBA_PART, build, versions
from capexrisk_addin.excel.buttons import BUTTONS
from capexrisk_addin.excel.vendor import FINGERPRINTS, TAKEN, BuildError, Vendor
from capexrisk_udfs import FUNCTIONS

EVERY = {*vba.MODULES, "Sheet2"}


@pytest.fixture(scope="module")
def vendor():
    return Vendor.installed()


@pytest.fixture(scope="module")
def addin(vendor):
    return build(vendor)


@pytest.fixture(scope="module")
def parts(addin):
    with zipfile.ZipFile(io.BytesIO(addin)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def texts(vendor):
    return vba.modules(vendor)


def project(parts):
    return olefile.OleFileIO(io.BytesIO(parts[VBA_PART]))


def test_the_same_inputs_give_the_same_bytes(vendor, addin):
    assert build(Vendor.installed()) == addin


def test_it_names_the_versions_that_it_was_built_from(vendor, addin):
    assert versions(addin) == {"capexrisk": VERSION, "xlwings": vendor.version}
    assert versions(vendor.template) == {}
    assert versions(b"PK") == {}


def test_olevba_reads_the_modules_as_they_were_written(addin, texts):
    found = {
        name.rsplit(".", 1)[0]: code for _, _, name, code in VBA_Parser("capexrisk.xlam", data=addin).extract_macros()
    }
    assert set(found) == EVERY
    for name, text in texts.items():
        body = "\n".join(line for line in found[name].splitlines() if not line.startswith("Attribute VB_"))
        assert body.strip() == text.strip()


def test_pyopenvba_finds_nothing_to_mend(addin, tmp_path):
    path = tmp_path / "capexrisk.xlam"
    path.write_bytes(addin)
    with ExcelFile(path) as book:
        assert book.validate() == []
        assert book.vba_project().name == PROJECT
        assert set(book.module_names()) == EVERY


@pytest.mark.libreoffice
def test_libreoffice_lists_the_modules(addin):
    require_calc()
    with Basic(addin, lambda *_: None) as basic:
        assert set(basic.modules()) == EVERY


def test_the_project_is_source_only(parts):
    ole = project(parts)
    assert ole.openstream("VBA/_VBA_PROJECT").read() == b"\xcc\x61\xff\xff\x00\x00\x00"
    assert not [name for name in ole.listdir() if "SRP" in name[-1]]
    directory = decompress(ole.openstream("VBA/dir").read())
    assert set(re.findall(rb"\x31\x00\x04\x00\x00\x00(....)", directory, re.DOTALL)) == {b"\0\0\0\0"}, "text offsets"


def test_the_directory_of_modules_ends_where_it_should(parts):
    directory = decompress(project(parts).openstream("VBA/dir").read())
    assert directory.endswith(b"\x2b\0\0\0\0\0\x10\0\0\0\0\0")


def test_the_list_of_windows_has_no_blank_lines(parts):
    text = project(parts).openstream("PROJECT").read().decode("ascii")
    windows = text.partition("[Workspace]\r\n")[2]
    assert windows.endswith("\r\n")
    lines = windows.split("\r\n")[:-1]
    assert {line.partition("=")[0] for line in lines} == EVERY
    assert len(lines) == len(EVERY)


def test_nothing_is_left_of_the_template(parts):
    text = b"".join(data for name, data in parts.items() if name != VBA_PART)
    text += b"".join(project(parts).openstream(name).read() for name in project(parts).listdir())
    for word in (b"yAddin", b"myaddin", b"Felix", b"felix", b"absPath", b"RunMain", b"Dictionary"):
        assert word not in text


def test_the_licence_of_xlwings_comes_along(texts):
    assert "BSD 3-clause license" in texts["CapexRiskServer"]
    assert "Redistributions of source code must retain" in texts["CapexRiskServer"]


def test_what_is_taken_from_xlwings_is_its_text(vendor, texts):
    for name in TAKEN:
        body = vendor.pieces[name].partition("\n")[2]
        assert body in texts["CapexRiskServer"]


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_an_xlwings_that_changed_a_piece_is_refused_with_a_sentence(vendor, name):
    piece = vendor.pieces[name]
    changed = piece.replace("XLPy", "XLPi", 1) if "XLPy" in piece else piece.replace("End ", "' new\nEnd ", 1)
    other = replace(vendor, version="0.37.9", source=vendor.source.replace(piece, changed.replace("0.37.8", "0.37.9")))
    with pytest.raises(BuildError, match=rf"xlwings 0\.37\.9 .*{name}.* changed in its VBA.*pip install xlwings=="):
        build(other)


def test_a_new_version_with_the_same_text_is_built(vendor):
    other = replace(vendor, version="0.37.9", source=vendor.source.replace("0.37.8", "0.37.9"))
    assert "xlwings64-0.37.9.dll" in vba.modules(other)["CapexRiskServer"]


def test_a_template_with_another_part_is_refused(vendor):
    packed = io.BytesIO(vendor.template)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("xl/calcChain.xml", "<calcChain/>")
    with pytest.raises(BuildError, match=r"other parts than before: xl/calcChain\.xml"):
        build(replace(vendor, template=packed.getvalue()))


def test_a_missing_xlwings_is_a_sentence(monkeypatch, tmp_path):
    from importlib import metadata

    def none(_):
        raise metadata.PackageNotFoundError("xlwings")

    monkeypatch.setattr(metadata, "distribution", none)
    with pytest.raises(BuildError, match="pip install xlwings=="):
        Vendor.installed()


def test_wrappers_written_in_another_form_are_refused():
    written = wrappers.generated()
    with pytest.raises(BuildError, match="in another form"):
        wrappers.patched(written.replace("ActiveWorkbook", "ThisWorkbook", 1))
    with pytest.raises(BuildError, match="in another form"):
        wrappers.patched("")


def test_every_function_has_a_wrapper_that_hands_over_its_arguments(texts):
    for name, function in FUNCTIONS.items():
        given = ", ".join(argument.name for argument in function.arguments)
        declared = ", ".join(f"{'Optional ' if each.optional else ''}{each.name}" for each in function.arguments)
        assert f"Function {name}({declared})\n" in texts["CapexRiskFunctions"]
        call = f'{name} = XLPy.CallUDF("capexrisk_udfs.registration", "{name}", Array({given}))\n'
        assert call in texts["CapexRiskFunctions"]


def test_the_function_wizard_can_show_every_help_text(texts):
    calls = re.findall(
        r'MacroOptions Macro:=place & "(\w+)", Description:=("(?:[^"]|"")*"), _\n\s+Category:="([^"]*)"'
        r"(?:, ArgumentDescriptions:=Array\((.*)\))?$",
        texts["CapexRiskRegistration"],
        re.M,
    )
    assert [call[0] for call in calls] == [*FUNCTIONS, "CAPEX_WHY"]
    for name, help, category, arguments in calls:
        texts_of = [part[1:-1].replace('""', '"') for part in re.findall(r'"(?:[^"]|"")*"', arguments)]
        assert 0 < len(help[1:-1].replace('""', '"')) <= 255
        assert all(0 < len(text) <= 255 for text in texts_of)
        assert category == "Capex risk"
        if name in FUNCTIONS:
            function = FUNCTIONS[name]
            assert texts_of == [argument.help for argument in function.arguments]
            assert len(function.arguments) + sum(len(argument.name) for argument in function.arguments) <= 254


def test_vba_can_hold_every_line(texts):
    for text in texts.values():
        assert all(len(line) <= 1000 for line in text.splitlines())
        assert not re.search(r"(?:_\n.*){25}", text), "more than 24 continued lines"
        text.encode("cp1252")


def test_every_function_carries_its_help_without_registration_too(texts):
    for name, function in FUNCTIONS.items():
        help = function.help.replace('"', '""')
        assert f'Attribute {name}.VB_Description = "{help}"\n' in texts["CapexRiskFunctions"]


def test_a_sign_that_vba_cannot_hold_is_refused():
    with pytest.raises(BuildError, match="has a sign that VBA cannot hold"):
        vba._check("Somewhere", "' →")
    with pytest.raises(BuildError, match=r"a line of 1,?001 characters"):
        vba._check("Somewhere", "x" * 1001)


def test_the_ribbon_has_a_button_for_everything_that_python_does(parts):
    ribbon = fromstring(parts["customUI/customUI.xml"])
    buttons = [item for item in ribbon.iter() if item.tag.endswith("}button")]
    assert {button.get("id") for button in buttons} == set(BUTTONS)
    for button in buttons:
        assert button.get("onAction") == "CapexRiskPress"
        assert len(button.get("supertip")) <= 1024
        assert button.get("imageMso")
    (tab,) = [item for item in ribbon.iter() if item.tag.endswith("}tab")]
    assert tab.get("label") == "Capex Review"
