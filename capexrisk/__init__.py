"""The risk model for reviews of AI capital expenditure: scores, stress, what breaks first, a decision.

>>> from capexrisk import Reviews, assess
>>> result = assess(Reviews.from_records([review])).result(0)  # doctest: +SKIP
>>> result.score, result.rating, result.decision  # doctest: +SKIP
"""

from capexrisk.assessment import Assessment, assess
from capexrisk.errors import InputError, PolicyError
from capexrisk.policy import Policy
from capexrisk.result import Finding, Result
from capexrisk.reviews import Reviews
from capexrisk.typed import ErrorCell
from capexrisk.version import VERSION

__all__ = [
    "VERSION",
    "Assessment",
    "ErrorCell",
    "Finding",
    "InputError",
    "Policy",
    "PolicyError",
    "Result",
    "Reviews",
    "assess",
]
