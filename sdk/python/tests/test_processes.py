"""How processes end and divide: the application's exit is what it would be without us, and what
was recorded arrives, within the bounds that the README states."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recordings import fixture
from fakes.collector import Collector

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def start(collector, provider, tmp_path):
    provider.replay(fixture("openai_chat.json"))
    running = []

    def begin(end, count=5, **settings):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")}
        environment.update(
            TEST_PROVIDER_URL=provider.url,
            LLMOBSERVE_COLLECTOR_URL=collector.url,
            LLMOBSERVE_PROVIDER_HOSTS=f"openai={provider.netloc}",
            **settings,
        )
        process = subprocess.Popen(
            [sys.executable, PROGRAMS / "calls.py", end, str(count)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background jobs are born deaf to it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()


def ended(process, timeout=20):
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


ENDS = [("return", 0), ("exit", 3), ("raise", 1), ("thread", 0)]


@pytest.mark.parametrize(("end", "code"), ENDS)
def test_an_orderly_end_delivers_everything(end, code, start, collector):
    process = start(end, LLMOBSERVE_FLUSH_INTERVAL_MS="60000")
    assert ended(process)[0] == code
    assert len(collector.calls) == (6 if end == "thread" else 5)


@pytest.mark.parametrize(("end", "code"), [*ENDS, ("_exit", 5), ("kill", -9)])
def test_without_a_collector_the_end_is_the_same(end, code, start, collector):
    collector.stop()
    without = ended(start(end, TEST_WITHOUT="1"))
    process = start(end)
    started = time.monotonic()
    code_with, out, err = ended(process)
    assert (code_with, out) == (without[0], without[1]) and code_with == code
    assert time.monotonic() - started < 8
    if end in ("return", "thread"):
        assert "not delivered" in err


def test_a_hanging_collector_delays_the_end_by_its_bound(start, collector):
    collector.delay = 10
    started = time.monotonic()
    assert ended(start("return", LLMOBSERVE_EXIT_TIMEOUT_MS="1000"))[0] == 0
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("mode", ["ok", "500"])
def test_signals_do_what_they_did(number, mode, start, collector):
    collector.mode = mode
    without = start("wait", TEST_WITHOUT="1")
    process = start("wait")
    for one in (without, process):
        assert one.stdout.readline() == "ready\n"
    time.sleep(0.8)  # more than one flush interval
    for one in (without, process):
        one.send_signal(number)
    assert ended(process)[0] == ended(without)[0] != 0
    assert len(collector.calls) == (5 if mode == "ok" else 0)


def test_an_application_s_own_handler(start, collector):
    process = start("handled", LLMOBSERVE_FLUSH_INTERVAL_MS="60000")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 7
    assert len(collector.calls) == 5


def test_after_one_flush_interval_even_os_exit_loses_nothing(start, collector):
    assert ended(start("sleep_exit", LLMOBSERVE_FLUSH_INTERVAL_MS="100"))[0] == 5
    assert len(collector.calls) == 5


def test_fork(start, collector):
    code, _, err = ended(start("fork"))
    assert code == 0, err
    calls = collector.calls
    # Five before the fork and the stream are the parent's, and five each after it.
    assert len(calls) == 16 and collector.copies == 0
    assert len([c for c in calls if c.get("customer_id") == "child"]) == 5
    assert len([c for c in calls if c.get("customer_id") == "parent"]) == 5


@pytest.mark.parametrize(("end", "count"), [("multiprocess", 6), ("pool", 5)])
def test_workers_that_end_without_atexit(end, count, start, collector):
    code, _, err = ended(start(end, LLMOBSERVE_FLUSH_INTERVAL_MS="60000"))
    assert code == 0, err
    assert len(collector.calls) == count


@pytest.mark.parametrize("end", ["_exit", "kill", "return"])
def test_with_a_spool_nothing_is_lost(end, start, collector, tmp_path):
    collector.mode = "503"
    spool = str(tmp_path / "spool")
    assert ended(start(end, 20, LLMOBSERVE_SPOOL_DIR=spool))[0] in (5, -9, 0)
    assert collector.calls == []
    assert {oct(os.stat(Path(spool) / name).st_mode)[-3:] for name in os.listdir(spool)} == {"600"}
    collector.mode = "ok"
    assert ended(start("return", 1, LLMOBSERVE_SPOOL_DIR=spool))[0] == 0
    assert len(collector.calls) == 21
    assert os.listdir(spool) == []


def test_fork_with_a_spool(start, collector, tmp_path):
    code, _, err = ended(start("fork", LLMOBSERVE_SPOOL_DIR=str(tmp_path)))
    assert code == 0, err
    assert len(collector.calls) == 16 and collector.copies == 0
    assert os.listdir(tmp_path) == []


def test_a_spool_that_two_processes_share(start, collector, tmp_path):
    collector.mode = "503"
    living = start("wait", 3, LLMOBSERVE_SPOOL_DIR=str(tmp_path))
    assert living.stdout.readline() == "ready\n"
    ended(start("kill", 4, LLMOBSERVE_SPOOL_DIR=str(tmp_path)))
    collector.mode = "ok"
    ended(start("return", 1, LLMOBSERVE_SPOOL_DIR=str(tmp_path)))
    collector.wait(8)
    assert len(collector.calls) == 8 and collector.copies == 0


#: A file system of two pages on the spool's directory, then the program.
ON_A_FULL_DISK = [
    "unshare", "--map-root-user", "--mount", "sh", "-c",
    'mount -t tmpfs -o size=8k tmpfs "$LLMOBSERVE_SPOOL_DIR" && exec "$@"', "sh",
]  # fmt: skip


def may_mount(directory):
    environment = {**os.environ, "LLMOBSERVE_SPOOL_DIR": str(directory)}
    try:
        return subprocess.run([*ON_A_FULL_DISK, "true"], env=environment).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("disk", ["full", "limited"])
def test_a_full_disk_falls_back_to_memory(disk, collector, provider, tmp_path):
    """Really full where this user may mount one; a limit of a file's size ends a write halfway, too."""
    if disk == "full" and not may_mount(tmp_path):
        pytest.skip("no file system may be mounted here")
    provider.replay(fixture("openai_chat.json"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")}
    environment.update(
        TEST_PROVIDER_URL=provider.url,
        LLMOBSERVE_COLLECTOR_URL=collector.url,
        LLMOBSERVE_PROVIDER_HOSTS=f"openai={provider.netloc}",
        LLMOBSERVE_SPOOL_DIR=str(tmp_path),
        LLMOBSERVE_FLUSH_INTERVAL_MS="60000",
    )
    limit = (resource.RLIM_INFINITY,) * 2 if disk == "full" else (5000, 5000)
    process = subprocess.run(
        [
            *(ON_A_FULL_DISK if disk == "full" else []),
            *(sys.executable, PROGRAMS / "calls.py", "return", "50"),
        ],
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert process.returncode == 0, process.stderr
    assert process.stderr.count("spool failed") == 1
    assert len(collector.calls) == 50


def test_a_spool_that_cannot_be(start, collector, tmp_path):
    (tmp_path / "file").write_text("")
    assert ended(start("return", LLMOBSERVE_SPOOL_DIR=str(tmp_path / "file")))[0] == 0
    assert len(collector.calls) == 5


def test_a_cut_off_line_in_the_spool(start, collector, tmp_path):
    collector.mode = "503"
    ended(start("kill", 3, LLMOBSERVE_SPOOL_DIR=str(tmp_path)))
    (segment,) = tmp_path.iterdir()
    segment.write_bytes(segment.read_bytes()[:-20])
    collector.mode = "ok"
    ended(start("return", 1, LLMOBSERVE_SPOOL_DIR=str(tmp_path)))
    assert len(collector.calls) == 3


def test_recovery_while_the_process_lives(start, collector):
    collector.stop()
    process = start("wait")
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.7)
    again = Collector(collector.port)
    again.wait(5, timeout=8)
    process.kill()
    assert len(again.calls) == 5
    again.stop()
