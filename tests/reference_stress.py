"""The reference calculation, part two: the eight quarters of a scenario, and what breaks first.

Money in the review's unit, shocks as fractions (days for delay_days, quarters for pause). A plain loop, one review and
one scenario at a time. Breakpoints are found by trying shocks out and narrowing down, never by solving for them.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from reference_inputs import Case

# driver, the shock it turns, what goes with it, largest tried (0: today's utilization), measured against
DRIVERS: tuple[tuple[str, str, dict[str, float], float, float], ...] = (
    ("customer spend", "volume", {}, 1, 0.25),
    ("top customer's spend", "top_volume", {}, 1, 0.50),
    ("price", "price", {}, 1, 0.20),
    ("utilization", "utilization", {"contracts_hold": 1}, 0, 0.20),
    ("interest rate", "rate_add", {}, 0.50, 0.03),
    ("refinancing", "financing_cut", {}, 1, 0.50),
    ("payment delay", "delay_days", {}, 730, 90),
    ("hardware resale value", "resale", {}, 1, 0.50),
)
STEPS = 16  # of the scan between no shock and the largest
CLOSE = 1e-9  # of the largest shock: nearer than that is the same shock


@dataclass(frozen=True)
class Run:
    """One scenario, simulated: liquidity at the end of each quarter; the rest is of the first four quarters."""

    liquidity: list[float]
    revenue: float
    ebitda: float
    interest: float
    lease: float
    repaid: float
    value: float

    @property
    def service(self) -> float:
        return self.interest + self.lease + self.repaid

    @property
    def lowest(self) -> float:
        return min(self.liquidity)


@dataclass(frozen=True)
class Payers:
    """The largest customer's share and protection, and the protection of all others."""

    s1: float
    p1: float
    po: float


def measure_payers(case: Case) -> Payers:
    """Who is the largest, and what contracts protect. Without AI revenue or a named payer s1 is 0."""
    A = case.x["ai_revenue"]
    largest = None
    for customer in case.customers:
        if customer.kind != "Consumer" and (largest is None or customer.revenue > largest.revenue):
            largest = customer
    others = [customer for customer in case.customers if customer is not largest]
    top = largest.revenue if largest is not None else 0.0
    base = max(A - top, sum(customer.revenue for customer in others))
    protected = sum(customer.revenue * customer.protection for customer in others)
    return Payers(
        s1=top / A if case.eps < A else 0.0,
        p1=largest.protection if largest is not None else 0.0,
        po=protected / base if base > case.eps else 0.0,
    )


def simulate(case: Case, shocks: dict[str, float]) -> Run:
    """Eight quarters under the shocks given; those not given are 0."""
    x, eps = case.x, case.eps
    payers = measure_payers(case)
    s1, p1, po = payers.s1, payers.p1, payers.po
    volume = shocks.get("volume", 0.0)
    top_volume = shocks.get("top_volume", 0.0)
    price = shocks.get("price", 0.0)
    top_price = shocks.get("top_price", 0.0)
    pause = shocks.get("pause", 0.0)
    delay_days = shocks.get("delay_days", 0.0)
    rate_add = shocks.get("rate_add", 0.0)
    financing_cut = shocks.get("financing_cut", 0.0)
    draw_cut = shocks.get("draw_cut", 0.0)
    resale = shocks.get("resale", 0.0)
    hold = shocks.get("contracts_hold", 0.0)
    u = min(1.0, shocks.get("utilization", 0.0) / x["utilization"])

    A = x["ai_revenue"]
    booked = x["booked_revenue"]
    cash_cost = booked - (x["operating_income"] + x["depreciation"])
    level = min(1.0, x["run_rate_revenue"] / A) if eps < A else 1.0
    funded = x["debt_for_capex"] / x["annual_capex"]
    mix = A / booked if booked > eps else 0.0

    liquidity = x["cash"] + x["undrawn_facilities"] * (1 - draw_cut)
    debt = x["total_debt"]
    renewed_so_far = 0.0
    path: list[float] = []
    year = {"revenue": 0.0, "ebitda": 0.0, "interest": 0.0, "lease": 0.0, "repaid": 0.0}
    for q in range(1, 9):
        keep = (1 - volume) * (1 - u)
        drop1 = 1 - keep * (1 - top_volume) * (0 if q <= pause else 1)
        dropo = 1 - keep
        v1 = level * (1 - drop1 * (1 - hold * p1))
        vo = level * (1 - dropo * (1 - hold * po))

        top_revenue = A / 4 * s1 * v1 * (1 - price * (1 - hold * p1)) * (1 - top_price)
        revenue = (booked - A) / 4 + top_revenue + A / 4 * (1 - s1) * vo * (1 - price * (1 - hold * po))
        cost = cash_cost / 4 * (1 - x["variable_cost_share"] * mix * (1 - (s1 * v1 + (1 - s1) * vo)))
        ebitda = revenue - cost

        due = (x["debt_due_12m"] if q <= 4 else x["debt_due_24m"]) / 4
        repaid = due * financing_cut
        renewed = due - repaid

        floating = x["floating_share"]
        interest = (debt * x["interest_rate"] + rate_add * (debt * floating + renewed_so_far * (1 - floating))) / 4
        lease = x["lease_payments_12m"] / 4
        if q > 4:
            lease = max(x["lease_payments_12m"], x["lease_commitments"] / x["lease_term"]) / 4

        capex = x["committed_capex"] / 4 if q <= 4 else 0.0
        borrowed = capex * funded * (1 - financing_cut)
        late = delay_days / 365 * 4 * top_revenue if q == 1 else 0.0

        liquidity += ebitda - interest - lease - (capex - borrowed) - repaid - late
        debt += borrowed - repaid
        renewed_so_far += renewed + borrowed

        path.append(liquidity)
        if q <= 4:
            year["revenue"] += revenue
            year["ebitda"] += ebitda
            year["interest"] += interest
            year["lease"] += lease
            year["repaid"] += repaid
    return Run(liquidity=path, value=x["hardware_value"] * (1 - resale), **year)


