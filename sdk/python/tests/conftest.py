import json
import os

import pytest

import llmobserve
from llmobserve import context, log, runtime

from fakes.collector import Collector
from fakes.provider import Provider
from fakes.proxy import Proxy


@pytest.fixture
def collector():
    server = Collector()
    yield server
    server.stop()


@pytest.fixture
def provider():
    server = Provider()
    yield server
    server.stop()


@pytest.fixture
def proxy():
    server = Proxy()
    yield server
    server.stop()


@pytest.fixture
def observe(collector, provider, monkeypatch):
    """`observe(...)` with the fakes' addresses; `host` is what the provider is taken for."""
    for name in list(os.environ):
        if name.startswith("LLMOBSERVE_"):
            monkeypatch.delenv(name)
    log.forget_said()
    token = context.enter(context.Context())

    def begin(host="openai", **settings):
        monkeypatch.setenv("LLMOBSERVE_PROVIDER_HOSTS", f"{host}={provider.netloc}")
        settings.setdefault("collector_url", collector.url)
        settings.setdefault("flush_interval_ms", 20)
        llmobserve.observe(**settings)

    yield begin
    collector.mode, collector.delay = "ok", 0.0
    llmobserve.shutdown(timeout=1)
    runtime._active = None
    context.leave(token)


@pytest.fixture
def one_event(collector):
    """The one event of the test, delivered."""

    def deliver():
        assert llmobserve.flush(5)
        events = collector.events
        assert len(events) == 1, json.dumps(events, indent=1)
        return events[0]

    return deliver
