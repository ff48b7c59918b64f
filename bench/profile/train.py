"""What a build is profiled at: the work of the parts in turn, as the benchmarks load them, and every provider's answers.

`make profile` runs it with a build that counts what it does.
"""

import concurrent.futures
import http.client
import http.server
import json
import re
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench/suite"))
from machine import Parts, events, platform_key, running, serving, stopped, tool  # noqa: E402

FIXTURES = ROOT / "schemas/fixtures"
SECONDS = 8
#: How often each provider's answer passes through the proxy, and each question is asked.
TIMES = 300
#: Where a provider gives an answer, by the beginning of its fixture's name; `.sse` and `.stream` are streams. OpenAI's
#: come by another name: at its own the load's upstream answers.
PATHS = {
    "openai_chat": "/together/v1/chat/completions",
    "openai_responses": "/together/v1/responses",
    "openai_embeddings": "/together/v1/embeddings",
    "anthropic": "/anthropic/v1/messages",
    "google": "/google/v1beta/models/gemini-2.5-flash:{generateContent|streamGenerateContent}",
    "mistral": "/mistral/v1/chat/completions",
    "cohere_embed": "/cohere/v2/embed",
    "cohere_rerank": "/cohere/v2/rerank",
    "cohere": "/cohere/v2/chat",
    "bedrock_converse": "/bedrock/model/gpt-4o-asked/{converse|converse-stream}",
    "bedrock_invoke": "/bedrock/model/gpt-4o-asked/{invoke|invoke-with-response-stream}",
}
KINDS = {".json": "application/json", ".sse": "text/event-stream", ".stream": "application/vnd.amazon.eventstream"}
QUESTIONS = (
    "/stats/by-provider", "/stats/by-model", "/stats/by-customer", "/stats/by-section", "/dashboard/stats",
    "/dashboard/customers", "/stats/timeseries?group_by=provider", "/runs/latest", "/insights/daily", "/ready", "/metrics",
)


def main():
    with running({"LLMOBSERVE_AUTH": "required"}) as instance:
        collect(instance)
    answers = Answers()
    with serving("upstream") as (_, chats):
        upstreams = {path.split("/")[1]: answers.port for path in PATHS.values()} | {"openai": chats}
        settings = ",".join(f"{provider}=http://127.0.0.1:{port}" for provider, port in upstreams.items())
        with running({"LLMOBSERVE_PROXY_UPSTREAMS": settings}) as instance:
            pass_on(instance, chats)
            every_provider(instance.proxy, answers)
            time.sleep(3)


def collect(instance):
    """Events in batches and one by one, spans, and questions about them."""
    key, kafka = platform_key(instance), ["--brokers", f"127.0.0.1:{instance.kafka}"]
    events(instance, "--key", key, "--batch", 100, "--connections", 16, "--seconds", SECONDS)
    events(instance, "--key", key, "--batch", 1, "--connections", 64, "--seconds", SECONDS)
    headers = {"Authorization": f"Bearer {key}"}
    spans = [json.loads(path.read_text())["request"] for path in sorted((FIXTURES / "otlp").glob("*.json"))]
    tenant = {"key": "llmobserve.tenant_id", "value": {"stringValue": "tenant_0000"}}
    for request in spans:
        for resource in request["resourceSpans"]:
            resource.setdefault("resource", {}).setdefault("attributes", []).append(tenant)
    for n in range(TIMES):
        now = time.time_ns() + n
        for request in spans:
            text = re.sub(r'"\$ns\+(\d+)"', lambda at: f'"{now + int(at[1]) * 1_000_000}"', json.dumps(request))
            instance.post("/v1/traces", json.loads(text), headers)
        if n % 3 == 0:
            for question in QUESTIONS:
                instance.get(question, headers)
    # What the benchmarks compare ours with is built alike.
    with stopped(Parts(instance).aggregator):
        tool("produce", *kafka, "--seconds", 3)
        for arguments in ([], kafka):
            with serving("accept-only", *arguments) as (_, port):
                tool("events", "--address", f"127.0.0.1:{port}", "--batch", 1, "--connections", 64, "--seconds", SECONDS / 2)


def pass_on(instance, upstream):
    """Calls and streams as fast as the proxy takes them, and through the relay that is compared with it."""
    with serving("relay", "--upstream", upstream) as (_, port):
        for at, path in ((port, "/v1/chat/completions"), (instance.proxy, "/openai/v1/chat/completions")):
            load = ["load", "--address", f"127.0.0.1:{at}", "--path", path]
            tool(*load, "--connections", 32, "--seconds", SECONDS)
            tool(*load, "--connections", 200, "--rate", 250, "--stream", "--seconds", SECONDS / 2)


def every_provider(port, answers):
    """Each provider's answers, and whether they arrive as they were sent."""
    def ask(connection, fixture):
        path = PATHS[next(start for start in PATHS if fixture.name.startswith(start))]
        streamed = fixture.suffix != ".json"
        path = re.sub(r"\{(.*)\|(.*)\}", lambda either: either[1 + streamed], path)
        body = {
            "model": "gpt-4o-asked", "stream": streamed, "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": "What is it? " * 20}],
        }
        connection.request("POST", path, json.dumps(body), {
            "Content-Type": "application/json", "Authorization": "Bearer sk-train", "X-LLMObserve-Tenant-Id": "tenant_0000",
            "X-Fixture": fixture.name,
        })
        response = connection.getresponse()
        if response.read() != fixture.read_bytes():
            raise SystemExit(f"{fixture.name}: {response.status}, another body")

    def some(_):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for fixture in answers.fixtures * (TIMES // 4):
            ask(connection, fixture)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(some, range(4)))


class Answers:
    """Every provider: answers with the fixture that a header names."""

    def __init__(self):
        self.fixtures = [path for path in sorted((FIXTURES / "responses").iterdir()) if path.name != "expected.json"]
        by_name = {path.name: path for path in self.fixtures}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                fixture = by_name[self.headers["X-Fixture"]]
                body = fixture.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", KINDS[fixture.suffix])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()


if __name__ == "__main__":
    main()
