"""Whose call it is: under asyncio, threads, pools, generators, and with a login in between."""

import asyncio
import concurrent.futures
import contextvars
import threading

import aiohttp
import httpx
import pytest

import llmobserve
from recordings import fixture
from llmobserve import agent, context, section, tool, trace

TENANTS = [f"tenant_{n}" for n in range(50)]
TASKS = 1000
THREADS = 200


@pytest.fixture
def spans(observe, collector):
    observe()

    def deliver():
        assert llmobserve.flush(10)
        return {event.get("section_path"): event for event in collector.events}

    return deliver


def expected_of(number):
    return {
        "tenant_id": TENANTS[number % 50],
        "customer_id": f"customer_{number}",
        "run_id": f"run_{number}",
        "trace_id": f"trace_{number}",
        "section_path": f"agent:a{number}/tool:t{number}/leaf",
    }


def begin(number):
    llmobserve.set_tenant_id(TENANTS[number % 50])
    llmobserve.set_customer_id(f"customer_{number}")
    llmobserve.set_run_id(f"run_{number}")
    llmobserve.set_trace_id(f"trace_{number}")


def check_calls(collector, count):
    calls = collector.calls
    assert len(calls) == count
    for event in calls:
        number = int(event["run_id"].split("_")[1])
        assert {name: event.get(name) for name in expected_of(number)} == expected_of(number)
    assert len({event["run_id"] for event in calls}) == count
    spans = [event for event in collector.events if event not in calls]
    assert len(spans) == 3 * count
    by_id = {event["span_id"]: event for event in spans}
    for event in calls:
        leaf = by_id[event["parent_span_id"]]
        assert leaf["section_path"] == event["section_path"]
        assert by_id[leaf["parent_span_id"]]["run_id"] == event["run_id"]


def test_a_thousand_tasks(observe, provider, collector):
    observe(queue_events_max=20_000)
    provider.replay(fixture("openai_chat.json"))

    async def work(client, number):
        begin(number)
        async with section(f"agent:a{number}"):
            await asyncio.sleep(0.001 * (number % 7))
            with section(f"tool:t{number}"):
                await asyncio.sleep(0)
                with section("leaf"):
                    url = f"{provider.url}/v1/chat/completions"
                    async with client.post(url, data=b"{}") as response:
                        assert response.status == 200

    async def run():
        # httpx looks through all waiting requests for each one: slow beyond some hundreds.
        connector = aiohttp.TCPConnector(limit=20)
        async with aiohttp.ClientSession(connector=connector) as client:
            await asyncio.gather(*(work(client, number) for number in range(TASKS)))

    asyncio.run(run())
    assert llmobserve.flush(20)
    check_calls(collector, TASKS)


