"""What the model costs: seconds for many reviews, peak memory, milliseconds for one.

    python tests/benchmarks/model.py [REVIEWS ...]

Reviews are made as columns (about five customers each); every scenario, breakpoint, score and decision is computed.
The peer in the same run is the plain Python of `reference.py`, one review at a time.
"""

import resource
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from random_reviews import random_review
from reference import assess as reference_assess

from capexrisk import Policy, Reviews, assess

RUNS = 5


def made(n: int, seed: int = 1) -> Reviews:
    """Make n complete reviews as columns."""
    rng = np.random.default_rng(seed)

    def times(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, n)

    booked = rng.lognormal(6, 1, n)
    capex, debt = booked * times(0.1, 2), booked * times(0, 3)
    ai_revenue = booked * times(0.2, 1)
    owner = np.repeat(np.arange(n), rng.integers(1, 10, n))
    weight = rng.uniform(0, 1, owner.size)
    revenue = weight / np.bincount(owner, weight, n)[owner] * ai_revenue[owner] * 0.95
    customers = {"review": owner, "revenue": revenue, "backlog": 2 * revenue}
    for key, choices in {"kind": 8, "credit": 3, "take_or_pay": 2, "circular": 2}.items():
        customers[key] = rng.integers(0, choices, owner.size)
    figures = {
        "booked_revenue": booked,
        "ai_revenue": ai_revenue,
        "annual_capex": capex,
        "ai_capex": capex * times(0.5, 1),
        "debt_for_capex": capex * times(0, 1),
        "lease_commitments": booked * times(0, 2),
        "total_debt": debt,
        "debt_due_12m": debt * times(0, 0.4),
        "interest_expense": 0.07 * debt,
        "cash": booked * times(0, 1),
        "gross_margin": times(0, 0.8),
        "operating_margin": times(-0.3, 0.4),
        "depreciation": booked * times(0.05, 0.3),
        "run_rate_revenue": ai_revenue * times(0.9, 2),
        "utilization": times(0.5, 1),
    }
    return Reviews.from_columns(
        figures,
        customers,
        review_type=rng.integers(0, 4, n),
        includes_depreciation=rng.integers(0, 2, n),
        statuses=rng.integers(0, 4, (5, n)),
        sourced=rng.integers(0, 2, (5, n)),
        tested=rng.integers(0, 2, n),
    )


def median(call: Callable[[], object], runs: int = RUNS) -> float:
    """Give the median seconds of a call."""
    took: list[float] = []
    for _ in range(runs):
        start = perf_counter()
        call()
        took.append(perf_counter() - start)
    return statistics.median(took)


def main() -> None:
    """Measure and print."""
    sizes = [int(text) for text in sys.argv[1:]] or [100_000, 1_000_000]
    policy = Policy.built_in()
    records = [random_review(Random(seed)) for seed in range(20)]
    one = Reviews.from_records(records[:1])
    single = median(lambda: assess(one, policy), 200)
    whole = median(lambda: assess(Reviews.from_records(records[:1]), policy).result(0).as_json(), 200)
    peer = median(lambda: [reference_assess(record) for record in records], 3) / len(records)
    print(f"one review, figures only              {single * 1e3:8.2f} ms")
    print(f"one review, JSON in and out           {whole * 1e3:8.2f} ms")
    print(f"one review, plain Python              {peer * 1e3:8.2f} ms   {peer / whole:,.1f} times ours")
    for n in sizes:
        reviews = made(n)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took = median(lambda reviews=reviews: assess(reviews, policy), RUNS if n <= 200_000 else 2)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"{n:>9,} reviews                     {took:8.2f} s    {peer * n / took:,.0f} times plain Python; "
            f"peak memory {peak / 1024:,.0f} MB ({max(peak - before, 0) / 1024:,.0f} MB of it results)"
        )


if __name__ == "__main__":
    main()
