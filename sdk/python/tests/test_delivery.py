"""Between the queue and the collector: away, slow, failing, talking nonsense; nothing that was
queued within the bound is lost, and nothing counts twice."""

import json
import socket
import threading
import time

import httpx
import pytest

import llmobserve
from recordings import fixture
from fakes.collector import Collector
from llmobserve import runtime, section, sender, transport


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Back-offs of milliseconds."""
    monkeypatch.setattr(sender, "BACKOFF_FIRST_S", 0.02)
    monkeypatch.setattr(sender, "BACKOFF_MAX_S", 0.1)


def record(count, start=0):
    for number in range(start, start + count):
        with section(f"n{number}"):
            pass


def numbers(collector):
    return sorted(int(event["section_path"][1:]) for event in collector.events)


@pytest.mark.parametrize("mode", ["500", "503", "404", "302", "429", "garbage", "portal"])
def test_failures_pass(mode, observe, collector):
    observe()
    collector.mode = mode
    record(50)
    assert not llmobserve.flush(0.3)
    record(50, 50)
    assert collector.posts >= 1 and collector.events == []
    assert llmobserve.stats()["queued"] == 100
    collector.mode = "ok"
    assert llmobserve.flush(5)
    assert numbers(collector) == list(range(100))
    assert llmobserve.stats() == {"delivered": 100, "rejected": 0, "dropped": 0, "queued": 0}


def test_nobody_there_and_then_somebody(observe, collector):
    collector.stop()
    observe()
    record(100)
    assert not llmobserve.flush(0.3)
    again = Collector(collector.port)
    assert llmobserve.flush(5)
    assert numbers(again) == list(range(100))
    again.stop()


def test_a_name_that_does_not_resolve_until_it_does(observe, collector, monkeypatch):
    observe(collector_url=f"http://collector.invalid:{collector.port}")
    record(10)
    assert not llmobserve.flush(0.3)
    assert llmobserve.stats()["queued"] == 10
    resolve = socket.getaddrinfo
    known = {"collector.invalid": "127.0.0.1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve(known.get(host, host), *rest, **more)
    )
    assert llmobserve.flush(5)
    assert numbers(collector) == list(range(10))


@pytest.mark.parametrize("url", ["not a url", "ftp://x", "http://", "http://127.0.0.1:99999"])
def test_an_address_that_is_none(url, observe):
    observe(collector_url=url)
    record(3)
    assert not llmobserve.flush(0.1)
    assert llmobserve.stats()["queued"] == 3


def test_a_slow_collector_slows_nobody(observe, provider, collector):
    observe()
    provider.replay(fixture("openai_chat.json"))
    collector.delay = 10.0
    record(1)
    time.sleep(0.1)
    client = httpx.Client()
    started = time.perf_counter()
    for _ in range(20):
        client.post(f"{provider.url}/v1/chat/completions", content=b"{}")
    assert time.perf_counter() - started < 2
    collector.delay = 0.0
    assert llmobserve.flush(15)
    assert len(collector.calls) == 20
    assert collector.copies == 0


def test_an_answer_that_was_lost_counts_once(observe, collector, monkeypatch):
    observe()
    accept, lost = collector._accept, threading.Event()

    def store_and_hang_up(request):
        if lost.is_set():
            return accept(request)
        lost.set()
        request.answer = lambda *_: request.connection.shutdown(socket.SHUT_RDWR)
        return accept(request)

    collector._accept = store_and_hang_up
    record(10)
    assert llmobserve.flush(5)
    assert numbers(collector) == list(range(10))
    assert collector.copies == 10


def test_the_bound(observe, collector, caplog):
    observe(queue_events_max=100)
    collector.mode = "500"
    record(150)
    assert llmobserve.stats()["dropped"] == 50
    collector.mode = "ok"
    assert llmobserve.flush(5)
    assert numbers(collector) == list(range(100))
    record(10, 200)
    assert llmobserve.flush(5)
    assert llmobserve.stats() == {"delivered": 110, "rejected": 0, "dropped": 50, "queued": 0}
    assert len([r for r in caplog.records if "queue is full" in r.message]) == 1
    llmobserve.shutdown()
    assert "50 dropped" in caplog.text


def test_bodies_are_bounded_too(observe, provider, collector, monkeypatch):
    from llmobserve import queue

    monkeypatch.setattr(queue, "BODY_BYTES_MAX", 100_000)
    observe(flush_interval_ms=60_000)
    provider.replay(fixture("openai_chat.json"))
    for _ in range(20):
        httpx.post(f"{provider.url}/v1/chat/completions", content=b"x" * 30_000)
    assert runtime.active()._queue._bytes < 150_000
    assert llmobserve.flush(5)
    assert len(collector.calls) == 20


def test_retry_after_is_kept(observe, collector):
    observe()
    collector.mode = "429"  # with Retry-After: 1
    record(1)
    collector_posts = wait_for(lambda: collector.posts)
    time.sleep(0.5)
    assert collector.posts == collector_posts
    collector.mode = "ok"
    assert wait_for(lambda: collector.events)


def wait_for(condition, timeout=5.0):
    deadline = time.monotonic() + timeout
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize(
    ("value", "seconds"), [("3", 3), ("99999", 300), ("-1", 0), ("soon", None), (None, None)]
)
def test_retry_after_values(value, seconds):
    assert transport._retry_after(value) == seconds


def test_retry_after_as_a_date():
    import email.utils

    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 55 < transport._retry_after(date) < 61


def test_too_large_requests_are_halved(observe, collector):
    accept = collector._accept

    def small_only(request):
        import gzip

        if gzip.decompress(request.body).count(b"\n") >= 10:
            request.answer(413, "application/problem+json", b"{}")
        else:
            accept(request)

    collector._accept = small_only
    observe()
    record(100)
    assert llmobserve.flush(5)
    assert numbers(collector) == list(range(100))


def test_refused_events_are_counted_and_not_sent_again(observe, collector, caplog):
    def refuse(request):
        request.answer(403, "application/problem+json", b'{"code":"tenant_forbidden"}')

    collector._accept = refuse
    observe()
    record(5)
    assert llmobserve.flush(5)
    assert llmobserve.stats() == {"delivered": 0, "rejected": 5, "dropped": 0, "queued": 0}
    assert "tenant_forbidden" in caplog.text


def test_some_rejected(observe, collector):
    def reject_one(request):
        body = {"accepted": 9, "rejected": [{"index": 3, "code": "too_long", "message": ""}]}
        request.answer(202, "application/json", json.dumps(body).encode())

    collector._accept = reject_one
    observe(flush_interval_ms=200)
    record(10)
    assert llmobserve.flush(5)
    assert llmobserve.stats() == {"delivered": 9, "rejected": 1, "dropped": 0, "queued": 0}


def test_each_key_goes_out_apart(observe, collector):
    observe(api_key="llmo_sk_process", tenant_id="process")
    record(3)
    for user in ("a", "b"):
        llmobserve.observe(tenant_id=user, api_key=f"llmo_sk_{user}")
        record(2)
    assert llmobserve.flush(5)
    assert (
        sorted((e["tenant_id"], key) for e, key in collector.received)
        == [
            ("a", "llmo_sk_a"),
            ("a", "llmo_sk_a"),
            ("b", "llmo_sk_b"),
            ("b", "llmo_sk_b"),
        ]
        + [("process", "llmo_sk_process")] * 3
    )


def test_flush_delivers_at_once(observe, collector):
    observe(flush_interval_ms=60_000)
    record(1)
    time.sleep(0.05)
    assert collector.posts == 0
    started = time.perf_counter()
    assert llmobserve.flush(5)
    assert time.perf_counter() - started < 1
    assert len(collector.events) == 1


def test_idle_is_silent(observe, collector):
    observe(flush_interval_ms=10)
    time.sleep(0.2)
    assert collector.posts == 0


def test_shutdown_and_begin_anew(observe, collector):
    observe()
    record(1)
    assert llmobserve.shutdown(5)
    record(1)
    observe()
    record(1, 1)
    assert llmobserve.flush(5)
    assert numbers(collector) == [0, 1]


def test_threads_record_while_it_fails_on_and_off(observe, collector):
    observe(queue_events_max=100_000, flush_interval_ms=5)
    stop = threading.Event()

    def flap():
        while not stop.wait(0.05):
            collector.mode = "ok" if collector.mode != "ok" else "500"
        collector.mode = "ok"

    flapping = threading.Thread(target=flap)
    flapping.start()
    workers = [threading.Thread(target=record, args=(500, n * 500)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stop.set()
    flapping.join()
    assert llmobserve.flush(20)
    assert numbers(collector) == list(range(4000))
    assert llmobserve.stats()["delivered"] == 4000
