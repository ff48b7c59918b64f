"""The schemas' fixtures: our validator refuses what the collector refuses, and takes what it
takes; and what the SDK builds of odd values is always taken."""

import datetime
import json
import time

import pytest

import llmobserve
from recordings import SCHEMAS
from fakes import contract
from llmobserve import config, context
from llmobserve import event as events


def cases(name):
    return json.loads((SCHEMAS / "fixtures" / name).read_text())


@pytest.mark.parametrize("case", cases("accepted.json"), ids=lambda c: c["name"])
def test_accepted(case):
    text = json.dumps(case["event"])
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    contract.check(json.loads(text.replace("$now", now)), time.time())


# What the SDK never sends, and text that Python's parser reads otherwise.
NOT_OURS = {"duplicate_field", "invalid_cost", "unreadable_json"}


@pytest.mark.parametrize(
    "case",
    [c for c in cases("rejected.json") if c["code"] not in NOT_OURS and "cost_usd" not in str(c)],
    ids=lambda c: c["name"],
)
def test_rejected(case):
    event = case["event"] if "event" in case else json.loads(case["event_text"])
    with pytest.raises(contract.Rejected, match=case["code"]):
        contract.check(event, time.time())


@pytest.mark.parametrize("case", cases("accepted.json"), ids=lambda c: c["name"])
def test_the_sdk_leaves_valid_fields_as_they_are(case):
    fields = {n: v for n, v in case["event"].items() if n not in ("timestamp", "cost_usd")}

    class Item:
        context = context.Context()

        def event(self):
            return dict(fields)

    made = json.loads(events.digest(Item(), config.DEFAULT).json)
    contract.check(made, time.time())
    wanted = {n: v for n, v in fields.items() if v is not None}
    assert {n: made.get(n) for n in wanted} == wanted


ODD = ["a\nb\x00c", "x" * 2000, "\ud800lone", "🙂" * 300, 'O\'Brien "& Söhne"', "", 7]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values(odd, observe, provider, collector):
    observe(tenant_id=odd, customer_id=odd, environment=odd)
    llmobserve.set_tenant_id(odd)
    llmobserve.set_customer_id(odd)
    llmobserve.set_trace_id(odd)
    llmobserve.set_run_id(odd)
    with llmobserve.section(odd, metadata={"odd": odd, "object": object(), "nan": float("inf")}):
        with llmobserve.section("large", metadata={"text": "x" * 20_000}):
            pass
    assert llmobserve.flush(5)
    assert len(collector.events) == 2
    assert llmobserve.stats()["rejected"] == 0
