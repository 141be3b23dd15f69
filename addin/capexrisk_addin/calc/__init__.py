"""The functions in LibreOffice Calc: an extension for the current user, and the process that computes for it.

LibreOffice runs `component` in its own Python, which needs nothing but the standard library; for each call that starts
or asks one `worker`, a process of the Python that capexrisk is installed in. Which Python that is, `install` writes
into the extension.
"""

from capexrisk_addin.calc.installation import install, remove, status
from capexrisk_addin.calc.office import OfficeError

__all__ = ["OfficeError", "install", "remove", "status"]
