"""The Python SDK and the proxy, both as they are, with authentication: the libraries' calls through
the proxy, and past it when it is away. The application gets what it gets without the SDK, the provider
is asked the same, and each call is one event with its own tenant, customer, run and section, with the
counts of its body and their price.
"""

import asyncio
import json
import os
import signal
import socket
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

import expected
import llmobserve
from fakes.provider import Recording
from instance import free_ports
from keys import Keys
from libraries import MESSAGES, every, recording_of, replay, run, ways
from libraries.openai import OpenAI
from llmobserve import context, proxy
from passing import assert_asked_the_same, replay_unasked
from recordings import fixture

LIBRARIES = list(every())
CROWD = [f"crowd{number}" for number in range(5)]
#: Columns that say whose call it is; and whether the proxy measured it, or the SDK.
CONTEXT = ("customer_id", "run_id", "section", "section_path", "parent_span_id", "environment")
CONTEXT += ("tenant_id", "ingest_key_id", "position(event_metadata, 'usage_basis') > 0 AS is_proxied")


@pytest.fixture(scope="module")
def world(begin):
    world = begin(LLMOBSERVE_AUTH="required")
    tenants = [kind.__name__ for kind in LIBRARIES]
    world.keys = Keys.make(world.up, [*tenants, *CROWD, "restarts"])
    return world


@pytest.fixture
def observe(world, monkeypatch):
    """`observe(tenant)`, through the proxy; afterwards the SDK does nothing again."""
    monkeypatch.setenv("LLMOBSERVE_PROVIDER_HOSTS", world.hosts)
    token = context.enter(context.Context())

    def begin(tenant=None, proxy_url=world.proxy_url):
        key = world.keys.secrets.get(tenant)
        llmobserve.observe(
            collector_url=world.up.url, tenant_id=tenant, api_key=key, proxy_url=proxy_url,
            environment="prod", flush_interval_ms=20,
        )

    yield begin
    llmobserve.shutdown(timeout=5)
    context.leave(token)


@pytest.mark.parametrize("proxy_is", ["there", "away"])
@pytest.mark.parametrize("kind", LIBRARIES, ids=lambda kind: kind.__name__)
def test_library(kind, proxy_is, world, observe):
    is_proxied, provider, tenant = proxy_is == "there", world.providers[kind.provider], kind.__name__
    # Past the proxy nobody asks for a usage that the application does not ask for.
    chosen = [way for way in ways(kind) if is_proxied or way not in getattr(kind, "unasked", ())]
    begun = len(provider.requests)
    without = []
    for way in chosen:
        replay_unasked(kind, way, provider)
        without.append(run(kind(provider.url), way))
    url = world.proxy_url if is_proxied else f"http://127.0.0.1:{free_ports(1)[0]}"
    observe(tenant, url)
    wanted = []
    for way, result in zip(chosen, without):
        replay(kind, way, provider)
        with whose(world, tenant, f"customer of {way}", f"tool:{way} ü") as columns:
            assert run(kind(provider.url), way) == result
        model = getattr(kind, "model", None)
        call = expected.row(recording_of(kind, way), model, "stream" in way)
        wanted.append({**call, **columns, "is_proxied": is_proxied})
    asked = provider.requests[begun:]
    assert len(asked) == 2 * len(chosen)
    for before, after in zip(asked, asked[len(chosen) :]):
        assert_asked_the_same(provider, before, after)
    assert llmobserve.flush(10) and llmobserve.stats()["rejected"] == 0
    mine = f"tenant_id = '{tenant}' AND is_proxied = {int(is_proxied)} AND http_status = 200"
    assert world.rows(len(wanted), mine, CONTEXT) == wanted
    world.calls += len(wanted)


class whose:
    """A customer, a run and two sections around a call; the columns that say so."""

    def __init__(self, world, tenant, customer, tool):
        self.columns = {
            "tenant_id": tenant,
            "ingest_key_id": world.keys.ids[tenant],
            "customer_id": customer,
            "section": tool,
            "section_path": f"agent:plan/{tool}",
            "environment": "prod",
        }
        self.sections = [llmobserve.section("agent:plan"), llmobserve.section(tool)]

    def __enter__(self):
        llmobserve.set_customer_id(self.columns["customer_id"])
        self.columns["run_id"] = llmobserve.set_run_id()
        for section in self.sections:
            section.__enter__()
        self.columns["parent_span_id"] = context.current().span_id
        return self.columns

    def __exit__(self, *error):
        for section in reversed(self.sections):
            section.__exit__(*error)