def test_two_hundred_threads(observe, provider, collector):
    observe()
    provider.replay(fixture("openai_chat.json"))
    client = httpx.Client(limits=httpx.Limits(max_connections=20), timeout=60)
    barrier = threading.Barrier(THREADS)

    def work(number):
        begin(number)
        barrier.wait()
        with section(f"agent:a{number}"), section(f"tool:t{number}"), section("leaf"):
            client.post(f"{provider.url}/v1/chat/completions", content=b"{}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert llmobserve.flush(20)
    check_calls(collector, THREADS)


def test_a_pool_leaves_nothing_behind(observe):
    observe()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        llmobserve.set_tenant_id("a")
        assert pool.submit(llmobserve.get_tenant_id).result() == "a"
        assert pool.submit(llmobserve.set_tenant_id, "of the job").result() is None
        llmobserve.set_tenant_id("b")
        assert pool.submit(llmobserve.get_tenant_id).result() == "b"
        llmobserve.set_tenant_id(None)
        assert pool.submit(llmobserve.get_tenant_id).result() is None
        assert list(pool.map(lambda n: llmobserve.get_tenant_id(), range(3))) == [None] * 3


def test_only_our_own_variable_travels(observe):
    observe()
    theirs = contextvars.ContextVar("theirs", default="default")
    theirs.set("of the caller")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(theirs.get).result() == "default"


def test_threads_of_any_class_inherit(observe):
    observe()
    seen = []

    class Own(threading.Thread):
        def run(self):
            seen.append(llmobserve.get_tenant_id())
            llmobserve.set_tenant_id("of the thread")

    llmobserve.set_tenant_id("a")
    threads = [Own(), threading.Timer(0, lambda: seen.append(llmobserve.get_tenant_id()))]
    for thread in threads:
        thread.start()
        thread.join()
    assert seen == ["a", "a"]
    assert llmobserve.get_tenant_id() == "a"


def test_a_login_is_for_its_own_context_only(observe, provider, collector):
    """The guide's first example: `observe` at each login."""
    observe(tenant_id="platform", api_key="llmo_sk_platform")
    provider.replay(fixture("openai_chat.json"))
    url = f"{provider.url}/v1/chat/completions"

    async def request(user, logged_in, others_logged_in):
        if user:
            llmobserve.observe(tenant_id=user, api_key=f"llmo_sk_{user}")
        logged_in.set()
        await others_logged_in.wait()
        async with httpx.AsyncClient() as client:
            await client.post(url, content=b"{}", headers={"x": user or "nobody"})

    async def run():
        first, second, third = asyncio.Event(), asyncio.Event(), asyncio.Event()
        await asyncio.gather(
            request(None, first, third),
            request("user_a", second, third),
            request("user_b", third, third),
        )

    asyncio.run(run())
    assert llmobserve.flush(5)
    assert sorted((event["tenant_id"], key) for event, key in collector.received) == [
        ("platform", "llmo_sk_platform"),
        ("user_a", "llmo_sk_user_a"),
        ("user_b", "llmo_sk_user_b"),
    ]


def test_no_tenant_is_sent_that_was_not_set(observe, provider, one_event):
    observe()
    provider.replay(fixture("openai_chat.json"))
    httpx.post(f"{provider.url}/v1/chat/completions", content=b"{}")
    event = one_event()
    assert not {"tenant_id", "customer_id", "run_id", "trace_id"} & set(event)


def test_getters():
    assert llmobserve.get_trace_id() is None
    run = llmobserve.get_run_id()
    assert run == llmobserve.get_run_id()
    assert llmobserve.set_run_id("mine") == "mine" == llmobserve.get_run_id()
    assert llmobserve.set_run_id() not in ("mine", run)
    context.enter(context.Context())


def test_sections_form_a_tree(spans, collector):
    with pytest.raises(ValueError, match="as ever"), section("agent:research", metadata={"k": 1}):
        with section("step:plan"):
            pass
        with section("tool:search"):
            raise ValueError("as ever")
    seen = spans()
    root = seen["agent:research"]
    assert (root["span_type"], root["status"], root["error_type"]) == (
        "agent",
        "error",
        "ValueError",
    )
    assert root["event_metadata"] == {"k": 1}
    assert seen["agent:research/step:plan"]["span_type"] == "section"
    search = seen["agent:research/tool:search"]
    assert (search["span_type"], search["status"]) == ("tool", "error")
    assert search["parent_span_id"] == root["span_id"]
    assert len({event["run_id"] for event in collector.events}) == 1
    assert "as ever" not in str(collector.events)
    assert context.current().run_id is None and context.current().section_path == ""


def test_decorators(spans):
    @agent("a")
    def plain(x, *, y):
        """Doc."""
        return inner(x) + y

    @tool
    def inner(x):
        return x * 2

    @trace(step="s")
    async def coroutine(x):
        await asyncio.sleep(0)
        return context.current().section_path + x

    class Service:
        @tool("method")
        def method(self):
            return context.current().section_path

    assert plain(1, y=2) == 4
    assert (plain.__name__, plain.__doc__) == ("plain", "Doc.")
    assert asyncio.run(coroutine("!")) == "step:s!"
    assert asyncio.iscoroutinefunction(coroutine)
    assert Service().method() == "tool:method"
    assert set(spans()) == {"agent:a", "agent:a/tool:inner", "step:s", "tool:method"}
    with pytest.raises(ValueError, match="agent=, tool= or step="):
        trace()


def test_generators_keep_their_section_to_themselves(spans):
    @tool("g")
    def numbers():
        try:
            sent = yield path()
            yield f"{path()} {sent}"
            with section("inner"):
                yield path()
            return "done"
        finally:
            closed.append(True)

    def path():
        return context.current().section_path

    closed = []
    steps = numbers()
    assert (next(steps), path()) == ("tool:g", "")
    assert (steps.send("hello"), path()) == ("tool:g hello", "")
    with section("outer"):
        assert (next(steps), path()) == ("tool:g/inner", "outer")
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value == "done" and closed == [True]
    abandoned = numbers()
    next(abandoned)
    abandoned.close()
    assert closed == [True, True]
    thrown = numbers()
    next(thrown)
    with pytest.raises(KeyError):
        thrown.throw(KeyError("x"))
    seen = spans()
    assert seen["tool:g"]["span_type"] == "tool"


def test_async_generators(spans):
    @agent("g")
    async def numbers(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i, context.current().section_path

    async def run():
        seen = [(item, context.current().section_path) async for item in numbers(2)]
        assert seen == [((0, "agent:g"), ""), ((1, "agent:g"), "")]
        steps = numbers(9)
        await steps.__anext__()
        await steps.aclose()

    asyncio.run(run())
    assert spans()["agent:g"]["span_type"] == "agent"


def test_export_and_import():
    llmobserve.set_tenant_id("t")
    llmobserve.set_customer_id("c")
    llmobserve.set_run_id("r")
    context.adopt(None, "llmo_sk_secret", None)
    with section("agent:x"):
        exported = llmobserve.export_context()
    assert "secret" not in str(exported)

    def elsewhere():
        with llmobserve.import_context(exported), section("tool:y"):
            inside = context.current()
        llmobserve.import_context({"tenant_id": "other", "unknown": 1})
        return inside, context.current()

    inside, after = contextvars.Context().run(elsewhere)
    assert (inside.tenant_id, inside.customer_id, inside.run_id) == ("t", "c", "r")
    assert inside.section_path == "agent:x/tool:y"
    assert after == context.Context(tenant_id="other")
    context.enter(context.Context())
