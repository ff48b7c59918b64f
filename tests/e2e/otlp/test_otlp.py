"""The official exporters against `llmobserve up`: what they are told is stored is in the right
tenant's data, once, with its tree and its price."""

import json
import os
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE.parent), str(ROOT / "sdk" / "python" / "tests")]

from fakes.provider import Provider  # noqa: E402
from instance import Instance  # noqa: E402
from recordings import fixture  # noqa: E402

#: 1,200 input tokens of which 1,024 are cached, 300 output: gpt-4o at 2.5, 1.25 and 10 dollars.
PRICE = "0.00472"
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 1200,
    "gen_ai.usage.output_tokens": 300,
    "gen_ai.usage.cache_read.input_tokens": 1024,
    "user.id": "Grüße 🌍",
}


@pytest.fixture(scope="module")
def up():
    instance = Instance()
    instance.start()
    yield instance
    instance.terminate()


def ask(up, path, until=bool, timeout=20):
    deadline = time.monotonic() + timeout
    while True:
        try:
            answer = json.loads(up.get(path), parse_float=str)
            if until(answer) or time.monotonic() > deadline:
                return answer
        except urllib.error.HTTPError as error:
            if error.code != 404 or time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def assert_stored_once(up, tenant, trace):
    """One agent, one call below it, and of the server's span nothing."""
    run = ask(up, f"/runs/{trace}?tenant_id={tenant}", lambda run: run["call_count"] and run["spans"])
    (agent,) = run["spans"]
    assert (agent["name"], agent["span_type"]) == ("agent:planner", "agent")
    (call,) = agent["children"]
    assert (call["span_type"], call["model"]) == ("llm", "gpt-4o")
    assert (call["input_tokens"], call["output_tokens"]) == (1200, 300)
    assert (run["call_count"], str(run["total_cost"])) == (1, PRICE)
    customers = ask(up, f"/dashboard/customers?tenant_id={tenant}")
    assert [row["customer_id"] for row in customers] == ["Grüße 🌍"]


@pytest.mark.parametrize("compression", ["NoCompression", "Gzip", "Deflate"])
def test_python(up, compression):
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    tenant = f"py-{compression}"
    spans = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"llmobserve.tenant_id": tenant}))
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("exporters")
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
    with tracer.start_as_current_span("invoke_agent planner", attributes=agent) as root:
        with tracer.start_as_current_span("chat", kind=trace.SpanKind.CLIENT, attributes=CALL):
            pass
        with tracer.start_as_current_span("GET /", kind=trace.SpanKind.SERVER):
            pass
    exporter = OTLPSpanExporter(
        endpoint=f"{up.url}/v1/traces", compression=Compression[compression]
    )
    assert exporter.export(spans.get_finished_spans()) == SpanExportResult.SUCCESS
    # An exporter that did not hear the answer sends the same again.
    assert exporter.export(spans.get_finished_spans()) == SpanExportResult.SUCCESS
    assert_stored_once(up, tenant, f"{root.get_span_context().trace_id:032x}")


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("encoding", ["http", "proto"])
def test_javascript(up, encoding, compression):
    # Node finds packages beside the program: `test.sh` put both below target/.
    program = Path(os.environ["LLMOBSERVE_OTLP_PACKAGES"]) / "export.mjs"
    command = ["node", program, encoding, up.url, compression]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert_stored_once(up, f"js-{encoding}-{compression}", done.stdout.strip())


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("encoding", ["http", "proto"])
def test_rust(up, encoding, compression):
    program = os.environ["LLMOBSERVE_OTLP_RUST"]
    command = [program, encoding, up.url, compression]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert_stored_once(up, f"rust-{encoding}-{compression}", done.stdout.strip())


def test_langchain(up):
    """The example: a chain's call, under the chain's name."""
    openai = Provider()
    openai.replay(fixture("openai_chat.json"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LLMOBSERVE_", "OTEL_"))}
    environment |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": up.url,
        "OPENAI_BASE_URL": f"{openai.url}/v1",
        "OPENAI_API_KEY": "k",
    }
    example = ROOT / "examples" / "python" / "langchain_opentelemetry.py"
    done = subprocess.run(
        [sys.executable, example], env=environment, capture_output=True, text=True, timeout=60
    )
    openai.stop()
    assert done.returncode == 0, done.stderr
    assert "Grüße" in done.stdout
    totals = ask(up, "/dashboard/stats?tenant_id=acme", lambda totals: totals["call_count"])
    assert (totals["call_count"], totals["unpriced_count"]) == (1, 0)
    assert str(totals["total_cost"]) == PRICE
    assert totals["top_customer"]["customer_id"] == "end_user_42"
    sections = ask(up, "/stats/by-section?tenant_id=acme")
    called = {row["section_path"]: row["total_cost"] for row in sections if row["call_count"]}
    assert called == {"RunnableSequence": PRICE}
