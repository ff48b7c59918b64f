"""Every library, every provider's shape, whole and streamed, with and without the proxy: the
same bytes as without us, one event, the provider's own counts."""

import json

import pytest

import llmobserve
from clients import POSTS
from recordings import EXPECTED, FIXTURES, fixture
from fakes.provider import Recording
from llmobserve import runtime

BODY = b'{"messages":[{"content":"the \\"model\\": \\"none\\""}],"model":"gpt-4o-asked"}'
FIELDS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens")
FIELDS += ("cache_write_1h_tokens", "reasoning_tokens", "model", "service_tier", "usage")


def expect(event, name):
    wanted = dict(EXPECTED[name]["event"])
    assert event["status"] == wanted.pop("status", "ok")
    assert event.get("error_type") == wanted.pop("error_type", None)
    assert event["provider"] == EXPECTED[name]["provider"]
    assert {f: event[f] for f in FIELDS if event.get(f)} == wanted


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("library", POSTS)
def test_every_shape_once_and_exactly(library, stream, observe, provider, collector):
    for name, wanted in EXPECTED.items():
        llmobserve.shutdown(1)
        collector.received.clear()
        observe(host=wanted["provider"], tenant_id="acme")
        provider.replay(fixture(name))
        status, body = POSTS[library](f"{provider.url}/v1/x?key=secret", BODY, stream)
        assert (status, body.strip()) == (200, provider.default.body.strip()), name
        assert llmobserve.flush(5)
        (event,) = collector.calls
        expect(event, name)
        assert event["tenant_id"] == "acme"
        assert event["endpoint"] == "/v1/x"
        assert event["http_status"] == 200
        assert event.get("is_streaming", False) == (not name.endswith(".json"))
        assert event["latency_ms"] > 0
    assert "secret" not in json.dumps(collector.events)
    for _, _, headers, sent in provider.requests:
        assert sent == BODY
        assert not [name for name in headers if "llmobserve" in name]


@pytest.mark.parametrize("library", POSTS)
def test_through_the_proxy_the_proxy_measures(library, observe, provider, proxy, collector):
    observe(proxy_url=proxy.url, tenant_id="köln", api_key="llmo_sk_1", environment="prod")
    llmobserve.set_customer_id("kunde 42")
    provider.replay(fixture("openai_chat.sse"))
    url = f"{provider.url}/v1/chat/completions?a=b"
    with llmobserve.section("agent:x"), llmobserve.section("tool:y"):
        run = llmobserve.get_run_id()
        status, body = POSTS[library](url, BODY, True)
    assert (status, body) == (200, provider.default.body)
    (call,) = proxy.calls
    assert call["target-url"] == url
    assert call["api-key"] == "llmo_sk_1"
    assert call["tenant-id"] == "köln"
    assert call["customer-id"] == "kunde 42"
    assert call["section-path"] == "agent:x/tool:y"
    assert call["section"] == "tool:y"
    assert call["environment"] == "prod"
    assert call["run-id"] == run
    assert call["span-id"] != call["parent-span-id"]
    ((_, path, headers, sent),) = provider.requests
    assert (path, sent) == ("/v1/chat/completions?a=b", BODY)
    assert headers["authorization"] == "Bearer sk-vendor"
    assert not [name for name in headers if "llmobserve" in name]
    assert llmobserve.flush(5)
    assert collector.calls == []
    assert len(collector.events) == 2  # the sections


@pytest.mark.parametrize("library", POSTS)
def test_a_proxy_that_is_away_is_left_out(library, observe, provider, proxy, one_event):
    proxy.stop()
    observe(proxy_url=proxy.url)
    provider.replay(fixture("openai_chat.json"))
    status, body = POSTS[library](f"{provider.url}/v1/chat/completions", BODY, False)
    assert (status, body) == (200, provider.default.body)
    assert len(provider.requests) == 1
    expect(one_event(), "openai_chat.json")


