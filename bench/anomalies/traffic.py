"""Tenants as they are without anomalies: what each has, and how much of it on which day.

Everything follows from the seed. What follows here is ordinary and must not be told: weekends and
nights, days that vary (a day is like the one before it, and one in a hundred is far off), growth,
weekly batch jobs, sections that run once in a while, features that are launched, customers that come
and go, sections that move to another model of about the same price, prices and prompts that change a
little, errors that come in waves, holidays on which everything falls. Ordinary variation of one section
stays within `ORDINARY_MAX` of its course; what `anomalies.py` injects is more.
"""

import math
import random
from dataclasses import dataclass, field

DAYS = 90
SLOT_HOURS = 6
SLOTS_A_DAY = 24 // SLOT_HOURS
WARM_UP_DAYS = 28
ORDINARY_MAX = 1.5

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
SECTIONS = ["agent:support", "agent:research/tool:web_search", "agent:sales_email", "agent:code_review",
            "search/rerank", "summarise", "agent:onboarding/step:draft", "translate"]


@dataclass
class Section:
    name: str
    models: list  # (model, share of the calls)
    calls: float  # a weekday
    input: float  # tokens of a call
    output: float
    cached: float  # share of the input
    errors: float  # share of the calls
    run: float  # calls of a run
    weekend: float  # share of a weekday
    night: float
    noise: float
    batch_day: int = -1  # of the week, with three times the calls
    sporadic: bool = False  # runs one day in four
    start: int = 0  # day of the launch
    ramp: int = 1  # days until it is used in full
    migration: tuple = None  # (day, days that it takes, model instead of the first)
    prompt_edits: list = field(default_factory=list)  # (day, factor)


@dataclass
class Customer:
    name: str
    weight: float
    prompt: float  # its prompts against the section's
    first: int = 0
    last: int = DAYS
    ramp: int = 1

    def present(self, day):
        """Its weight on that day."""
        if not self.first <= day < self.last:
            return 0.0
        return self.weight * min(1.0, (day - self.first + 1) / self.ramp)

    def stays(self):
        return self.first == 0 and self.last == DAYS


@dataclass
class Tenant:
    name: str
    sections: list
    customers: list
    start: int  # first day of its life
    growth: float  # a day
    noise: float
    holidays: dict  # day -> share of the traffic that is left
    prices: tuple  # (day, model, factor)
    anomalies: list = field(default_factory=list)


def price(model, input_tokens, cached, output_tokens):
    _, _, rate_in, rate_cached, rate_out = model
    return ((input_tokens - cached) * rate_in + cached * rate_cached + output_tokens * rate_out) / 1e6


def call_cost(section, model, **changed):
    """Dollars of an average good call; `changed` = `input` or `cached` as they are not usually."""
    input_tokens, cached = changed.get("input", section.input), changed.get("cached", section.cached)
    return price(model, input_tokens, input_tokens * cached, section.output)


def spend(section):
    """Dollars of a weekday."""
    return section.calls * sum(share * call_cost(section, model) for model, share in section.models)


def slot_share(section, slot):
    """Which part of a day's calls falls into the slot."""
    at_night = slot % SLOTS_A_DAY in (0, SLOTS_A_DAY - 1)
    return (section.night if at_night else 1.0) / (2 + 2 * section.night)


def holidays_of_country(rng):
    """A single day, and some days in a row."""
    holidays = [(rng.randrange(WARM_UP_DAYS, DAYS), 1), (rng.randrange(WARM_UP_DAYS, DAYS - 4), rng.randint(2, 4))]
    return [day for first, days in holidays for day in range(first, first + days) if day % 7 < 5]


