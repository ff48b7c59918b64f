"""How well insights match the labels.

An insight is right when a day that it is about overlaps an injected anomaly of its tenant, its kind is
the anomaly's (or the effect of it, `anomalies.ALSO`), and its subject is what was injected: by name, or
because it is nearly the same usage (each of the two makes up half of the other, by what is usually
spent). Everything else is false: another subject, a second insight about the same anomaly on the same
day, the same one again more than two days later. Two things count neither way: the same one again on
the next two days (an anomaly that begins at noon is twice as large the next day), and a drop of the
whole tenant on a holiday, which is true and yet no mishap. Unpriced usage is told each day by design;
it counts once.

An anomaly is caught when its own kind was told, not an effect of it.
"""

import collections
import functools
import json

import anomalies
import traffic
from rows import usual_spend

AGAIN_DAYS = 2
NEARLY = 0.5


def right_subject(subject, anomaly, usual):
    named = {k: v for k, v in subject.items() if v is not None}
    dimension, name = anomaly.subject
    if anomaly.model and named.get("model") == anomaly.model[1]:
        return True
    if named == {dimension: name}:
        return True

    def inside(key):
        section, provider, model, customer = key
        here = {"section": section, "provider": provider, "model": model, "customer_id": customer}
        return all(here[k] == v for k, v in named.items())

    both = sum(usd for key, usd in usual.items() if inside(key) and anomaly.hits(key[0], key[1], key[3]))
    theirs = sum(usd for key, usd in usual.items() if inside(key))
    injected = sum(usd for key, usd in usual.items() if anomaly.hits(key[0], key[1], key[3]))
    if theirs == 0:  # a provider that came with the injected model
        return bool(anomaly.model) and named == {"provider": anomaly.model[0]}
    return both >= NEARLY * theirs and both >= NEARLY * injected


class Score:
    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)
        self.tenant_days = 0
        self.notes = []

    def judge(self, tenants, insights_by_day):
        """`insights_by_day` = {day: insights about the 24 hours before its first second}."""
        by_name = {tenant.name: tenant for tenant in tenants}
        usual = functools.lru_cache(maxsize=None)(lambda name, day: usual_spend(by_name[name], day))
        first_told = {}
        for day, insights in sorted(insights_by_day.items()):
            credited = set()
            # A cause before its effects: these have it in `ALSO`.
            for insight in sorted(insights, key=lambda insight: insight["type"] in ("cost_spike", "cost_drop")):
                tenant = by_name[insight["tenant_id"]]
                verdict = self.verdict(tenant, insight, day, usual, first_told, credited)
                self.counts[insight["type"]][verdict] += 1
                if verdict == "false":
                    self.notes.append(f"false: day {day} {tenant.name} {insight['type']} {insight['message']}"
                                      f" also {json.dumps(insight['evidence'].get('also', []))}")
            self.tenant_days += len(tenants)
        for tenant in tenants:
            for i, anomaly in enumerate(tenant.anomalies):
                caught = (tenant.name, i, anomaly.kind) in first_told
                self.counts[anomaly.kind]["labelled"] += 1
                self.counts[anomaly.kind]["caught"] += caught
                if not caught:
                    self.notes.append(f"missed: from day {anomaly.start / traffic.SLOTS_A_DAY} {anomaly}")

    def verdict(self, tenant, insight, day, usual, first_told, credited):
        kind = insight["type"]
        fit = []
        for i, anomaly in enumerate(tenant.anomalies):
            first, last = anomaly.start / traffic.SLOTS_A_DAY, (anomaly.start + anomaly.slots) / traffic.SLOTS_A_DAY
            of_kind = kind == anomaly.kind or kind in anomalies.ALSO.get(anomaly.kind, ())
            if of_kind and first < day and day - 1 < last:
                if right_subject(insight["subject"], anomaly, usual(tenant.name, day - 1)):
                    fit.append((kind != anomaly.kind, i))
        holiday = kind == "cost_drop" and not any(insight["subject"].values()) and day - 1 in tenant.holidays
        wrong = "holiday" if holiday else "false"
        if not fit:
            return wrong
        _, i = min(fit)
        if (tenant.name, i) in credited:
            return wrong
        credited.add((tenant.name, i))
        before = first_told.setdefault((tenant.name, i, kind), day)
        if before == day:
            return "right"
        return "again" if day - before <= AGAIN_DAYS or kind == "unpriced_usage" else wrong

    def table(self):
        yield (f"| {'kind':<19} | labelled | caught | recall | right | false | precision | again | holiday |"
               " false a tenant and quarter |")
        yield "|---|---|---|---|---|---|---|---|---|---|"
        counts = {**self.counts, "all": sum(self.counts.values(), collections.Counter())}
        for kind in [*anomalies.KINDS, "all"]:
            c = counts.get(kind, collections.Counter())
            recall = f"{c['caught'] / c['labelled']:.3f}" if c["labelled"] else "-"
            told = c["right"] + c["false"]
            precision = f"{c['right'] / told:.3f}" if told else "-"
            quarter = c["false"] * 90 / max(1, self.tenant_days)
            yield (f"| {kind:<19} | {c['labelled']} | {c['caught']} | {recall} | {c['right']} | {c['false']} |"
                   f" {precision} | {c['again']} | {c['holiday']} | {quarter:.3f} |")
