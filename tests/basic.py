"""The add-in's VBA run for real: LibreOffice's Basic loads the built file, a test answers for the objects around it.

    with Basic(addin, answer) as basic:
        basic.replace("Bench", BENCH)         # adds a module, or puts it in place of the add-in's own
        basic.run("Bench.Test", 1.0)          # a macro, whose first argument is the peer

An object around the VBA is written in Basic by `standin`: a class whose methods ask the peer. What they ask is handed
to `answer(object, method, arguments)`, which gives a value or raises; an exception becomes an error in Basic with the
text that the COM server's traceback has in VBA.
"""

import json
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from calc import PROFILE_SETTINGS

from capexrisk_addin.calc.office import Headless, clean_environment, find_office
from capexrisk_addin.excel.build import PROJECT

BRIDGE = Path(__file__).with_name("basic_bridge.py")


class BasicError(Exception):
    """Basic or LibreOffice refused; the message is its own."""


class Basic:
    """One LibreOffice with the add-in's modules in it."""

    def __init__(self, addin: bytes, answer: Callable[[str, str, list[Any]], Any]) -> None:
        self.addin, self.answer = addin, answer

    def __enter__(self) -> Self:
        self.folder = tempfile.TemporaryDirectory(prefix="basic-")
        folder = Path(self.folder.name)
        office = find_office()
        settings = folder / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(PROFILE_SETTINGS.format(version=".".join(map(str, office.version))), "utf-8")
        self.log = open(folder / "log.txt", "wb")
        self.office = Headless(office, folder / "profile", self.log)
        self.bridge = subprocess.Popen(
            [office.python, BRIDGE, self.office.pipe],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=clean_environment(),
        )
        self.reply()
        self.libraries = self.ask("open", path=str(as_workbook(self.addin, folder / "addin.xlsm")))
        return self

    def __exit__(self, *_: object) -> None:
        self.office.end()
        self.bridge.kill()
        self.bridge.communicate()
        self.log.close()
        self.folder.cleanup()

    def modules(self) -> dict[str, str]:
        """Give the modules as LibreOffice read them, name to source."""
        return self.ask("modules", library=PROJECT)

    def replace(self, name: str, source: str) -> None:
        """Put a module in place of another, or add it."""
        self.ask("replace", library=PROJECT, name=name, source=source)

    def run(self, macro: str, *arguments: Any) -> Any:
        """Run a macro and give what it gives."""
        return self.ask("run", library=PROJECT, macro=macro, arguments=arguments)

    def ask(self, do: str, **arguments: Any) -> Any:
        self.send({"do": do, **arguments})
        return self.reply()

    def send(self, message: dict[str, Any]) -> None:
        assert self.bridge.stdin
        self.bridge.stdin.write(json.dumps(message) + "\n")
        self.bridge.stdin.flush()

    def reply(self) -> Any:
        assert self.bridge.stdout
        while line := self.bridge.stdout.readline():
            message = json.loads(line)
            if "gives" in message:
                return message["gives"]
            if "error" in message:
                raise BasicError(message["error"])
            name, method, arguments = message["ask"]
            try:
                given = self.answer(name, method, arguments)
            except Exception as error:
                self.send({"error": as_in_vba(error)})
            else:
                self.send({"gives": given})
        said = Path(self.folder.name, "log.txt").read_text("utf-8", "replace")
        raise BasicError(f"LibreOffice ended: {said[-1500:]}")


def standin(name: str, methods: dict[str, int], properties: tuple[str, ...] = ()) -> str:
    """Give a class module whose methods, by their number of arguments, and properties that are set ask the peer.

    `Meet peer` comes first.
    """
    parts = [CLASS]
    for method, count in methods.items():
        arguments = ", ".join(f"a{n}" for n in range(count))
        parts.append(f'Public Function {method}({arguments})\n{method} = Asked("{name}.{method}", Array({arguments}))')
        parts.append("End Function")
    for each in properties:
        parts.append(f'Public Property Let {each}(value)\nAsked "{name}.{each}", Array(value)\nEnd Property')
    return "\n".join(parts)


CLASS = """\
Option VBASupport 1
Option ClassModule
Private peer
Public Sub Meet(other)
    Set peer = other
End Sub
Private Function Asked(what, arguments)
    Dim question
    question = CreateUnoStruct("com.sun.star.beans.NamedValue")
    question.Name = what
    question.Value = arguments
    Asked = peer.execute(Array(question))
End Function
"""


def as_workbook(addin: bytes, path: Path) -> Path:
    """Write an add-in as a workbook with macros, which is what LibreOffice has a filter for."""
    path.write_bytes(addin)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    types = parts["[Content_Types].xml"]
    parts["[Content_Types].xml"] = types.replace(b"excel.addin.macroEnabled", b"excel.sheet.macroEnabled")
    assert parts["[Content_Types].xml"] != types
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def as_in_vba(error: Exception) -> str:
    """Give an error of Python as the DLL hands it to VBA: the traceback with its last line first."""
    name = f"{type(error).__module__}.{type(error).__name__}"
    return f'{name}: {error}\n    raise {name}\n  File "registration.py", line 1, in call'


def without_conditions(source: str) -> str:
    """Give VBA without conditional compilation, as 64-bit Windows compiles it; LibreOffice's Basic has none."""
    lines, keep = [], [True]
    for line in source.splitlines():
        word = line.strip()
        if found := re.match(r"#If (.*) Then", word):
            keep.append(keep[-1] and found[1] in ("VBA7", "Win64"))
        elif word.startswith("#Else"):
            keep[-1] = keep[-2] and not keep[-1]
        elif word.startswith("#End If"):
            keep.pop()
        elif keep[-1]:
            lines.append(line)
    return "\n".join(lines)
