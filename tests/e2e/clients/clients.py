"""The providers' own client libraries, plain and streaming, synchronous and not: what an application
gets through the proxy is what it gets directly, the provider is asked the same, and each call is
one event with the counts of its body. Only the base URL differs; signed AWS requests, whose
signature covers the host, come by the header form.
"""

import json
import os
import subprocess
import sys

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from conftest import fixture
from fakes.provider import Provider, Recording
from instance import Instance, note
from test_libraries import Anthropic, Boto3, Cohere, Google, Mistral, OpenAI, OpenAIHelpers
from test_libraries import OpenAIResponses, run, strip

WAYS = ["whole", "stream", "async_whole", "async_stream"]
NAMES = ["openai", "anthropic", "google", "mistral", "cohere", "bedrock"]


class BearerBoto3(Boto3):
    """With a key of Bedrock's, which passes as it is."""

    def __init__(self, url):
        import boto3

        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = "k"
        super().__init__(url)
        self.client = boto3.client("bedrock-runtime", endpoint_url=url, region_name="us-east-1")
        del os.environ["AWS_BEARER_TOKEN_BEDROCK"]


class SignedBoto3(Boto3):
    """Signed for the provider's host, then sent to the proxy with the target in a header."""

    proxy = None

    def __init__(self, url):
        super().__init__(url)
        if self.proxy:
            self.client.meta.events.register("before-send.bedrock-runtime", self.send_to_proxy)

    def send_to_proxy(self, request, **_):
        request.headers["X-LLMObserve-Target-URL"] = request.url
        request.url = self.proxy + "/proxy"


LIBRARIES = [OpenAI, OpenAIHelpers, OpenAIResponses, Anthropic, Google, Mistral, Cohere]
LIBRARIES += [BearerBoto3, SignedBoto3]


def base_url(kind, proxy, provider):
    if kind is SignedBoto3:
        return provider.url
    return f"{proxy}/{kind.provider}" + ("/us-east-1" if kind.provider == "bedrock" else "")


def without_usage(recording):
    """What a provider sends that was not asked for the usage."""
    events = recording.body.split(b"\n\n")
    body = b"\n\n".join(event for event in events if b'"choices":[]' not in event.replace(b" ", b""))
    return Recording(body, recording.status, recording.content_type, recording.pieces)


def asked_without_ours(request):
    """A request but for what the proxy adds to it."""
    method, path, headers, body = strip(request)
    if b"stream_options" in body:
        body = json.loads(body)
        body.pop("stream_options")
    else:
        body = json.loads(body or b"null")
    return method, path, headers, body


def verify_signature(request):
    """That the request is as it was signed, the host included."""
    method, path, headers, body = request
    given = headers["authorization"]
    names = given.split("SignedHeaders=")[1].split(",")[0].split(";")
    url = f"http://{headers['host']}{path}"
    signed = botocore.awsrequest.AWSRequest(method, url, {n: headers[n] for n in names}, body)
    signed.context["timestamp"] = headers["x-amz-date"]
    signed.context["payload_signing_enabled"] = True
    auth = botocore.auth.SigV4Auth(botocore.credentials.Credentials("k", "s"), "bedrock", "us-east-1")
    canonical = auth.canonical_request(signed)
    signature = auth.signature(auth.string_to_sign(signed, canonical), signed)
    assert given.endswith(f"Signature={signature}"), "the signature does not fit what arrived"


def check(kind, way, provider, proxy, customer):
    recording = fixture(kind.fixtures["stream" in way])
    unasked = kind.path.endswith("chat/completions") and kind.provider == "openai" and "stream" in way
    unasked = unasked and not (kind is OpenAI and way == "stream")
    provider.replay(without_usage(recording) if unasked else recording)
    SignedBoto3.proxy = None
    directly = run(kind(provider.url), way)
    provider.replay(recording)
    SignedBoto3.proxy = proxy
    through = run(kind(base_url(kind, proxy, provider)), way)
    assert through == directly, f"{through}\n is not \n{directly}"
    before, after = provider.requests[-2:]
    assert asked_without_ours(before) == asked_without_ours(after)
    assert not any("llmobserve" in name for name in after[2]), after[2]
    assert after[2]["host"] == provider.netloc
    if kind is SignedBoto3:
        verify_signature(after)


def check_events(instance, expected):
    """One event a call, with the counts that its body states."""
    wanted = len(expected)
    for _ in range(200):
        rows = instance.sql(
            "SELECT provider, input_tokens, output_tokens, is_streaming, toString(status), model != '' "
            "FROM llmobserve.trace_events ORDER BY timestamp FORMAT JSONCompactEachRow"
        ).splitlines()
        if len(rows) >= wanted:
            break
        __import__("time").sleep(0.1)
    stored = sorted(tuple(json.loads(row)) for row in rows)
    stored = [(p, int(i), int(o), bool(s), status, bool(m)) for p, i, o, s, status, m in stored]
    assert stored == sorted(expected), f"stored:\n{stored}\nexpected:\n{sorted(expected)}"


def node_calls(script, openai, anthropic):
    return json.loads(subprocess.check_output(["node", script, openai, anthropic], text=True))


def check_node(script, provider, proxy):
    """The JavaScript libraries: one script, run directly and through the proxy."""
    kinds = [(OpenAI, 2), (OpenAIResponses, 2), (Anthropic, 3)]

    class Both(Provider):
        """Streams where a stream is asked for."""

        def respond(self, request):
            kind = next(kind for kind, _ in kinds if request.path.startswith(kind.path))
            self.replay(fixture(kind.fixtures[b'"stream":true' in request.body]))
            super().respond(request)

    provider.__class__ = Both
    directly = node_calls(script, provider.url, provider.url)
    through = node_calls(script, f"{proxy}/openai", f"{proxy}/anthropic")
    for answers in (directly, through):
        for answer in answers.values():
            if isinstance(answer, dict):
                answer.pop("_request_id", None)
    assert through == directly
    return [
        (kind.provider, *kind.counts, streamed, "ok", True)
        for kind, count in kinds
        for streamed in [False] + [True] * (count - 1)
    ]


def main():
    provider = Provider()
    upstreams = ",".join(f"{name}={provider.url}" for name in NAMES)
    instance = Instance(settings={
        "LLMOBSERVE_PROXY_UPSTREAMS": upstreams,
        "LLMOBSERVE_PROVIDER_HOSTS": f"bedrock={provider.netloc}",
    })
    note(f"ready in {instance.start():.1f} s")
    proxy = f"http://127.0.0.1:{instance.proxy}"
    try:
        expected = []
        for kind in LIBRARIES:
            for way in WAYS:
                if hasattr(kind, way):
                    check(kind, way, provider, proxy, kind.__name__)
                    expected.append((kind.provider, *kind.counts, "stream" in way, "ok", True))
            note(f"{kind.__name__}: the same directly and through the proxy")
        expected += check_node(sys.argv[1], provider, proxy)
        note("openai and @anthropic-ai/sdk of npm: the same directly and through the proxy")
        check_events(instance, expected)
        note(f"{len(expected)} calls, {len(expected)} events with the counts of their bodies")
    finally:
        instance.terminate()


if __name__ == "__main__":
    main()