@pytest.mark.parametrize("kind", LIBRARIES, ids=lambda kind: kind.__name__)
def test_errors_are_the_library_s_own(kind, world, observe):
    provider, tenant = world.providers[kind.provider], kind.__name__
    answer = {"error": {"type": "slow_down", "message": "no", "code": 429, "status": "X"}}
    # As every provider does it sends a date, or the proxy would add one.
    date = [("Date", "Thu, 26 Nov 2026 22:01:54 GMT")]
    provider.replay(Recording(json.dumps(answer).encode(), 429, headers=date))
    begun = len(provider.requests)
    with pytest.raises(kind(provider.url).error) as without:
        run(kind(provider.url), "whole")
    asked = len(provider.requests) - begun
    observe(tenant)
    with pytest.raises(kind(provider.url).error) as with_us:
        run(kind(provider.url), "whole")
    assert type(with_us.value) is type(without.value)
    assert str(with_us.value) == str(without.value)
    assert len(provider.requests) - begun == 2 * asked
    found = world.rows(asked, f"tenant_id = '{tenant}' AND http_status = 429")
    refused = [(row["status"], row["cost_usd"], row["cost_source"]) for row in found]
    assert refused == [("rate_limited", 0, "none")] * asked
    world.calls += asked


def test_a_crowd(world, observe):
    """Threads and tasks of several tenants at once; each logs in for itself, as the guide has it."""
    provider = world.providers["openai"]
    provider.replay(fixture("openai_chat.json", delay=0.05))
    observe()
    settings = {"base_url": f"{provider.url}/v1", "api_key": "k", "max_retries": 0}
    sync, other = openai.OpenAI(**settings), openai.AsyncOpenAI(**settings)

    def login(number):
        tenant = CROWD[number % len(CROWD)]
        llmobserve.observe(tenant_id=tenant, api_key=world.keys.secrets[tenant])
        return whose(world, tenant, f"customer {number}", f"tool:number {number}")

    def in_a_thread(number):
        with login(number) as columns:
            sync.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        return columns

    async def in_a_task(number):
        with login(number) as columns:
            await other.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        return columns

    async def in_tasks():
        return await asyncio.gather(*(in_a_task(number) for number in range(100)))

    with ThreadPoolExecutor(20) as pool:
        tasks = pool.submit(asyncio.run, in_tasks())
        wanted = [*pool.map(in_a_thread, range(100, 200)), *tasks.result()]
    call = {**expected.row(OpenAI.fixtures[0]), "is_proxied": True}
    found = world.rows(len(wanted), "tenant_id LIKE 'crowd%'", CONTEXT)
    by_run = {row["run_id"]: row for row in found}
    assert by_run == {columns["run_id"]: {**call, **columns} for columns in wanted}
    assert len(found) == len(wanted) == 200
    world.calls += len(wanted)


def test_a_proxy_that_is_killed_and_comes_back(world, observe, monkeypatch):
    monkeypatch.setattr(proxy, "AVOID_S", 0.2)
    provider = world.providers["openai"]
    replay(OpenAI, "whole", provider)
    library, begun = OpenAI(provider.url), len(provider.requests)
    without = library.whole()
    observe("restarts")
    assert library.whole() == without  # leaves a connection to the proxy open
    world.rows(1, "tenant_id = 'restarts'")  # what is in memory dies with the process
    for process in world.up.children("proxy"):
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: not is_listening(world.up.proxy))
    assert library.whole() == without
    wait_until(lambda: is_ready(world.proxy_url))
    time.sleep(0.3)
    assert library.whole() == without
    assert len(provider.requests) - begun == 4
    assert llmobserve.flush(10)
    found = world.rows(3, "tenant_id = 'restarts'", CONTEXT)
    assert [row["is_proxied"] for row in found] == [True, False, True]
    assert {row["cost_usd"] for row in found} == {expected.row(OpenAI.fixtures[0])["cost_usd"]}
    world.calls += 3


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(proxy_url):
    try:
        with urllib.request.urlopen(f"{proxy_url}/ready", timeout=5):
            return True
    except OSError:
        return False


def wait_until(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_nothing_else_was_stored(world):
    """Each of the calls above is there once: a second event of one would show by now."""
    assert len(world.rows(world.calls, "1")) == world.calls
