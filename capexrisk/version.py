"""The version of the tool, as installed."""

from importlib.metadata import version

VERSION = version("capexrisk")
