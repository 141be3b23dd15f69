"""The other end of basic.py: runs under LibreOffice's Python and lets tests run the Basic of a document.

Started by `basic.Basic`, never by hand. One JSON object a line: requests come on standard input, `{"do": name, ...}`,
and each is answered with `{"gives": ...}` or `{"error": sentence}`. What Basic asks of a stand-in goes out in between:
`{"ask": [object, method, arguments]}` and is answered on standard input with `{"gives": ...}` or `{"error": text}`.
"""

import json
import sys
import time

import uno
import unohelper
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.task import XJob
from com.sun.star.uno import RuntimeException


def property_value(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def say(message):
    print(json.dumps(message), flush=True)


def hear():
    return json.loads(sys.stdin.readline())


class Peer(unohelper.Base, XJob):
    """What Basic's stand-ins ask: `execute(Array(NamedValue("object.method", Array(arguments))))`."""

    def execute(self, asked):
        name, _, method = asked[0].Name.partition(".")
        say({"ask": [name, method, plain(asked[0].Value)]})
        reply = hear()
        if "error" in reply:
            raise RuntimeException(reply["error"], self)
        return shared(reply["gives"])


def plain(value):
    """Give what Basic hands over as JSON can say it."""
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def shared(value):
    """Give what JSON said as Basic takes it."""
    return tuple(shared(item) for item in value) if isinstance(value, list) else value


class Bridge:
    def __init__(self, pipe):
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        until = time.monotonic() + 100
        while True:
            try:
                self.context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except NoConnectException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        services = self.context.ServiceManager
        self.desktop = services.createInstanceWithContext("com.sun.star.frame.Desktop", self.context)

    def do_open(self, path):
        self.document = self.desktop.loadComponentFromURL(
            uno.systemPathToFileUrl(path),
            "_blank",
            0,
            (
                property_value("Hidden", True),
                property_value("FilterName", "Calc MS Excel 2007 VBA XML"),
                property_value("MacroExecutionMode", 4),
            ),
        )
        return list(self.document.BasicLibraries.ElementNames)

    def do_modules(self, library):
        found = self.document.BasicLibraries.getByName(library)
        return {name: found.getByName(name) for name in found.ElementNames}

    def do_replace(self, library, name, source):
        found = self.document.BasicLibraries.getByName(library)
        if found.hasByName(name):
            found.replaceByName(name, source)
        else:
            found.insertByName(name, source)

    def do_run(self, library, macro, arguments):
        url = f"vnd.sun.star.script:{library}.{macro}?language=Basic&location=document"
        script = self.document.getScriptProvider().getScript(url)
        return plain(script.invoke((Peer(), *map(shared, arguments)), (), ())[0])

    def do_quit(self):
        self.document.close(True)
        self.desktop.terminate()


def main(pipe):
    bridge = Bridge(pipe)
    say({"gives": "ready"})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"gives": getattr(bridge, "do_" + request.pop("do"))(**request)}
        except Exception as error:
            reply = {"error": (getattr(error, "Message", None) or str(error)).strip() or type(error).__name__}
        say(reply)


if __name__ == "__main__":
    main(sys.argv[1])
