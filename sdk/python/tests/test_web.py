"""Middleware, and the servers that run workers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import llmobserve
from recordings import fixture
from llmobserve import context

PROGRAMS = Path(__file__).parent / "programs"
pytestmark = pytest.mark.libraries


def seen():
    current = context.current()
    return current.tenant_id, current.customer_id, bool(current.run_id), current.section_path


STALE = context.Context(tenant_id="stale", customer_id="stale", section_path="stale")
FRESH = (None, "kunde", True, "")


@pytest.fixture(autouse=True)
def stale():
    token = context.enter(STALE)
    yield
    context.leave(token)


def test_asgi():
    got = []

    async def app(scope, receive, send):
        got.append(seen())
        llmobserve.set_tenant_id("inside")

    middleware = llmobserve.ObservabilityMiddleware(app)

    async def run():
        await middleware({"type": "http", "headers": [(b"x-customer-id", b"kunde")]}, None, None)
        await middleware({"type": "lifespan"}, None, None)
        return context.current()

    assert asyncio.run(run()).tenant_id == "inside"  # the lifespan is nobody's request
    assert got == [FRESH, ("stale", "stale", False, "stale")]


def test_wsgi():
    def app(environ, start_response):
        llmobserve.set_tenant_id("inside")

        def body():
            yield repr(seen()).encode()

        return body()

    body = llmobserve.WSGIMiddleware(app)({"HTTP_X_CUSTOMER_ID": "kunde"}, None)
    assert context.current() == STALE
    assert list(body) == [repr(("inside", "kunde", True, "")).encode()]
    assert context.current() == STALE


def test_flask():
    import flask

    app = flask.Flask("app")
    app.before_request(llmobserve.flask_before_request)
    app.route("/")(lambda: repr(seen()))
    answer = app.test_client().get("/", headers={"X-Customer-ID": "kunde"})
    assert answer.text == repr(FRESH)


@pytest.mark.parametrize("is_async", [False, True])
def test_django(is_async):
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__,
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=["llmobserve.django_middleware"],
        )
        django.setup()
    from django.test import AsyncClient, Client

    headers = {"X-Customer-ID": "kunde"}
    if is_async:
        answer = asyncio.run(AsyncClient().get("/", headers=headers))
    else:
        answer = Client().get("/", headers=headers)
    assert answer.content.decode() == repr(FRESH)


def page(request):
    from django.http import HttpResponse

    return HttpResponse(repr(seen()))


def __getattr__(name):
    if name == "urlpatterns":
        from django.urls import path

        return [path("", page)]
    raise AttributeError(name)


@pytest.fixture
def serve(collector, provider, tmp_path):
    provider.replay(fixture("openai_chat.json"))
    running = []

    def begin(*command, **settings):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")}
        environment.update(
            TEST_PROVIDER_URL=provider.url,
            LLMOBSERVE_COLLECTOR_URL=collector.url,
            LLMOBSERVE_PROVIDER_HOSTS=f"openai={provider.netloc}",
            LLMOBSERVE_FLUSH_INTERVAL_MS="100",
            PYTHONPATH=os.pathsep.join([str(PROGRAMS), os.environ.get("PYTHONPATH", "")]),
            **settings,
        )
        log = open(tmp_path / "log", "w+")
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", *command],
                env=environment,
                cwd=tmp_path,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )
        return running[-1]

    yield begin
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fetch(url, tries=200):
    """Waits until there is a server. What one has got is not sent again."""
    for attempt in range(tries):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or attempt == tries - 1:
                raise
            time.sleep(0.1)
    return None


SERVERS = {
    "gunicorn": ["gunicorn", "-w", "2", "web_wsgi:application", "-b"],
    "gunicorn-preload": ["gunicorn", "-w", "2", "--preload", "web_wsgi:application", "-b"],
    "gunicorn-threads": ["gunicorn", "-w", "1", "--threads", "4", "web_wsgi:application", "-b"],
    "uvicorn": ["uvicorn", "--workers", "2", "web_asgi:app", "--port"],
}


@pytest.mark.parametrize("server", SERVERS)
def test_servers_with_workers(server, serve, collector):
    port = free_port()
    address = str(port) if server == "uvicorn" else f"127.0.0.1:{port}"
    process = serve(*SERVERS[server], address)
    url = f"http://127.0.0.1:{port}/"
    fetch(url)
    collector.wait(1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: fetch(f"{url}?tenant_{n % 5}"), range(60)))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) in (0, -signal.SIGTERM)
    calls = [call for call in collector.wait(61) if call.get("tenant_id")]
    assert len(calls) == 60 and collector.copies == 0
    assert {sum(c["tenant_id"] == f"tenant_{n}" for c in calls) for n in range(5)} == {12}
    assert len({call["run_id"] for call in calls}) == 60


def test_celery(serve, collector, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_BROKER", str(tmp_path))
    process = serve(
        "celery", "-A", "tasks", "worker", "-c", "2", "--without-gossip", "-l", "WARNING"
    )
    monkeypatch.syspath_prepend(str(PROGRAMS))
    monkeypatch.setenv("LLMOBSERVE_DISABLED", "1")
    import tasks

    for number in range(20):
        llmobserve.set_tenant_id(f"tenant_{number % 5}")
        llmobserve.set_customer_id(None)
        llmobserve.set_run_id(f"run_{number}")
        tasks.work.delay(llmobserve.export_context())
    collector.wait(40, timeout=30)
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    calls = collector.calls
    assert len(calls) == 20 and collector.copies == 0
    for call in calls:
        number = int(call["run_id"].split("_")[1])
        assert call["tenant_id"] == f"tenant_{number % 5}"
        assert call["section_path"] == "stale/tool:task"
