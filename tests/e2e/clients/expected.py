"""What a call's row must say: the counts of the recorded answer, and their price by the book."""

import functools
import json
import subprocess
from decimal import Decimal

from instance import BINARY
from recordings import EXPECTED

COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens")
COUNTS += ("cache_write_1h_tokens", "reasoning_tokens")
#: What a count consists of, in the price book's names. A part without a price of its own costs what
#: its whole costs.
PARTS = {
    "input_tokens": ("cache_read_tokens", "cache_write_tokens"),
    "cache_write_tokens": ("cache_write_1h_tokens",),
}


def row(recording, asked_model=None, is_streaming=False):
    """Of a call that a recording answered; `asked_model` where the answer names none."""
    provider, said = EXPECTED[recording]["provider"], EXPECTED[recording]["event"]
    model = asked_model or said["model"]
    book = prices(provider, model, said.get("service_tier"))
    return {
        "provider": provider,
        "model": model,
        "service_tier": said.get("service_tier"),
        **{name: said.get(name, 0) for name in COUNTS},
        "is_streaming": is_streaming,
        "status": "ok",
        "http_status": 200,
        "cost_usd": cost(said, {price["unit"]: price for price in book["prices"]}),
        "cost_source": "estimated" if book["estimated"] else "computed",
        "price_version": book["price_version"],
    }


@functools.lru_cache(None)
def prices(provider, model, service_tier):
    """What the price book says today, without the steps for very long inputs."""
    command = [BINARY, "prices", "show", "--json", "--provider", provider, "--model", model]
    command += ["--service-tier", service_tier] if service_tier else []
    book = json.loads(subprocess.check_output(command))
    book["prices"] = [p for p in book["prices"] if p["above_input_tokens"] is None]
    return book


def cost(said, book):
    counts = {**said.get("usage", {}), **said, "cache_read_tokens": said.get("cached_tokens", 0)}

    def of(unit, price_of_whole):
        price = price_of_one(book[unit]) if unit in book else price_of_whole
        parts = PARTS.get(unit, ())
        own = counts.get(unit, 0) - sum(counts.get(part, 0) for part in parts)
        return own * price + sum(of(part, price) for part in parts)

    searches = sum(n * price_of_one(book[u]) for u, n in said.get("usage", {}).items() if u in book)
    return of("input_tokens", None) + of("output_tokens", None) + searches


def price_of_one(price):
    return Decimal(price["usd"]) / price["per"]


def rows(instance, where, more=()):
    """Calls as `trace_events` has them, oldest first, in the shape of `row`, with more columns."""
    columns = ["provider", "model", "service_tier", *COUNTS, "is_streaming", "status", "http_status"]
    columns += ["toString(cost_usd) AS cost_usd", "cost_source", "price_version", *more]
    lines = instance.sql(
        f"SELECT {', '.join(columns)} FROM llmobserve.trace_events "
        f"WHERE span_type NOT IN ('agent', 'tool', 'section') AND {where} "
        "ORDER BY timestamp, created_at FORMAT JSONEachRow "
        "SETTINGS output_format_json_quote_64bit_integers = 0"
    ).splitlines()
    found = [json.loads(line) for line in lines]
    for one in found:
        one["cost_usd"] = None if one["cost_usd"] is None else Decimal(one["cost_usd"])
    return found
