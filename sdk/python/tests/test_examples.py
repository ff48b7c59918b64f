"""The guide's examples against a real collector: `llmobserve up` on ports of its own. They end
in the right tenant's data, priced, and nobody else's."""

import json
import os
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import pytest

from conftest import SCHEMAS, fixture
from fakes.provider import Provider, Recording

ROOT = SCHEMAS.parent
EXAMPLES = ROOT / "examples" / "python"
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

pytestmark = [pytest.mark.libraries, pytest.mark.up]
#: 1,200 input tokens of which 1,024 are cached, 300 output: gpt-4o at 2.5, 1.25 and 10 dollars.
PRICE = "0.00472"


@pytest.fixture(scope="module")
def up():
    from instance import BINARY, Instance

    if not BINARY.exists():
        pytest.fail(f"{BINARY} is not built; `make build` makes it, `-m 'not up'` leaves this out")
    instance = Instance()
    instance.start()
    yield instance
    instance.terminate()


@pytest.fixture(scope="module")
def openai():
    server = Provider()
    server.replay(fixture("openai_chat.json"))
    yield server
    server.stop()


def run(example, up, openai, *arguments, **settings):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")}
    environment.update(
        COLLECTOR_URL=up.url,
        OPENAI_API_KEY="k",
        OPENAI_BASE_URL=f"{openai.url}/v1",
        LLMOBSERVE_PROVIDER_HOSTS=f"openai={openai.netloc}",
        **settings,
    )
    command = [sys.executable, EXAMPLES / example, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Grüße" in done.stdout and done.stderr == ""


def ask(up, path, timeout=20, until=bool):
    deadline = time.monotonic() + timeout
    while True:
        answer = json.loads(up.get(path), parse_float=str)
        if until(answer) or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


def stats(up, tenant, calls):
    return ask(
        up,
        f"/dashboard/stats?tenant_id={urllib.parse.quote(tenant)}",
        until=lambda answer: answer["call_count"] >= calls,
    )


def test_example_1(up, openai):
    run("example_1_multi_tenant.py", up, openai)
    totals = stats(up, "user_abc123", 2)
    assert (totals["call_count"], totals["unpriced_count"]) == (2, 0)
    assert float(totals["total_cost"]) == 2 * float(PRICE)
    customers = ask(up, "/dashboard/customers?tenant_id=user_abc123")
    assert {row["customer_id"]: row["call_count"] for row in customers} == {
        "end_user_42": 1,
        None: 1,
    }
    runs = ask(up, "/runs/latest?tenant_id=user_abc123")
    assert {run["tenant_id"] for run in runs} == {"user_abc123"}


def test_example_2(up, openai):
    for tenant in ("acme_corp", "globex_inc"):
        run("example_2_white_label.py", up, openai, tenant)
    for tenant in ("acme_corp", "globex_inc"):
        totals = stats(up, tenant, 1)
        assert (totals["call_count"], totals["total_cost"]) == (1, PRICE)
    for tenant in ("acme_corp", "globex_inc"):
        runs = ask(up, f"/runs/latest?tenant_id={tenant}")
        assert [run["tenant_id"] for run in runs] == [tenant]


def test_example_3(up, openai):
    before = stats(up, "user_abc123", 0)["call_count"]
    run("example_3_clerk.py", up, openai)
    assert stats(up, "user_abc123", before + 1)["call_count"] == before + 1
    sections = ask(up, "/stats/by-section?tenant_id=user_abc123")
    by_path = {row["section_path"]: row for row in sections}
    assert by_path["feature:greeting"]["total_cost"] == PRICE
    (run_,) = [
        one
        for one in ask(up, "/runs/latest?tenant_id=user_abc123")
        if one["top_section"] == "feature:greeting"
    ]
    detail = ask(up, f"/runs/{run_['run_id']}?tenant_id=user_abc123")
    (root,) = detail["spans"]
    assert (root["name"], root["span_type"]) == ("feature:greeting", "section")
    (call,) = root["children"]
    assert (call["model"], call["cost_usd"]) == ("gpt-4o-2024-08-06", PRICE)


UNKNOWN = {
    "a stream that says no usage": fixture("openai_chat_without_usage.sse"),
    "a stream that broke off": fixture("openai_chat.sse", breaks_after=3),
    "an answer that is no document": Recording(b"audio", content_type="audio/mpeg"),
}


def test_unknown_usage_is_an_unknown_cost_and_never_zero(up, openai, observe):
    import httpx

    import llmobserve

    os.environ["LLMOBSERVE_PROVIDER_HOSTS"] = f"openai={openai.netloc}"
    llmobserve.observe(collector_url=up.url, tenant_id="unknown")
    for recording in UNKNOWN.values():
        openai.replay(recording)
        try:
            httpx.post(f"{openai.url}/v1/chat/completions", content=b'{"model":"gpt-4o"}')
        except httpx.RemoteProtocolError:
            pass
    openai.replay(Recording(b'{"error":{"type":"invalid_request_error"}}', 400))
    httpx.post(f"{openai.url}/v1/chat/completions", content=b'{"model":"gpt-4o"}')
    openai.replay(fixture("openai_chat.json"))
    assert llmobserve.flush(10) and llmobserve.stats()["rejected"] == 0
    totals = stats(up, "unknown", len(UNKNOWN) + 1)
    assert totals["call_count"] == len(UNKNOWN) + 1
    assert totals["unpriced_count"] == len(UNKNOWN)  # the refusal is free
    assert totals["error_count"] == 2


def test_every_fixture_is_accepted_and_priced(up, openai, observe):
    """What the SDK builds of each provider's shape, sent to the collector itself."""
    import httpx

    import llmobserve
    from conftest import FIXTURES
    from llmobserve import runtime

    llmobserve.observe(collector_url=up.url, tenant_id="fixtures")
    expected = json.loads((FIXTURES / "expected.json").read_text())
    hosts = runtime.active().providers
    for name, wanted in expected.items():
        hosts._own, hosts._cache = {openai.netloc: wanted["provider"]}, {}
        openai.replay(fixture(name))
        model = "command-r-plus-08-2024" if wanted["provider"] == "cohere" else "gpt-4o"
        path = "/v1/embeddings" if "embed" in name else "/v1/chat/completions"
        if wanted["provider"] == "bedrock":
            path = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
        httpx.post(openai.url + path, content=f'{{"model":"{model}"}}'.encode())
    openai.replay(fixture("openai_chat.json"))
    assert llmobserve.flush(10)
    assert llmobserve.stats()["rejected"] == 0
    assert llmobserve.stats()["delivered"] == len(expected)
    assert stats(up, "fixtures", len(expected))["call_count"] == len(expected)
    models = ask(up, "/stats/by-model?tenant_id=fixtures")
    priced = {row["model"]: row["unpriced_count"] for row in models}
    assert priced["claude-sonnet-4-5-20250929"] == 1  # the one that broke off
    assert priced["gemini-2.5-flash"] == 0 and priced["mistral-large-latest"] == 0
    assert priced["gpt-4o-2024-08-06"] == 1  # the stream without usage
