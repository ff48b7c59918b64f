"""What is injected into a tenant's traffic, and its label.

A label says what was injected, when, and into what; it knows nothing of how anything is detected.
An anomaly is large enough for someone to care: a fully hit day of a spike, a drop, a new model, a
longer prompt or a loop costs $1 and a tenth of the tenant's usual day more (or less); of a cache that
no longer hits, half of that; of a burst of errors, 15 % of the calls fail. Short ones (hours) are as
much stronger, so that the day shows them.
"""

import math
from dataclasses import dataclass

from traffic import DAYS, SLOTS_A_DAY, WARM_UP_DAYS, call_cost, slot_share, spend

DEAR = [("openai", "o3-pro", 20.0, 20.0, 80.0), ("anthropic", "claude-opus-4-1", 15.0, 1.5, 75.0)]
UNPRICED = ("openai", "gpt-next-preview", None, None, None)
USD_MIN = 1.0
SHARE_MIN = 0.1
CALLS_MIN = 60  # of a day, for errors and usage without a price
FOR_GOOD = DAYS
SCARCE = ("cost_drop", "token_bloat", "cache_hit_collapse")
# Kinds that a careful reader would accept as well: the effect instead of the cause.
ALSO = {
    "new_expensive_model": ("cost_spike",), "token_bloat": ("cost_spike",), "retry_loop": ("cost_spike",),
    "cache_hit_collapse": ("cost_spike",), "error_burst": ("cost_drop",), "unpriced_usage": ("cost_drop",),
}


@dataclass
class Anomaly:
    tenant: str
    kind: str
    subject: tuple  # (dimension, name): whose events are changed
    start: int  # slot
    slots: int
    factor: float
    model: tuple = None  # that the events name instead
    share: float = 1.0  # of the runs

    def active(self, slot):
        return self.start <= slot < self.start + self.slots

    def hits(self, section, provider, customer):
        """Whether it changes such events."""
        dimension, name = self.subject
        return name == {"section": section, "provider": provider, "customer_id": customer}[dimension]


def inject(rng, tenant):
    """Up to five, each of another kind, apart from one another, after four weeks of the tenant's life."""
    day = max(WARM_UP_DAYS, tenant.start + WARM_UP_DAYS) + rng.randint(1, 8)
    changed = set()
    wanted = rng.randint(3, 5)
    # What few sections are fit for comes first half of the time, so that each kind is there often enough.
    kinds = sorted(rng.sample(KINDS, len(KINDS)), key=lambda kind: kind not in SCARCE or rng.random() < 0.5)
    for kind in kinds:
        if day >= DAYS - 3 or len(tenant.anomalies) == wanted:
            return
        anomaly = make(rng, tenant, kind, day, changed)
        if anomaly is None:
            continue
        if anomaly.slots >= FOR_GOOD:
            changed.add(anomaly.subject)
        tenant.anomalies.append(anomaly)
        day = math.ceil(day + min(anomaly.slots / SLOTS_A_DAY, 7)) + rng.randint(5, 12)


def make(rng, tenant, kind, day, changed):
    whole = usual(tenant, None, day)
    steady = [s for s in tenant.sections if s.start + s.ramp + 28 <= day or s.start == 0]
    steady = [s for s in steady if not s.sporadic and ("section", s.name) not in changed]
    start = day * SLOTS_A_DAY + rng.randrange(SLOTS_A_DAY)
    for section in rng.sample(steady, len(steady)):
        # The change, as a share of the section's usual day, that is large enough.
        least = max(USD_MIN, SHARE_MIN * whole) / usual(tenant, section, day)
        at = dict(tenant=tenant.name, kind=kind, subject=("section", section.name), start=start)
        anomaly = MAKERS[kind](rng, tenant, section, least, day, at)
        if anomaly:
            return anomaly
    return None


def usual(tenant, section, day):
    """Dollars of the section (of all for `None`) on that day of the week."""
    sections = tenant.sections if section is None else [section]
    return sum(spend(s) * (s.weekend if day % 7 >= 5 else 1.0) for s in sections if not s.sporadic)


def lasting(rng, *days):
    return max(1, int(rng.choice(days) * SLOTS_A_DAY))


