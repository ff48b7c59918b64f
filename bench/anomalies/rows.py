"""A tenant's 90 days as rows of `usage_15m` and `runs`."""

import math
import random

from traffic import DAYS, ORDINARY_MAX, SLOT_HOURS, SLOTS_A_DAY, call_cost, price, slot_share

SPORADIC_DAYS = 0.25
ERRORS_MAX = 0.08  # share of the calls that fail on an ordinary day
AR = 0.4  # how much of a day's deviation the next day keeps


def rows(seed, tenant, start):
    """Table and row, slot by slot; `start` is the first second of day 0."""
    rng = random.Random(f"{seed}/{tenant.name}/rows")
    of_tenant, of_section = 0.0, dict.fromkeys((s.name for s in tenant.sections), 0.0)
    for day in range(DAYS):
        of_tenant = step(rng, of_tenant, tenant.noise)
        for section in tenant.sections:
            deviation = of_section[section.name] = step(rng, of_section[section.name], section.noise)
            calls = calls_of_day(rng, tenant, section, day, of_tenant + deviation)
            today = Today(rng, section, day)
            if calls <= 0 or day < tenant.start:
                continue
            for slot_of_day in range(SLOTS_A_DAY):
                slot = day * SLOTS_A_DAY + slot_of_day
                yield from slot_rows(rng, tenant, section, today, calls * slot_share(section, slot), slot, day,
                                     start + slot * SLOT_HOURS * 3600)


def step(rng, before, scale):
    """The next day's deviation: Student's t with four degrees of freedom, autoregressive."""
    heavy = rng.gauss(0, 1) / math.sqrt(rng.gammavariate(2, 0.5))
    return AR * before + math.sqrt(1 - AR * AR) * scale * heavy


def calls_of_day(rng, tenant, section, day, deviation):
    limit = math.log(ORDINARY_MAX)
    factor = math.exp(max(-limit, min(limit, deviation)))
    if section.sporadic:
        factor = rng.lognormvariate(0, 0.6) if rng.random() < SPORADIC_DAYS else 0.0
    if day % 7 >= 5:
        factor *= section.weekend
    if day % 7 == section.batch_day:
        factor *= 3
    launched = max(0.0, min(1.0, (day - section.start + 1) / section.ramp))
    return section.calls * factor * launched * tenant.holidays.get(day, 1.0) * (1 + tenant.growth) ** day


class Today:
    """A section's calls as they are on one day."""

    def __init__(self, rng, section, day):
        edits = math.prod(factor for since, factor in section.prompt_edits if since <= day)
        self.input = section.input * edits * math.exp(rng.gauss(0, 0.04))
        self.output = section.output * math.exp(rng.gauss(0, 0.04))
        self.cached = section.cached * math.exp(rng.gauss(0, 0.05))
        # Errors come in waves.
        self.errors = min(ERRORS_MAX, section.errors * rng.lognormvariate(0, 0.5))
        self.models = list(section.models)
        if section.migration:
            since, days, model = section.migration
            moved = max(0.0, min(1.0, (day - since + 1) / days))
            (first, share), rest = self.models[0], self.models[1:]
            self.models = [(first, share * (1 - moved)), (model, share * moved), *rest]


def slot_rows(rng, tenant, section, today, calls, slot, day, bucket):
    active = [a for a in tenant.anomalies if a.active(slot)]
    for anomaly in active:
        if anomaly.subject != ("section", section.name):
            continue
        if anomaly.kind in ("cost_spike", "cost_drop"):
            calls *= anomaly.factor
        elif anomaly.kind == "retry_loop":
            calls *= 1 + anomaly.share * (anomaly.factor - 1)
    models = [(model, share) for model, share in today.models if share > 0]
    for anomaly in active:
        if anomaly.model and anomaly.subject == ("section", section.name):
            models = [(anomaly.model, anomaly.factor)] + [(m, s * (1 - anomaly.factor)) for m, s in models]
    present = [(c, c.present(day)) for c in tenant.customers]
    total = sum(weight for _, weight in present) or 1.0
    usd = made = 0
    for model, share in models:
        for customer, weight in present:
            hits = [a for a in active if a.hits(section.name, model[0], customer.name)]
            mean = calls * share * weight / total
            for anomaly in hits:
                if anomaly.subject[0] == "customer_id":
                    mean *= anomaly.factor
            count = poisson(rng, mean)
            if count:
                measures, cost = cell(rng, tenant, today, model, customer, count, hits, day)
                usd, made = usd + cost, made + count
                names = (tenant.name, bucket, customer.name, model[0], model[1], section.name)
                yield from (("usage_15m", (*names, *row)) for row in measures)
    loops = [a for a in active if a.kind == "retry_loop" and a.subject == ("section", section.name)]
    yield from run_rows(rng, tenant, section, loops, usd, made, slot, bucket)


def cell(rng, tenant, today, model, customer, count, hits, day):
    """Measures of the good and of the failed calls of one customer with one model."""
    input_tokens, cached, errors = today.input * customer.prompt, today.cached, today.errors
    for anomaly in hits:
        if anomaly.kind == "token_bloat":
            input_tokens *= anomaly.factor
        elif anomaly.kind == "error_burst":
            errors = max(errors, anomaly.factor)
        elif anomaly.kind == "cache_hit_collapse":
            cached *= anomaly.factor
    failed = min(count, poisson(rng, count * errors))
    good = count - failed
    rows, cost = [], 0
    if good:
        spread = math.sqrt(good)
        tokens_in = round(good * input_tokens * math.exp(rng.gauss(0, 0.5 / spread)))
        tokens_out = round(good * today.output * math.exp(rng.gauss(0, 0.5 / spread)))
        tokens_cached = round(tokens_in * min(0.98, max(0, cached + rng.gauss(0, 0.2) * cached / spread)))
        unpriced = good if model[2] is None else 0
        if not unpriced:
            since, changed, factor = tenant.prices
            cost = price(model, tokens_in, tokens_cached, tokens_out)
            cost *= factor if changed == model and day >= since else 1.0
        rows.append(("ok", f"{cost:.12f}", unpriced, good, good, 0, tokens_in, tokens_out, tokens_cached))
    if failed:
        rows.append(("error", "0", 0, failed, failed, failed, 0, 0, 0))
    return rows, cost


def run_rows(rng, tenant, section, loops, usd, made, slot, bucket):
    """The calls, cut into runs: most are short, some are long."""
    left, number = made, 0
    while left > 0:
        mean = section.run
        for loop in loops:
            if rng.random() < loop.share:
                mean *= loop.factor
        length = min(left, 1 + poisson(rng, (mean - 1) * rng.gammavariate(3, 1 / 3)))
        cost = usd * length / made
        yield "runs", (tenant.name, bucket, f"{tenant.name}-{section.name}-{slot}-{number}", bucket, bucket + 60,
                       f"{cost:.12f}", length, length, "{'%s':%.12f}" % (section.name, cost))
        left, number = left - length, number + 1


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


def usual_spend(tenant, day):
    """What a day like that costs by section, provider, model and customer, without anything injected."""
    present = [(c.name, c.present(day) * c.prompt) for c in tenant.customers]
    total = sum(weight for _, weight in present) or 1.0
    usual = {}
    for section in tenant.sections:
        models = Today(random.Random(0), section, day).models
        scale = section.calls * (section.weekend if day % 7 >= 5 else 1.0)
        for model, share in models:
            for customer, weight in present:
                if share * weight > 0:
                    key = (section.name, model[0], model[1], customer)
                    usual[key] = usual.get(key, 0) + scale * share * call_cost(section, model) * weight / total
    return usual
