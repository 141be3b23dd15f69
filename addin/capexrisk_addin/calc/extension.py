"""The extension's files, made from the table of functions."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from capexrisk.version import VERSION
from capexrisk_addin.calc.office import OLDEST
from capexrisk_udfs import FUNCTIONS, Function

IDENTIFIER = "capexrisk.calc"
SERVICE = "capexrisk.calc.Functions"
"""The name of the extension and of its add-in; `types.idl` and `component` hold it too."""

FILE_NAME = "capexrisk.oxt"
SETTINGS = "capexrisk.json"
"""The file in the extension that says which Python computes, and which functions there are."""

OFFICE_ADD_IN_PREFIX = "_xldudf_"
"""What Excel puts before the name of a function of an Office add-in when it stores a formula."""

MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">
  <manifest:file-entry manifest:full-path="types.idl"
    manifest:media-type="application/vnd.sun.star.uno-typelibrary;type=RDB"/>
  <manifest:file-entry manifest:full-path="capexrisk.components"
    manifest:media-type="application/vnd.sun.star.uno-components"/>
  <manifest:file-entry manifest:full-path="CalcAddIns.xcu"
    manifest:media-type="application/vnd.sun.star.configuration-data"/>
</manifest:manifest>
"""

# Declared here rather than by the component itself: LibreOffice then runs no Python until a cell needs a function.
COMPONENTS = f"""<?xml version="1.0" encoding="UTF-8"?>
<components xmlns="http://openoffice.org/2010/uno-components">
  <component loader="com.sun.star.loader.Python" uri="component.py">
    <implementation name="{SERVICE}">
      <service name="com.sun.star.sheet.AddIn"/>
      <service name="{SERVICE}"/>
    </implementation>
  </component>
</components>
"""

DESCRIPTION = f"""<?xml version="1.0" encoding="UTF-8"?>
<description xmlns="http://openoffice.org/extensions/description/2006"
    xmlns:l="http://libreoffice.org/extensions/description/2011">
  <identifier value="{IDENTIFIER}"/>
  <version value="{VERSION}"/>
  <display-name><name lang="en">Capex risk: the CAPEX_ functions</name></display-name>
  <dependencies>
    <l:LibreOffice-minimal-version name="LibreOffice {OLDEST[0]}.{OLDEST[1]}" value="{OLDEST[0]}.{OLDEST[1]}"/>
  </dependencies>
</description>
"""

ADD_INS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:component-data xmlns:oor="http://openoffice.org/2001/registry" oor:name="CalcAddIns"
    oor:package="org.openoffice.Office">
  <node oor:name="AddInInfo">
    <node oor:name="{service}" oor:op="replace">
      <node oor:name="AddInFunctions">
{functions}
      </node>
    </node>
  </node>
</oor:component-data>
"""


def extension_files(python: Path, functions: Mapping[str, Function] = FUNCTIONS) -> dict[str, str]:
    """Give the extension's files, name to text; `python` is the interpreter that will compute."""
    named = {method: function for function in functions.values() for method in _methods(function)}
    return {
        "META-INF/manifest.xml": MANIFEST,
        "description.xml": DESCRIPTION,
        "capexrisk.components": COMPONENTS,
        "types.idl": _types(named),
        "CalcAddIns.xcu": ADD_INS.format(
            service=SERVICE, functions="\n".join(_described(method, function) for method, function in named.items())
        ),
        "component.py": files("capexrisk_addin.calc").joinpath("component.py").read_text("utf-8"),
        SETTINGS: json.dumps(_settings(python, named), indent=1),
    }


def write_extension(folder: Path, python: Path | None = None) -> Path:
    """Write the unpacked extension into a folder, which is made, and give it; without `python` this one computes."""
    for name, text in extension_files(python or Path(sys.executable)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def packed_extension(python: Path) -> bytes:
    """Give the extension as the bytes of an .oxt file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in extension_files(python).items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()


def _methods(function: Function) -> list[str]:
    """Name a function's two methods, for its own name and for the one that Office add-ins store.

    Interfaces know no underscores, so CAPEX_TOP_SHARE is capexTopShare.
    """
    first, *rest = function.name.lower().split("_")
    own = first + "".join(word.capitalize() for word in rest)
    return [own, f"stored{own[0].upper()}{own[1:]}"]


def _cell_name(method: str, function: Function) -> str:
    return (OFFICE_ADD_IN_PREFIX if method.startswith("stored") else "") + function.name


def _types(named: Mapping[str, Function]) -> str:
    """Give the interface of the add-in.

    A range arrives as the cells themselves: as an array of values Calc would lose what is blank, true or false, and
    would not call the function at all when one cell in it holds an error.
    """
    methods = []
    for method, function in named.items():
        gives = "sequence< sequence<any> >" if function.gives == "table" else "any"
        arguments = ", ".join(
            f"[in] {'com::sun::star::table::XCellRange' if argument.kind == 'range' else 'any'} {argument.name}"
            for argument in function.arguments
        )
        methods.append(f"    {gives} {method}({arguments});")
    body = "\n".join(methods)
    return f"module capexrisk {{ module calc {{\ninterface XFunctions {{\n{body}\n}};\n}}; }};\n"


def _described(method: str, function: Function) -> str:
    name = _cell_name(method, function)
    help = function.help if name == function.name else f"The same as {function.name}, as Office add-ins store it."
    arguments = "\n".join(
        f"<node oor:name={quoteattr(argument.name)} oor:op='replace'>"
        f"{_property('DisplayName', argument.name)}{_property('Description', argument.help)}</node>"
        for argument in function.arguments
    )
    return (
        f"<node oor:name={quoteattr(method)} oor:op='replace'>"
        f"{_property('DisplayName', name)}{_property('Description', help)}"
        f"<prop oor:name='Category'><value>Add-In</value></prop>{_property('CompatibilityName', name)}"
        f"<node oor:name='Parameters'>{arguments}</node></node>"
    )


def _property(name: str, text: str) -> str:
    return f"<prop oor:name='{name}'><value xml:lang='en'>{escape(text)}</value></prop>"


def _settings(python: Path, named: Mapping[str, Function]) -> dict[str, object]:
    return {
        "version": VERSION,
        "python": str(python),
        "functions": {
            method: {
                "name": function.name,
                "gives": function.gives,
                "ranges": [argument.kind == "range" for argument in function.arguments],
            }
            for method, function in named.items()
        },
    }
