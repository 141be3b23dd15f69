# ruff: noqa: N802 - methods of COM
"""Stand-ins for pywin32, so thin that the shipped `xlwings.udfs`, `com_server` and `_xlwindows` run without Windows.

    with installed() as classic:
        classic.call("CAPEX_VERSION", [])            # as a cell's wrapper calls it: the COM server's own CallUDF
        classic.call("CAPEX_PAYBACK", [Cells(rows), Cells(rows)])

What Excel is to COM is here a `Com` object: attributes and methods under Excel's own names. It goes through the same
doors as there: raw pointers (`PyIDispatch`) into the server, wrapped ones (`CDispatch`) inside it.
"""

import ctypes
import datetime as dt
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, util
from types import SimpleNamespace
from typing import Any

RANGE, OTHER = "{00020846-0000-0000-C000-000000000046}", "{000208D5-0000-0000-C000-000000000046}"
MISSING = -2147352572
"""How pywin32 hands over an argument that was left out."""

ERRORS = {
    "#DIV/0!": -2146826281,
    "#N/A": -2146826246,
    "#NAME?": -2146826259,
    "#NULL!": -2146826288,
    "#NUM!": -2146826252,
    "#REF!": -2146826265,
    "#VALUE!": -2146826273,
}
"""Excel's error values as they cross COM."""


class ComError(Exception):
    """pywintypes.com_error."""

    hresult = -2147352567


class Com:
    """An object of Excel's; its attributes are what is read and set, its methods what is called."""

    interface = OTHER


class Parent(Com):
    """What stands above a range: its sheet, the workbook, the application, as far as an argument is asked for it."""

    Hwnd = 1

    def __init__(self) -> None:
        self.Parent = self.Application = self


class Cells(Com):
    """A range of Excel as an argument: blank is None, numbers are floats, dates moments, errors their numbers."""

    interface = RANGE
    Worksheet, Row, Column = Parent(), 1, 1

    def __init__(self, rows: list[list[Any]]) -> None:
        values = tuple(tuple(map(_as_com, row)) for row in rows)
        self.Value = values[0][0] if len(values) == len(values[0]) == 1 else values
        self.Rows, self.Columns = SimpleNamespace(Count=len(values)), SimpleNamespace(Count=len(values[0]))


class PyIDispatch:
    """A raw pointer to an object of Excel's."""

    def __init__(self, target: Com) -> None:
        self.target = target

    def GetTypeInfo(self) -> Any:
        return SimpleNamespace(
            GetDocumentation=lambda _: (type(self.target).__name__,),
            GetTypeAttr=lambda: SimpleNamespace(iid=self.target.interface),
        )

    def GetIDsOfNames(self, _: int, name: str) -> int:
        if not hasattr(self.target, name):
            raise ComError(name)
        return 1


class CDispatch:
    """An object of Excel's as Python sees it through pywin32."""

    def __init__(self, target: Com) -> None:
        object.__setattr__(self, "_oleobj_", PyIDispatch(target))

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._oleobj_.target, name)
        return _method(value) if callable(value) and not isinstance(value, Com) else _wrapped(value)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._oleobj_.target, name, value)

    def __call__(self, *args: Any) -> Any:
        return _wrapped(self._oleobj_.target(*map(_unwrapped, args)))

    def __iter__(self) -> Iterator[Any]:
        return map(_wrapped, self._oleobj_.target)


class Classic:
    """xlwings' classic host as the add-in's VBA sees it."""

    def __init__(self, server: Any, said: list[tuple[str, str]]) -> None:
        self.server, self.said = server, said

    def call(self, name: str, arguments: list[Any]) -> Any:
        """Call a function as its VBA wrapper does; raises what VBA would see as an error."""
        given = [PyIDispatch(item) if isinstance(item, Com) else item for item in arguments]
        return self.server.CallUDF("capexrisk_udfs.registration", name, given)

    def ask(self, module: str, name: str, *arguments: Any) -> str:
        """Call a function of a module as the ribbon's VBA does, and give its text."""
        given = [PyIDispatch(item) if isinstance(item, Com) else item for item in arguments]
        server = self.server
        return server.Str(server.Call(server.Module(module), name, server.Tuple(*given)))


