"""The files: blank workbooks, reading, recalculating, writing back, portfolio summary."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capexrisk_workbooks.results_file import read_results

__all__ = ["read_results"]


def __getattr__(name: str) -> Any:
    if name == "read_results":  # waits until it is asked for: the modules that only handle files need no numpy
        from capexrisk_workbooks.results_file import read_results

        return read_results
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
