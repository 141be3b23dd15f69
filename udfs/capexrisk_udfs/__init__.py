"""The Excel functions: cell ranges in, cell values out.

`FUNCTIONS` is the table that every host registers. `read` finds a review in ranges, and where each value stands.
"""

from capexrisk_udfs.cells import CallError
from capexrisk_udfs.functions import FUNCTIONS, Argument, Function
from capexrisk_udfs.ranges import Place, Reading, read
from capexrisk_udfs.runs import Run, run

__all__ = ["FUNCTIONS", "Argument", "CallError", "Function", "Place", "Reading", "Run", "read", "run"]