def make_section(rng, name, calls):
    models = rng.sample(MODELS, rng.choice([1, 1, 2]))
    share = rng.uniform(0.6, 0.9) if len(models) > 1 else 1.0
    section = Section(
        name, list(zip(models, [share, 1 - share])), calls=calls,
        input=rng.lognormvariate(math.log(2000), 0.6), output=rng.lognormvariate(math.log(300), 0.5),
        cached=rng.choice([0.0, rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.9)]), errors=rng.uniform(0.002, 0.03),
        run=rng.uniform(1.5, 8), weekend=rng.choice([1.0, rng.uniform(0.1, 0.9)]), night=rng.uniform(0.1, 0.9),
        noise=rng.uniform(0.03, 0.12), batch_day=rng.choice([-1, -1, -1, -1, rng.randrange(7)]))
    edits = rng.choice([0, 1, 2])
    section.prompt_edits = [(rng.randrange(DAYS), rng.uniform(0.85, 1.2)) for _ in range(edits)]
    return section


def make_sections(rng, small):
    median = rng.uniform(5, 40) if small else 800
    names = rng.sample(SECTIONS, rng.randint(2, 6))
    sections = [make_section(rng, name, rng.lognormvariate(math.log(median), 0.7)) for name in names]
    whole = sum(map(spend, sections))
    if rng.random() < 0.3:  # a feature that is launched
        section = max(sections, key=lambda s: -spend(s))
        section.start, section.ramp = rng.randrange(5, DAYS - 10), rng.randint(3, 14)
        limit_to(section, 0.2 * whole)
    steady = [s for s in sections if s.start == 0]
    if rng.random() < 0.3 and len(steady) > 1:  # evaluations, imports: once in a while
        section = min(steady, key=spend)
        section.sporadic, section.batch_day = True, -1
        limit_to(section, rng.uniform(0.03, 0.12) * whole)
    if rng.random() < 0.35:
        section = rng.choice(sections)
        now = section.models[0][0]
        alike = [m for m in MODELS if m not in [m for m, _ in section.models]
                 and 0.6 < call_cost(section, m) / call_cost(section, now) < 1.6]
        if alike:
            section.migration = (rng.randrange(10, DAYS), rng.choice([1, 1, 3, 7]), rng.choice(alike))
    return sections


def limit_to(section, dollars):
    section.calls *= min(1.0, dollars / spend(section))


def make_customers(rng):
    """Very unequal; who comes grows into its size, and who comes or goes is no large one."""
    count = rng.choice([rng.randint(2, 5), rng.randint(5, 15), rng.randint(15, 30)])
    customers = [Customer(f"customer_{i}", rng.paretovariate(1.2), rng.lognormvariate(0, 0.3)) for i in range(count)]
    for customer in customers[1:]:
        chance = rng.random()
        if chance < 0.12:
            customer.first, customer.ramp = rng.randrange(1, DAYS), rng.randint(3, 21)
        elif chance < 0.2:
            customer.last = rng.randrange(1, DAYS)
    total = sum(c.weight * c.prompt for c in customers if c.stays())
    for customer in customers:
        if not customer.stays():
            share = 0.15 if customer.first else 0.03
            customer.weight = min(customer.weight, share * total / customer.prompt)
    return customers


def make_tenant(rng, number, countries):
    sections = make_sections(rng, small=rng.random() < 0.2)
    depth = rng.choice([1.0, rng.uniform(0.25, 0.7), rng.uniform(0.25, 0.7)])
    model = rng.choice(rng.choice(sections).models)[0]
    return Tenant(
        f"tenant_{number:02}", sections, make_customers(rng),
        start=rng.choice([0] * 9 + [rng.randrange(1, 45)]),
        growth=rng.choice([rng.gauss(0.001, 0.003)] * 5 + [rng.uniform(0.008, 0.018)]),
        noise=rng.uniform(0.02, 0.08),
        holidays={day: depth for day in rng.choice(countries)},
        prices=(rng.randrange(DAYS), model, rng.choice([1.0, 1.0, rng.uniform(0.75, 1.3)])))


def make_tenants(seed, count):
    rng = random.Random(seed)
    countries = [holidays_of_country(rng) for _ in range(3)]
    return [make_tenant(random.Random(f"{seed}/{number}"), number, countries) for number in range(count)]