def judge(case: Case, run: Run) -> tuple[list[str], str]:
    """What gives way, and the verdict."""
    eps, secured = case.eps, case.x["secured_debt"]
    lowest, service = run.lowest, run.service
    gives_way: list[str] = []
    if lowest < -eps:
        gives_way.append("Liquidity")
    if run.ebitda < service - eps and lowest < service - eps:
        gives_way.append("Debt service")
    if secured - run.value > max(lowest, 0) + eps:
        gives_way.append("Collateral")
    if gives_way:
        return gives_way, "Breaks"
    if run.ebitda < 1.20 * service - eps and lowest < 2 * service - eps:
        return [], "Strained"
    if secured - 0.80 * run.value > max(lowest, 0) + eps:
        return [], "Strained"
    if lowest < (run.interest + run.lease) / 4 - eps:
        return [], "Strained"
    return [], "Holds"


def describe_outcome(case: Case, scenario: str, label: str, shocks: dict[str, float]) -> dict[str, object]:
    """One row of the stress table; inf as None."""
    run = simulate(case, shocks)
    gives_way, verdict = judge(case, run)
    eps, secured = case.eps, case.x["secured_debt"]
    runs_out = None
    for q, amount in enumerate(run.liquidity, start=1):
        if amount < -eps:
            runs_out = q
            break
    dscr = run.ebitda / run.service if run.service > eps else None
    if secured <= eps:
        ltv = 0.0
    elif run.value <= eps:
        ltv = None
    else:
        ltv = secured / run.value
    return {
        "scenario": scenario,
        "label": label,
        "revenue": run.revenue,
        "ebitda": run.ebitda,
        "dscr": dscr,
        "lowest_liquidity": run.lowest,
        "runs_out": runs_out,
        "ltv": ltv,
        "gives_way": gives_way,
        "verdict": verdict,
        "liquidity": run.liquidity,
    }


def margins(case: Case, run: Run) -> list[float]:
    """How far each limit is from being crossed, in money; negative is crossed.

    In this order: liquidity by quarter (8), EBITDA over service (1), liquidity over service by quarter (8), value over
    secured debt (1), liquidity over the shortfall of collateral by quarter (8).
    """
    shortfall = case.x["secured_debt"] - run.value
    return [
        *run.liquidity,
        run.ebitda - run.service,
        *(amount - run.service for amount in run.liquidity),
        -shortfall,
        *(amount - shortfall for amount in run.liquidity),
    ]


def anything_gives(crossed: list[bool]) -> bool:
    """Does something give way, from which of `margins` are crossed?"""
    liquidity = any(crossed[0:8])
    service = crossed[8] and any(crossed[9:17])
    collateral = crossed[17] and any(crossed[18:26])
    return liquidity or service or collateral


def find_break(case: Case, shock: str, along: dict[str, float], largest: float) -> float:
    """The smallest shock just beyond which something gives way; inf when none below the largest does.

    A scan finds between which shocks each margin changes sign, halving narrows each change down, and the stretches
    between two changes are then tried in order. A margin that no shock moves crosses nothing, unless it is crossed by
    more than noise at every shock.
    """

    def margins_at(size: float) -> list[float]:
        return margins(case, simulate(case, {**along, shock: size}))

    grid = [largest * step / STEPS for step in range(STEPS + 1)]
    scan = [margins_at(size) for size in grid]
    count = len(scan[0])
    still = [max(row[i] for row in scan) - min(row[i] for row in scan) <= case.eps for i in range(count)]
    changes = [0.0, largest]
    for i in range(count):
        if still[i]:
            continue
        for step in range(STEPS):
            if (scan[step][i] < 0) == (scan[step + 1][i] < 0):
                continue
            low, high = grid[step], grid[step + 1]
            before = scan[step][i] < 0
            while high - low > 1e-14 * largest:
                middle = (low + high) / 2
                if not low < middle < high:
                    break
                if (margins_at(middle)[i] < 0) == before:
                    low = middle
                else:
                    high = middle
            changes.append((low + high) / 2)
    changes.sort()
    for here, there in pairwise(changes):
        # A stretch this narrow is noise around one and the same crossing.
        if there - here <= CLOSE * largest:
            continue
        tried = margins_at((here + there) / 2)
        crossed = [tried[i] < (-case.eps if still[i] else 0) for i in range(count)]
        if anything_gives(crossed):
            return here
    return math.inf


def find_breakpoints(case: Case) -> list[tuple[str, float, float]]:
    """Each driver with its breaking shock and headroom (inf: never; both 0 when the review breaks unstressed)."""
    _, today = judge(case, simulate(case, {}))
    rows: list[tuple[str, float, float]] = []
    for driver, shock, along, largest, against in DRIVERS:
        size = 0.0
        if today != "Breaks":
            size = find_break(case, shock, along, largest or case.x["utilization"])
        rows.append((driver, size, size / against))
    return rows


def name_first(breakpoints: list[tuple[str, float, float]]) -> str | None:
    """The driver with the smallest headroom, the first of equals; None when no driver breaks it."""
    smallest = min(headroom for _, _, headroom in breakpoints)
    if smallest == math.inf:
        return None
    for driver, _, headroom in breakpoints:
        if headroom <= smallest + 1e-7 * max(1, smallest):
            return driver
    return None
