"""How a call may end: abandoned, broken, timed out, cancelled. The application sees what it would
see without us, and the event says what is known and nothing more."""

import asyncio
import gc
import socket

import aiohttp
import httpx
import pytest
import requests
import urllib3

import llmobserve
from recordings import fixture
from fakes.provider import Recording

BODY = b'{"model":"gpt-4o"}'


def stream_of(name, **behaviour):
    return fixture(name, pause=0.05, **behaviour)


def httpx_breaks(url):
    with httpx.stream("POST", url, content=BODY) as response:
        next(response.iter_bytes())


def httpx_async_breaks(url):
    async def run():
        async with httpx.AsyncClient() as client:
            async with client.stream("POST", url, content=BODY) as response:
                async for _ in response.aiter_bytes():
                    break

    asyncio.run(run())


def requests_breaks(url):
    with requests.post(url, data=BODY, stream=True) as response:
        next(response.iter_content(8))


def requests_forgets(url):
    response = requests.post(url, data=BODY, stream=True)
    next(response.iter_content(8))
    del response
    gc.collect()


def urllib3_breaks(url):
    response = urllib3.PoolManager().request("POST", url, body=BODY, preload_content=False)
    next(response.stream(8))
    response.close()


def aiohttp_breaks(url):
    async def run():
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=BODY) as response:
                await response.content.readany()

    asyncio.run(run())


BREAKS = [httpx_breaks, httpx_async_breaks, requests_breaks, requests_forgets, urllib3_breaks]
BREAKS.append(aiohttp_breaks)


@pytest.mark.parametrize("breaks", BREAKS)
def test_an_abandoned_stream_is_cancelled(breaks, observe, provider, one_event):
    observe(host="anthropic")
    provider.replay(stream_of("anthropic.sse"))
    breaks(f"{provider.url}/v1/messages")
    event = one_event()
    assert event["status"] == "cancelled"
    assert "output_tokens" not in event  # what came so far is not what is billed
    assert event.get("input_tokens", 2321) == 2321
    assert event.get("usage", {}).keys() <= {"output_text_tokens"}


def test_after_the_last_word_leaving_is_no_abandoning(observe, provider, one_event):
    observe()
    provider.replay(stream_of("openai_chat.sse"))
    with httpx.stream("POST", f"{provider.url}/v1/chat/completions", content=BODY) as response:
        for line in response.iter_lines():
            if line == "data: [DONE]":
                break
    event = one_event()
    assert (event["status"], event["output_tokens"]) == ("ok", 300)
    assert 0 < event["ttft_ms"] < event["latency_ms"]


def httpx_all(url):
    with httpx.stream("POST", url, content=BODY) as response:
        response.read()


def requests_all(url):
    requests.post(url, data=BODY).raise_for_status()


def aiohttp_all(url):
    async def run():
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=BODY) as response:
                await response.read()

    asyncio.run(run())


@pytest.mark.parametrize("read", [httpx_all, requests_all, aiohttp_all])
def test_a_broken_connection_raises_as_ever_and_is_an_unknown_cost(
    read, observe, provider, one_event
):
    provider.replay(stream_of("openai_chat.sse", breaks_after=3))
    url = f"{provider.url}/v1/chat/completions"
    with pytest.raises(Exception) as without:
        read(url)
    observe()
    with pytest.raises(Exception) as with_us:
        read(url)
    assert type(with_us.value) is type(without.value)
    assert str(with_us.value)[:40] == str(without.value)[:40]
    assert len(provider.requests) == 2  # one each: nothing is sent again
    event = one_event()
    assert (event["status"], event["http_status"]) == ("error", 200)
    assert event["usage"] == {"requests": 1}


@pytest.mark.parametrize("stage", ["head", "body"])
@pytest.mark.parametrize(
    ("send", "error"),
    [
        (lambda u: httpx.post(u, content=BODY, timeout=0.3), httpx.ReadTimeout),
        (
            lambda u: requests.post(u, data=BODY, timeout=0.3),
            (requests.ReadTimeout, requests.ConnectionError),
        ),
    ],
)
def test_timeouts(send, error, stage, observe, provider, one_event):
    observe()
    slow = {"delay": 1.0} if stage == "head" else {"pieces": 400, "pause": 1.0}
    provider.replay(fixture("openai_chat.json", **slow))
    with pytest.raises(error):
        send(f"{provider.url}/v1/chat/completions")
    event = one_event()
    assert event["status"] == "timeout"
    assert "input_tokens" not in event


def test_nobody_there_costs_nothing(observe, provider, collector):
    observe()
    url = f"{provider.url}/v1/chat/completions"
    provider.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, content=BODY)
    with pytest.raises(requests.ConnectionError):
        requests.post(url, data=BODY)
    assert llmobserve.flush(5)
    assert [event["status"] for event in collector.calls] == ["error", "error"]
    assert not [event for event in collector.calls if "usage" in event]


def test_a_cancelled_task(observe, provider, one_event):
    observe()
    provider.replay(fixture("openai_chat.json", delay=2.0))

    async def run():
        async with httpx.AsyncClient() as client:
            url = f"{provider.url}/v1/chat/completions"
            await asyncio.wait_for(client.post(url, content=BODY), 0.2)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(run())
    event = one_event()
    assert (event["status"], event["error_type"]) == ("cancelled", "CancelledError")


def test_a_retry_of_the_application_is_a_call_of_its_own(observe, provider, collector):
    observe()
    provider.replay(Recording(b"{}", status=429))
    url = f"{provider.url}/v1/chat/completions"
    httpx.post(url, content=BODY)
    provider.replay(fixture("openai_chat.json"))
    httpx.post(url, content=BODY)
    assert llmobserve.flush(5)
    assert [event["status"] for event in collector.calls] == ["rate_limited", "ok"]


def test_an_error_of_ours_never_reaches_the_application(observe, provider, one_event, monkeypatch):
    from llmobserve import body, extract

    def broken(*_):
        raise RuntimeError("a bug")

    observe()
    monkeypatch.setattr(extract, "read", broken)
    provider.replay(stream_of("openai_chat.sse"))
    response = httpx.post(f"{provider.url}/v1/chat/completions", content=BODY)
    assert response.content == provider.default.body
    event = one_event()
    assert event["status"] == "ok" and "input_tokens" not in event
    monkeypatch.setattr(body.ServerSentEvents, "feed", broken)
    response = httpx.post(f"{provider.url}/v1/chat/completions", content=BODY)
    assert response.content == provider.default.body


def test_a_proxy_that_fails_after_it_was_reached_is_not_gone_around(observe, provider, proxy):
    """The request may have been sent on: never again."""
    observe(proxy_url=proxy.url)
    proxy.respond = lambda request: request.connection.shutdown(socket.SHUT_RDWR)
    for error, send in (
        (httpx.RemoteProtocolError, lambda u: httpx.post(u, content=BODY)),
        (requests.ConnectionError, lambda u: requests.post(u, data=BODY)),
    ):
        with pytest.raises((error, httpx.ReadError)):
            send(f"{provider.url}/v1/chat/completions")
    assert provider.requests == []


def test_disabled(observe, provider, collector, monkeypatch):
    monkeypatch.setenv("LLMOBSERVE_DISABLED", "1")
    llmobserve.observe(collector_url=collector.url)
    provider.replay(fixture("openai_chat.json"))
    with llmobserve.section("agent:x"):
        httpx.post(f"{provider.url}/v1/chat/completions", content=BODY)
    assert llmobserve.flush(1)
    assert collector.posts == 0
