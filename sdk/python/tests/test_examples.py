"""The guide's examples against a real collector: `llmobserve up` with keys, on ports of its own.
They end in the right tenant's data, priced, and nobody else sees them."""

import json
import os
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import pytest

from recordings import EXPECTED, SCHEMAS, fixture
from fakes.provider import Provider, Recording

ROOT = SCHEMAS.parent
EXAMPLES = ROOT / "examples" / "python"
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

pytestmark = [pytest.mark.libraries, pytest.mark.up]
#: 1,200 input tokens of which 1,024 are cached, 300 output: gpt-4o at 2.5, 1.25 and 10 dollars.
PRICE = "0.00472"
TENANTS = ["user_abc123", "acme_corp", "globex_inc", "nobody", "unknown", "fixtures"]


@pytest.fixture(scope="module")
def up():
    from instance import BINARY, Instance
    from keys import Keys

    if not BINARY.exists():
        pytest.fail(f"{BINARY} is not built; `make build` makes it, `-m 'not up'` leaves this out")
    instance = Instance(settings={"LLMOBSERVE_AUTH": "required"})
    instance.start()
    instance.keys = Keys.make(instance, TENANTS)
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


def ask(up, tenant, path, timeout=20, until=bool):
    """As the tenant itself asks, with its own key."""
    deadline = time.monotonic() + timeout
    while True:
        answer = json.loads(up.get(path, up.keys.headers(tenant)), parse_float=str)
        if until(answer) or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


def stats(up, tenant, calls):
    return ask(up, tenant, "/dashboard/stats", until=lambda answer: answer["call_count"] >= calls)


def assert_hidden(up, tenant):
    """Nobody else sees it: not by asking for everything, nor for this tenant, nor without a key."""
    headers = up.keys.headers("nobody")
    assert json.loads(up.get("/runs/latest", headers)) == []
    for path, asking, status in (
        (f"/runs/latest?tenant_id={tenant}", headers, 403),
        (f"/runs/latest?tenant_id={tenant}", {}, 401),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            up.get(path, asking)
        assert refused.value.code == status


def test_example_1(up, openai):
    run("example_1_multi_tenant.py", up, openai, USER_API_KEY=up.keys.secrets["user_abc123"])
    totals = stats(up, "user_abc123", 2)
    assert (totals["call_count"], totals["unpriced_count"]) == (2, 0)
    assert float(totals["total_cost"]) == 2 * float(PRICE)
    customers = ask(up, "user_abc123", "/dashboard/customers")
    assert {row["customer_id"]: row["call_count"] for row in customers} == {
        "end_user_42": 1,
        None: 1,
    }
    runs = ask(up, "user_abc123", "/runs/latest")
    assert {run["tenant_id"] for run in runs} == {"user_abc123"}
    assert_hidden(up, "user_abc123")


def test_example_2(up, openai):
    for tenant in ("acme_corp", "globex_inc"):
        run("example_2_white_label.py", up, openai, tenant, up.keys.secrets[tenant])
    for tenant in ("acme_corp", "globex_inc"):
        totals = stats(up, tenant, 1)
        assert (totals["call_count"], totals["total_cost"]) == (1, PRICE)
        runs = ask(up, tenant, "/runs/latest")
        assert [run["tenant_id"] for run in runs] == [tenant]
        assert_hidden(up, tenant)


def test_example_3(up, openai):
    # What the dashboard of the Clerk user asks for, as the guide's front end does.
    shown = "tenant_id=user_abc123"
    before = stats(up, "user_abc123", 0)["call_count"]
    key = up.keys.secrets["user_abc123"]
    run("example_3_clerk.py", up, openai, LLMOBSERVE_API_KEY=key)
    assert stats(up, "user_abc123", before + 1)["call_count"] == before + 1
    sections = ask(up, "user_abc123", f"/stats/by-section?{shown}")
    by_path = {row["section_path"]: row for row in sections}
    assert by_path["feature:greeting"]["total_cost"] == PRICE
    (run_,) = [
        one
        for one in ask(up, "user_abc123", f"/runs/latest?{shown}")
        if one["top_section"] == "feature:greeting"
    ]
    detail = ask(up, "user_abc123", f"/runs/{run_['run_id']}?{shown}")
    (root,) = detail["spans"]
    assert (root["name"], root["span_type"]) == ("feature:greeting", "section")
    (call,) = root["children"]
    assert (call["model"], call["cost_usd"]) == ("gpt-4o-2024-08-06", PRICE)
    assert_hidden(up, "user_abc123")


UNKNOWN = {
    "a stream that says no usage": fixture("openai_chat_without_usage.sse"),
    "a stream that broke off": fixture("openai_chat.sse", breaks_after=3),
    "an answer that is no document": Recording(b"audio", content_type="audio/mpeg"),
}


def test_unknown_usage_is_an_unknown_cost_and_never_zero(up, openai, observe):
    import httpx

    import llmobserve

    os.environ["LLMOBSERVE_PROVIDER_HOSTS"] = f"openai={openai.netloc}"
    key = up.keys.secrets["unknown"]
    llmobserve.observe(collector_url=up.url, tenant_id="unknown", api_key=key)
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
    from llmobserve import runtime

    key = up.keys.secrets["fixtures"]
    llmobserve.observe(collector_url=up.url, tenant_id="fixtures", api_key=key)
    hosts = runtime.active().providers
    for name, wanted in EXPECTED.items():
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
    assert llmobserve.stats()["delivered"] == len(EXPECTED)
    assert stats(up, "fixtures", len(EXPECTED))["call_count"] == len(EXPECTED)
    models = ask(up, "fixtures", "/stats/by-model")
    priced = {row["model"]: row["unpriced_count"] for row in models}
    assert priced["claude-sonnet-4-5-20250929"] == 1  # the one that broke off
    assert priced["gemini-2.5-flash"] == 0 and priced["mistral-large-latest"] == 0
    assert priced["gpt-4o-2024-08-06"] == 1  # the stream without usage