@contextmanager
def installed() -> Iterator[Classic]:
    """Put the stand-ins in place, import xlwings' parts behind them, and take all of it away again."""
    said: list[tuple[str, str]] = []
    modules = _modules(said)
    fresh = ("xlwings._xlwindows", "xlwings.udfs", "xlwings.com_server", "xlwings._win32patch")
    registration = "capexrisk_udfs.registration"
    kept = {name: sys.modules.pop(name, None) for name in (*modules, *fresh, registration)}
    sys.modules.update(modules)
    ours = {"oledll": _Any(), "windll": _Any(), "PyDLL": lambda *_: _Any()}
    theirs = {name: getattr(ctypes, name, None) for name in ours}
    for name, value in ours.items():
        setattr(ctypes, name, value)
    import xlwings

    func = xlwings.func
    try:
        udfs = import_module("xlwings.udfs")
        xlwings.func, xlwings._xlwindows = udfs.xlfunc, import_module("xlwings._xlwindows")  # pyright: ignore
        xlwings.engines.add(xlwings.main.Engine(impl=xlwings._xlwindows.engine))  # pyright: ignore
        com_server = import_module("xlwings.com_server")
        sys.modules[registration] = _copy(registration)
        yield Classic(com_server.XLPython(), said)
    finally:
        xlwings.func = func
        xlwings.engines.engines_by_name.pop("excel", None)
        for name, value in theirs.items():
            if value is None:
                delattr(ctypes, name)
            else:
                setattr(ctypes, name, value)
        for name, module in kept.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


def _copy(name: str) -> types.ModuleType:
    """Import a module once more, with the decorators that are in force now."""
    spec = util.find_spec(name)
    assert spec and spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _modules(said: list[tuple[str, str]]) -> dict[str, types.ModuleType]:
    def message(_: int, text: str, title: str, style: int) -> int:
        said.append((title, text))
        return 1

    def module(name: str, **contents: Any) -> types.ModuleType:
        made = types.ModuleType(name)
        made.__dict__.update(contents)
        return made

    def nothing(*_: Any) -> None:
        return None

    wrap = SimpleNamespace(wrap=lambda value, *_, **__: value, unwrap=_unwrap)
    client = module(
        "win32com.client",
        CDispatch=CDispatch,
        CoClassBaseClass=type("CoClassBaseClass", (), {}),
        DispatchBaseClass=type("DispatchBaseClass", (), {}),
        Dispatch=lambda pointer, userName=None, **_: CDispatch(pointer.target),
        DispatchEx=nothing,
    )
    server = module("win32com.server", util=wrap, policy=SimpleNamespace(DefaultPolicy=object), dispatcher=None)
    return {
        "pythoncom": module(
            "pythoncom",
            __file__=None,
            CoInitialize=nothing,
            ole_error=ComError,
            IID_IDispatch=OTHER,
            IID_IEnumVARIANT="enum",
            TypeIIDs={OTHER: PyIDispatch},
        ),
        "pywintypes": module("pywintypes", com_error=ComError, error=ComError, IID=str, TimeType=dt.datetime),
        "win32api": module("win32api", MessageBox=message),
        "win32con": module("win32con", MB_OK=0, MB_OKCANCEL=1, MB_YESNO=4, MB_YESNOCANCEL=3,
                           MB_ICONINFORMATION=64, MB_ICONWARNING=48),
        "win32event": module("win32event"),
        "win32gui": module("win32gui"),
        "win32process": module("win32process", GetWindowThreadProcessId=lambda _: (1, 1)),
        "win32timezone": module("win32timezone", TimeZoneInfo=SimpleNamespace(utc=lambda: dt.UTC)),
        "win32com": module("win32com", client=client, server=server),
        "win32com.client": client,
        "win32com.server": server,
        "win32com.server.util": wrap,  # pyright: ignore
        "win32com.server.policy": server.policy,  # pyright: ignore
        "win32com.server.dispatcher": module("win32com.server.dispatcher"),
    }  # fmt: skip


class _Any:
    """Gives itself for whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: Any) -> Any:
        return self


def _unwrap(value: Any) -> Any:
    if not hasattr(value, "obj"):
        raise ComError("not one of our own objects")
    return value


def _wrapped(value: Any) -> Any:
    return CDispatch(value) if isinstance(value, Com) else value


def _unwrapped(value: Any) -> Any:
    inner = getattr(value, "_oleobj_", None)
    return inner.target if isinstance(inner, PyIDispatch) else value


def _method(call: Any) -> Any:
    class Bound:
        def method(self, *args: Any) -> Any:
            return _wrapped(call(*map(_unwrapped, args)))

    return Bound().method


def _as_com(value: Any) -> Any:
    if isinstance(value, str):
        return ERRORS.get(value, value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return float(value) if type(value) is int else value
