"""90 days of traffic of 50 tenants with labelled anomalies, as rows of the rollups.

Everything follows from the seed. A tenant has sections (features) with their own models, prompts
and seasons, customers of very unequal size, growth, noisy days, and changes that are no anomaly:
customers that come and go, slow growth, weekly batch jobs, a price that differs by model.
"""

import math
import random
from dataclasses import dataclass, field

DAYS = 90
TENANTS = 50
SLOT_HOURS = 3
SLOTS_A_DAY = 24 // SLOT_HOURS
WARM_UP_DAYS = 28
DAY = 86_400

# provider, model, dollars per million tokens: input, cached input, output
MODELS = [
    ("openai", "gpt-4o", 2.5, 1.25, 10.0),
    ("openai", "gpt-4o-mini", 0.15, 0.075, 0.6),
    ("openai", "gpt-4.1", 2.0, 0.5, 8.0),
    ("anthropic", "claude-sonnet-4-5", 3.0, 0.3, 15.0),
    ("anthropic", "claude-haiku-4-5", 1.0, 0.1, 5.0),
    ("google", "gemini-2.5-pro", 1.25, 0.31, 10.0),
    ("google", "gemini-2.5-flash", 0.3, 0.075, 2.5),
    ("mistral", "mistral-large-latest", 2.0, 2.0, 6.0),
]
DEAR = [("openai", "o3-pro", 20.0, 20.0, 80.0), ("anthropic", "claude-opus-4-1", 15.0, 1.5, 75.0)]
SECTIONS = ["agent:support", "agent:research/tool:web_search", "agent:sales_email", "agent:code_review",
            "search/rerank", "summarise", "agent:onboarding/step:draft", "translate"]
KINDS = ["cost_spike", "cost_drop", "new_expensive_model", "token_bloat", "retry_loop", "error_burst",
         "cache_hit_collapse", "unpriced_usage"]


@dataclass
class Section:
    name: str
    models: list  # (model, share)
    calls: float  # a day
    input: float
    output: float
    cached: float
    errors: float
    run: float  # calls of a run
    weekend: float
    night: float
    batch_day: int = -1  # of the week, with three times the calls


@dataclass
class Anomaly:
    tenant: str
    kind: str
    start: int  # slot
    slots: int
    subjects: dict  # dimension -> name, each a right answer
    factor: float
    model: tuple = None
    also: tuple = ()  # kinds that are right answers, too

    def active(self, slot):
        return self.start <= slot < self.start + self.slots


@dataclass
class Tenant:
    name: str
    sections: list
    customers: list  # (name, weight, first day, last day)
    growth: float  # a day
    noise: float
    anomalies: list = field(default_factory=list)


def poisson(rng, mean):
    if mean <= 0:
        return 0
    if mean > 40:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def make_tenant(rng, number):
    sections = []
    for name in rng.sample(SECTIONS, rng.randint(3, 6)):
        models = rng.sample(MODELS, rng.randint(1, 2))
        share = rng.uniform(0.6, 0.9) if len(models) > 1 else 1.0
        cached = rng.choice([0.0, 0.0, rng.uniform(0.2, 0.6)])
        sections.append(Section(
            name, list(zip(models, [share, 1 - share])), calls=rng.lognormvariate(math.log(600), 0.6),
            input=rng.lognormvariate(math.log(2000), 0.6), output=rng.lognormvariate(math.log(400), 0.4),
            cached=cached, errors=rng.uniform(0.002, 0.03), run=rng.uniform(2, 8),
            weekend=rng.uniform(0.15, 1.0), night=rng.uniform(0.1, 0.8),
            batch_day=rng.choice([-1, -1, -1, rng.randrange(7)])))
    customers = []
    for index in range(rng.randint(5, 20)):
        first = 0 if rng.random() < 0.85 else rng.randrange(DAYS)
        last = DAYS if rng.random() < 0.93 else rng.randrange(first, DAYS) + 1
        weight = rng.paretovariate(1.3)
        if first > 0 or last < DAYS:
            weight = min(weight, 1.5)  # who comes and goes is small; a large one that goes is a drop
        customers.append((f"customer_{index}", weight, first, last))
    tenant = Tenant(f"tenant_{number:02}", sections, customers, growth=rng.gauss(0.002, 0.003),
                    noise=rng.uniform(0.05, 0.18))
    make_anomalies(rng, tenant)
    return tenant


