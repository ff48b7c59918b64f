"""The example of a web service: two tenants at once, each with its own tree."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import llmobserve
from recordings import SCHEMAS, fixture

pytestmark = pytest.mark.libraries


def test_a_tenant_per_request(observe, provider, collector, monkeypatch):
    from starlette.testclient import TestClient

    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{provider.url}/v1")
    monkeypatch.syspath_prepend(str(SCHEMAS.parent / "examples" / "python"))
    monkeypatch.delitem(sys.modules, "fastapi_tenant_per_request", raising=False)
    observe()
    provider.replay(fixture("openai_chat.json", delay=0.05))
    from fastapi_tenant_per_request import app

    def ask(number):
        headers = {"X-Tenant": f"tenant_{number % 2}", "X-Customer-ID": f"customer_{number}"}
        return client.get("/ask?question=why", headers=headers).json()["tenant"]

    with TestClient(app) as client, ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(12))) == ["tenant_0", "tenant_1"] * 6
    assert llmobserve.flush(5)
    assert len(collector.calls) == 12 and len(collector.events) == 36
    runs = {}
    for event in collector.events:
        number = int(event["customer_id"].split("_")[1])
        assert event["tenant_id"] == f"tenant_{number % 2}"
        runs.setdefault(event["run_id"], set()).add((number, event["section_path"]))
    paths = {"agent:answer", "agent:answer/tool:search"}
    assert sorted(min(run)[0] for run in runs.values()) == list(range(12))
    assert all({path for _, path in run} == paths for run in runs.values())
