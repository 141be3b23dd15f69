"""Numbers and what is not a plain number, said as people read them."""

from __future__ import annotations

from math import isinf, isnan

from capexrisk import template
from capexrisk.template import Metric

BELOW_ZERO = "below 0"
NEVER = "never"
NOTHING_TO_COVER = "nothing to cover"
NO_VALUE_LEFT = "no value left"
NOT_STATED = "not stated"
DOES_NOT_RUN_OUT = f"not within {template.QUARTERS} quarters"
NOTHING_BREAKS = "Nothing, within the limits tried"
BREAKS_TODAY = "Breaks today, before any shock"


def money(value: float, unit: str = "") -> str:
    """Say an amount with three or more digits and its unit: "−120 m"."""
    size = abs(value)
    digits = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2
    return _signed(f"{size:,.{digits}f}", value) + (f" {unit}" if unit else "")


def share(value: float) -> str:
    """Say a share as a percentage: 0.25 is "25%", 0.005 is "0.5%"."""
    size = abs(value) * 100
    digits = 0 if size >= 10 or abs(size - round(size)) < 0.05 else 1
    return _signed(f"{size:,.{digits}f}%", value)


def multiple(value: float) -> str:
    """Say a multiple: 0.7134 is "0.71x"."""
    return _signed(f"{abs(value):,.2f}x", value)


def cover(value: float) -> str:
    """Say a cover such as DSCR: inf is "nothing to cover", a negative one "below 0"."""
    if isinf(value):
        return NOTHING_TO_COVER
    return BELOW_ZERO if value < 0 else multiple(value)


def metric_value(metric: Metric, value: float) -> str:
    """Say a metric's value, numbers formatted by its kind."""
    if isnan(value):
        return metric.without
    if isinf(value):
        return metric.beyond
    if metric.key.endswith("_cover") and value < 0:
        return BELOW_ZERO
    if metric.kind == "share":
        return share(value)
    if metric.kind == "years":
        return years(value)
    return f"{value:,.0f}" if metric.kind == "index" else multiple(value)


def years(value: float) -> str:
    """Say a time in years: 4.47 is "4.5 years"."""
    return f"{value:,.1f} years"


def shock(key: str, value: float) -> str:
    """Say a shock in its own measure: "31%", "12 points", "300 basis points", "45 days"."""
    if key == "utilization":
        return f"{value * 100:.1f} points"
    if key == "rate_add":
        return f"{value * 10_000:,.0f} basis points"
    if key == "delay_days":
        return f"{value:.0f} days"
    return share(value)


def listed(names: list[str]) -> str:
    """Say names in a row: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def sentence(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """Begin with a small letter, within a sentence; "AI" stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _signed(text: str, value: float) -> str:
    negative = value < 0 and any(digit in text for digit in "123456789")
    return f"−{text}" if negative else text
