"""The providers' own libraries, and those built on them: sync, async, streaming, with and
without the proxy. What the application gets is compared with what it gets without us."""

import json

import pytest

import llmobserve
from fakes.provider import Recording
from libraries import every, lasting, replay, run, ways

pytestmark = pytest.mark.libraries
LIBRARIES = list(every())


def cases():
    for library in LIBRARIES:
        for way in ways(library):
            yield pytest.param(library, way, id=f"{library.__name__}-{way}")


@pytest.mark.parametrize("through", ["directly", "proxy"])
@pytest.mark.parametrize(("kind", "way"), cases())
def test_library(kind, way, through, observe, provider, proxy, collector):
    replay(kind, way, provider)
    without = run(kind(provider.url), way)
    observe(
        host=kind.provider, proxy_url=proxy.url if through == "proxy" else None, tenant_id="acme"
    )
    assert run(kind(provider.url), way) == without
    assert llmobserve.flush(5)
    sent = [lasting(request) for request in provider.requests]
    assert len(sent) == 2 and sent[0] == sent[1]
    if through == "proxy":
        (call,) = proxy.calls
        assert call["tenant-id"] == "acme" and collector.events == []
        return
    assert proxy.calls == []
    (event,) = collector.calls
    assert (event["input_tokens"], event["output_tokens"]) == kind.counts
    assert (event["provider"], event["status"], event["tenant_id"]) == (kind.provider, "ok", "acme")
    assert event["model"]
    assert event.get("is_streaming", False) == ("stream" in way)


@pytest.mark.parametrize("through", ["directly", "proxy"])
@pytest.mark.parametrize("kind", LIBRARIES, ids=lambda kind: kind.__name__)
def test_errors_are_the_library_s_own(kind, through, observe, provider, proxy, collector):
    answer = {"error": {"type": "slow_down", "message": "no", "code": 429, "status": "X"}}
    provider.replay(Recording(json.dumps(answer).encode(), 429))
    with pytest.raises(kind(provider.url).error) as without:
        run(kind(provider.url), "whole")
    asked = len(provider.requests)
    observe(host=kind.provider, proxy_url=proxy.url if through == "proxy" else None)
    with pytest.raises(kind(provider.url).error) as with_us:
        run(kind(provider.url), "whole")
    assert type(with_us.value) is type(without.value)
    assert str(with_us.value) == str(without.value)
    assert len(provider.requests) == 2 * asked
    assert llmobserve.flush(5)
    events = collector.calls
    if through == "proxy":
        assert (len(proxy.calls), events) == (asked, [])
    else:
        assert [event["status"] for event in events] == ["rate_limited"] * asked