def at_once(section, start, slots):
    """Which part of a day's calls it hits, at most a whole day's."""
    return sum(slot_share(section, slot) for slot in range(start, start + min(slots, SLOTS_A_DAY)))


def between(rng, low, high):
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def large_customer(rng, tenant, share_min):
    present = [c for c in tenant.customers if c.stays()]
    total = sum(c.weight for c in present)
    large = [c for c in present if c.weight / total >= share_min]
    return rng.choice(large) if large else None


def cost_spike(rng, tenant, section, least, day, at):
    slots = lasting(rng, 0.25, 0.5, 1, 1, 2, 3, 7, FOR_GOOD)
    customer = large_customer(rng, tenant, max(0.1, USD_MIN / usual(tenant, None, day)))
    if customer and rng.random() < 0.4:
        at["subject"], least = ("customer_id", customer.name), 1.2
    if least > 5:
        return None
    more = between(rng, max(1.2, least), 6)
    return Anomaly(**at, slots=slots, factor=1 + more / at_once(section, at["start"], slots))


def cost_drop(rng, tenant, section, least, day, at):
    slots = lasting(rng, 1, 1.5, 2, 3, 7, FOR_GOOD)
    customer = large_customer(rng, tenant, max(0.2, 1.5 * USD_MIN / usual(tenant, None, day)))
    if customer and rng.random() < 0.3:
        at["subject"] = ("customer_id", customer.name)
    elif least > 0.75:
        return None
    return Anomaly(**at, slots=slots, factor=rng.uniform(0.0, 0.3))


def new_expensive_model(rng, tenant, section, least, day, at):
    slots, model, share = lasting(rng, 1, 2, 3, 7, FOR_GOOD), rng.choice(DEAR), rng.uniform(0.2, 0.9)
    dearer = call_cost(section, model) * section.calls / spend(section) - 1
    if dearer * share < max(least, 0.5):
        return None
    return Anomaly(**at, slots=slots, factor=share, model=model)


def token_bloat(rng, tenant, section, least, day, at):
    slots, factor = lasting(rng, 1, 2, 3, 7, FOR_GOOD), between(rng, 1.8, 4)
    usual_cost = sum(share * call_cost(section, m) for m, share in section.models)
    cost = sum(share * call_cost(section, m, input=section.input * factor) for m, share in section.models)
    return Anomaly(**at, slots=slots, factor=factor) if cost / usual_cost - 1 >= least else None


def retry_loop(rng, tenant, section, least, day, at):
    slots, share = lasting(rng, 0.25, 0.5, 1, 2, 3), rng.uniform(0.15, 1)
    factor = 1 + between(rng, max(0.8, least), max(6, least)) / share / at_once(section, at["start"], slots)
    return Anomaly(**at, slots=slots, factor=max(3, factor), share=share) if least < 6 else None


def error_burst(rng, tenant, section, least, day, at):
    if section.calls * (section.weekend if day % 7 >= 5 else 1) < CALLS_MIN:
        return None
    if rng.random() < 0.4:  # the provider is down
        at["subject"] = ("provider", section.models[0][0][0])
    slots = lasting(rng, 0.25, 0.5, 1, 2)
    factor = rng.uniform(0.15, 0.6) / at_once(section, at["start"], slots)
    return Anomaly(**at, slots=slots, factor=factor) if factor <= 1 else None


def cache_hit_collapse(rng, tenant, section, least, day, at):
    factor = rng.uniform(0.0, 0.3)
    usual_cost = sum(share * call_cost(section, m) for m, share in section.models)
    cost = sum(share * call_cost(section, m, cached=section.cached * factor) for m, share in section.models)
    if cost / usual_cost - 1 < least / 2:
        return None
    return Anomaly(**at, slots=lasting(rng, 1, 2, 3, 7, FOR_GOOD), factor=factor)


def unpriced_usage(rng, tenant, section, least, day, at):
    if section.calls < CALLS_MIN:
        return None
    return Anomaly(**at, slots=lasting(rng, 1, 2, 3, 7), factor=rng.uniform(0.2, 1.0), model=UNPRICED)


MAKERS = {maker.__name__: maker for maker in (
    cost_spike, cost_drop, new_expensive_model, token_bloat, retry_loop, error_burst, cache_hit_collapse,
    unpriced_usage)}
KINDS = list(MAKERS)