@pytest.mark.parametrize("library", POSTS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_compressed_bodies(library, stream, observe, provider, one_event):
    observe()
    provider.replay(fixture("openai_chat.sse", gzip=True, pieces=100))
    status, body = POSTS[library](f"{provider.url}/v1/chat/completions", BODY, stream)
    if library != "botocore":  # it leaves the decoding to others
        assert (status, body) == (200, provider.default.body)
    expect(one_event(), "openai_chat.sse")


@pytest.mark.parametrize("library", POSTS)
@pytest.mark.parametrize("size", [1, 7, 64])
def test_streams_cut_anywhere(library, size, observe, provider, collector):
    observe(host="anthropic")
    for name in ("anthropic.sse", "bedrock_converse.stream"):
        provider.replay(fixture(name, pieces=size))
        assert POSTS[library](f"{provider.url}/v1/messages", BODY, True)[1] == provider.default.body
    assert llmobserve.flush(5)
    assert [event["output_tokens"] for event in collector.calls] == [400, 25]


@pytest.mark.parametrize("library", POSTS)
@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "error"), (401, "error"), (408, "timeout"), (429, "rate_limited"), (500, "error")],
)
def test_refusals(library, status, outcome, observe, provider, one_event):
    observe()
    answer = b'{"error":{"message":"no, and here is your prompt","type":"some_error"}}'
    provider.replay(Recording(answer, status=status))
    assert POSTS[library](f"{provider.url}/v1/chat/completions", BODY, False) == (status, answer)
    event = one_event()
    assert (event["status"], event["http_status"]) == (outcome, status)
    assert event["error_type"] == "some_error"
    assert event["model"] == "gpt-4o-asked"
    assert "usage" not in event and "input_tokens" not in event
    assert "prompt" not in json.dumps(event)


@pytest.mark.parametrize("library", POSTS)
def test_what_is_no_call_is_left_alone(library, observe, provider, collector):
    observe()
    provider.replay(fixture("openai_chat.json"))
    for path in ("/v1/files", "/v1/messages/count_tokens", "/v1beta/models/x:countTokens"):
        POSTS[library](provider.url + path, BODY, False)
    assert llmobserve.flush(5)
    assert collector.events == []


@pytest.mark.parametrize("library", POSTS)
def test_other_hosts_are_left_alone(library, observe, provider, proxy, collector):
    observe(proxy_url=proxy.url)
    runtime.active().providers._own = {}
    provider.replay(fixture("openai_chat.json"))
    assert POSTS[library](f"{provider.url}/v1/chat/completions", BODY, False)[0] == 200
    assert llmobserve.flush(5)
    assert proxy.calls == [] and collector.events == []


def test_large_documents_are_read_at_their_ends(observe, provider, collector):
    observe()
    document = {
        "object": "list",
        "data": [{"index": 0, "embedding": [0.123456789] * 60_000}],
        "model": "text-embedding-3-large",
        "usage": {"prompt_tokens": 77, "total_tokens": 77},
    }
    provider.replay(Recording(json.dumps(document).encode(), pieces=65_536))
    for stream in (False, True):
        POSTS["httpx"](f"{provider.url}/v1/embeddings", BODY, stream)
        POSTS["requests"](f"{provider.url}/v1/embeddings", BODY, stream)
    assert llmobserve.flush(5)
    assert len(collector.calls) == 4
    for event in collector.calls:
        assert (event["input_tokens"], event["model"]) == (77, "text-embedding-3-large")
        assert event["span_type"] == "embedding"


def test_background_responses_count_when_they_are_fetched(observe, provider, collector):
    import httpx

    observe()
    document = json.loads((FIXTURES / "openai_responses.json").read_text())
    queued = {**document, "background": True, "status": "queued", "usage": None}
    done = {**document, "background": True}
    client = httpx.Client()
    provider.replay(Recording(json.dumps(queued).encode()))
    client.post(f"{provider.url}/v1/responses", content=BODY)
    client.get(f"{provider.url}/v1/responses/resp_1")
    provider.replay(Recording(json.dumps(done).encode()))
    client.get(f"{provider.url}/v1/responses/resp_1")
    client.get(f"{provider.url}/v1/responses/resp_1")
    assert llmobserve.flush(5)
    (event,) = collector.calls
    assert (event["id"], event["input_tokens"]) == ("resp_1", 900)
    assert collector.copies == 1


def test_redirects_are_one_call(observe, provider, one_event):
    import httpx

    observe()
    provider.replay(Recording(b"", 307, headers=[("Location", "/v1/there")]), "/v1/here")
    provider.replay(fixture("openai_chat.json"))
    client = httpx.Client(follow_redirects=True)
    assert client.post(f"{provider.url}/v1/here", content=BODY).status_code == 200
    expect(one_event(), "openai_chat.json")


def test_counts_that_contradict_each_other_have_no_price(observe, provider, one_event):
    import httpx

    observe()
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 9},
    }
    provider.replay(Recording(json.dumps({"model": "m", "usage": usage}).encode()))
    httpx.post(f"{provider.url}/v1/chat/completions", content=BODY)
    event = one_event()
    assert (event["input_tokens"], event["output_tokens"]) == (5, 1)
    assert "cached_tokens" not in event
    assert event["usage"] == {"cache_read_tokens": 9}
