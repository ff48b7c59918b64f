"""Some calls, and then an end of the given kind. Prints what happened on the way."""

import os
import signal
import sys
import threading
import time
import urllib.request

import httpx

import llmobserve

END, COUNT = sys.argv[1], int(sys.argv[2])
URL = os.environ["TEST_PROVIDER_URL"] + "/v1/chat/completions"


def call(count=COUNT):
    client = httpx.Client()
    for _ in range(count):
        client.post(URL, content=b'{"model":"m"}').raise_for_status()


def fork():
    """Threads of the parent, a stream under way and a queue that is not empty."""
    stream = httpx.Client().stream("POST", URL, content=b"{}")
    stream.__enter__()
    call()
    child = os.fork()
    llmobserve.set_customer_id("child" if child == 0 else "parent")
    call()
    if child == 0:
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    stream.__exit__(None, None, None)


def multiprocess():
    import multiprocessing

    worker = multiprocessing.get_context("fork").Process(target=call)
    call(1)
    worker.start()
    worker.join()
    assert worker.exitcode == 0


def pool():
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as executor:
        assert list(executor.map(call, [1] * COUNT)) == [None] * COUNT


def wait():
    print("ready", flush=True)
    while True:
        time.sleep(0.1)


def handled():
    """An application with a handler of its own."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    wait()


ENDS = {
    "return": lambda: None,
    "exit": lambda: sys.exit(3),
    "raise": lambda: 1 / 0,
    "_exit": lambda: os._exit(5),
    "sleep_exit": lambda: (time.sleep(1.0), os._exit(5)),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "wait": wait,
    "handled": handled,
    "fork": fork,
    "multiprocess": multiprocess,
    "pool": pool,
    "thread": lambda: threading.Thread(target=lambda: (time.sleep(0.2), call(1))).start(),
}

before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
if os.environ.get("TEST_WITHOUT") != "1":
    llmobserve.observe()
assert before == {number: signal.getsignal(number) for number in before}
if END not in ("fork", "multiprocess", "pool"):
    call()
ENDS[END]()