def make_anomalies(rng, tenant):
    """Three to five, apart from one another, after four weeks."""
    day = WARM_UP_DAYS + rng.randint(2, 8)
    for kind in rng.sample(KINDS, rng.randint(3, 5)):
        days = rng.choice([1, 1.5, 2, 3])
        start = int(day * SLOTS_A_DAY) + rng.randrange(SLOTS_A_DAY)
        if day + days + 1 >= DAYS:
            return
        anomaly = make_anomaly(rng, tenant, kind, start, int(days * SLOTS_A_DAY))
        if anomaly:
            tenant.anomalies.append(anomaly)
        day += days + rng.randint(6, 14)


def spend(section):
    return section.calls * sum(share * price(model, section.input, section.input * section.cached, section.output)
                               for model, share in section.models)


def price(model, input_tokens, cached, output_tokens):
    _, _, rate_in, rate_cached, rate_out = model
    return ((input_tokens - cached) * rate_in + cached * rate_cached + output_tokens * rate_out) / 1e6


def make_anomaly(rng, tenant, kind, start, slots):
    whole = sum(spend(section) for section in tenant.sections)
    day_of = start // SLOTS_A_DAY

    def size(section):  # on that day of the week
        weekday = day_of % 7
        share = section.weekend if weekday >= 5 else 1.0
        return spend(section) * share / whole

    large = [section for section in tenant.sections if size(section) >= 0.15]
    if not large:
        return None
    section = rng.choice(large)
    label = dict(tenant=tenant.name, kind=kind, start=start, slots=slots)
    if kind == "cost_spike":
        present = [c for c in tenant.customers if c[2] == 0 and c[3] == DAYS]
        total = sum(weight for _, weight, _, _ in present)
        heavy = [c for c in present if c[1] / total >= 0.08]
        if heavy and rng.random() < 0.5:
            customer = rng.choice(heavy)
            return Anomaly(**label, subjects={"customer_id": customer[0]}, factor=rng.uniform(4, 12))
        return Anomaly(**label, subjects={"section": section.name}, factor=rng.uniform(2.2, 6))
    if kind == "cost_drop":
        return Anomaly(**label, subjects={"section": section.name}, factor=rng.uniform(0.0, 0.25))
    if kind == "new_expensive_model":
        model = rng.choice(DEAR)
        return Anomaly(**label, subjects={"section": section.name, "model": model[1]},
                       factor=rng.uniform(0.3, 0.9), model=model, also=("cost_spike",))
    if kind == "token_bloat":
        return Anomaly(**label, subjects={"section": section.name}, factor=rng.uniform(2.0, 4.0), also=("cost_spike",))
    if kind == "retry_loop":
        return Anomaly(**label, subjects={"section": section.name}, factor=rng.uniform(3.5, 8), also=("cost_spike",))
    if kind == "error_burst":
        return Anomaly(**label, subjects={"section": section.name}, factor=rng.uniform(0.15, 0.8), also=("cost_drop",))
    if kind == "cache_hit_collapse":
        cached = [section for section in large if section.cached >= 0.2]
        if not cached:
            return None
        section = rng.choice(cached)
        return Anomaly(**label, subjects={"section": section.name}, factor=rng.uniform(0.0, 0.2), also=("cost_spike",))
    model = ("openai", "gpt-next-preview", None, None, None)
    return Anomaly(**label, subjects={"model": model[1], "section": section.name}, factor=rng.uniform(0.3, 1.0),
                   model=model, also=("cost_drop",))


def tenants(seed):
    rng = random.Random(seed)
    return [make_tenant(rng, number) for number in range(TENANTS)]


def rows(seed, tenant, start):
    """Rows of usage_15m and of runs, slot by slot; `start` is the first second of day 0."""
    rng = random.Random(f"{seed}/{tenant.name}")
    for day in range(DAYS):
        of_day = math.exp(rng.gauss(0, tenant.noise))
        weekday = day % 7
        for section in tenant.sections:
            of_section = of_day * math.exp(rng.gauss(0, tenant.noise))
            season = section.weekend if weekday >= 5 else 1.0
            if weekday == section.batch_day:
                season *= 3
            level = section.calls * season * of_section * (1 + tenant.growth) ** day
            for slot_of_day in range(SLOTS_A_DAY):
                hour = slot_of_day * SLOT_HOURS
                curve = section.night if hour < 6 or hour >= 21 else 1.0
                curve /= (3 * section.night + 5) / SLOTS_A_DAY
                slot = day * SLOTS_A_DAY + slot_of_day
                yield from slot_rows(rng, tenant, section, level * curve / SLOTS_A_DAY, slot, day, start)


def slot_rows(rng, tenant, section, calls, slot, day, start):
    active = [a for a in tenant.anomalies if a.active(slot)]
    of_section = [a for a in active if a.subjects.get("section") == section.name]
    run_calls, input_tokens, cached, errors, models = (
        section.run, section.input, section.cached, section.errors, section.models)
    for anomaly in of_section:
        if anomaly.kind in ("cost_spike", "cost_drop"):
            calls *= anomaly.factor
        elif anomaly.kind == "token_bloat":
            input_tokens *= anomaly.factor
        elif anomaly.kind == "retry_loop":
            run_calls, calls = run_calls * anomaly.factor, calls * anomaly.factor
        elif anomaly.kind == "error_burst":
            errors = anomaly.factor
        elif anomaly.kind == "cache_hit_collapse":
            cached *= anomaly.factor
        elif anomaly.model:
            models = [(anomaly.model, anomaly.factor)] + [(m, s * (1 - anomaly.factor)) for m, s in models]
    present = [c for c in tenant.customers if c[2] <= day < c[3]]
    weights = {name: weight for name, weight, _, _ in present}
    total = sum(weights.values()) or 1.0
    for anomaly in active:
        customer = anomaly.subjects.get("customer_id")
        if anomaly.kind == "cost_spike" and customer in weights:
            calls *= 1 + weights[customer] / total * (anomaly.factor - 1)
            weights[customer] *= anomaly.factor
    total = sum(weights.values()) or 1.0
    bucket = start + slot * SLOT_HOURS * 3600
    usd = made = 0
    for model, share in models:
        for customer, weight in weights.items():
            count = poisson(rng, calls * share * weight / total)
            if not count:
                continue
            failed = sum(rng.random() < errors for _ in range(count)) if count < 50 else poisson(rng, count * errors)
            failed = min(failed, count)
            good = count - failed
            tokens_in = round(good * input_tokens * math.exp(rng.gauss(0, 0.3 / math.sqrt(max(good, 1)))))
            tokens_out = round(good * section.output * math.exp(rng.gauss(0, 0.4 / math.sqrt(max(good, 1)))))
            tokens_cached = round(tokens_in * min(1, max(0, cached * rng.uniform(0.85, 1.15))))
            unpriced = good if model[2] is None else 0
            cost = 0 if model[2] is None else price(model, tokens_in, tokens_cached, tokens_out)
            usd, made = usd + cost, made + count
            if good:
                yield "usage_15m", (tenant.name, bucket, customer, model[0], model[1], section.name, "ok", f"{cost:.12f}",
                                    unpriced, good, good, 0, tokens_in, tokens_out, tokens_cached)
            if failed:
                yield "usage_15m", (tenant.name, bucket, customer, model[0], model[1], section.name, "error", "0",
                                    0, failed, failed, failed, 0, 0, 0)
    left, number = made, 0
    while left > 0:
        length = min(left, max(1, poisson(rng, run_calls)))
        cost = usd * length / made
        yield "runs", (tenant.name, bucket, f"{tenant.name}-{section.name}-{slot}-{number}", bucket, bucket + 60,
                       f"{cost:.12f}", length, length, "{'%s':%.12f}" % (section.name, cost))
        left, number = left - length, number + 1
