"""The providers' own client libraries, plain and streaming, synchronous and not, with only another
base URL: what an application gets through the proxy is what it gets directly, the provider is asked
the same, and each call is one event with the counts of its body and their price. Signed AWS requests,
whose signature covers the host, come by the header form.
"""

import json
import os
import subprocess
import time
from pathlib import Path

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import expected
from libraries import recording_of, replay, run, ways
from libraries.anthropic import Anthropic
from libraries.bedrock import Boto3
from libraries.cohere import Cohere
from libraries.google import Google
from libraries.mistral import Mistral
from libraries.openai import OpenAI, OpenAIHelpers, OpenAIResponses
from passing import assert_asked_the_same, replay_unasked
from recordings import fixture
from tls import CERTIFICATE, Front

LIBRARIES = [OpenAI, OpenAIHelpers, OpenAIResponses, Anthropic, Google, Mistral, Cohere]


@pytest.fixture(scope="module")
def world(begin):
    return begin()


@pytest.mark.parametrize("kind", LIBRARIES, ids=lambda kind: kind.__name__)
def test_library(kind, world):
    provider = world.providers[kind.provider]
    compare(world, kind, provider.url, f"{world.proxy_url}/{kind.provider}")
    before, after = provider.requests[-2:]
    assert after[2].get("authorization") == before[2].get("authorization")


class BearerBoto3(Boto3):
    """With a key of Bedrock's, which boto3 finds in the environment and sends by TLS only."""

    def __init__(self, url):
        super().__init__(url)
        settings = {"region_name": "us-east-1", "verify": str(CERTIFICATE)}
        self.client = boto3.client("bedrock-runtime", endpoint_url=url, **settings)


def test_bedrock_with_a_key(world, monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "k")
    provider = world.providers["bedrock"]
    before_provider, before_proxy = Front(provider.port), Front(world.up.proxy)
    compare(world, BearerBoto3, before_provider.url, f"{before_proxy.url}/bedrock/us-east-1")
    assert provider.requests[-1][2]["authorization"] == "Bearer k"
    before_provider.stop()
    before_proxy.stop()


class SignedBoto3(Boto3):
    """Signed for the provider's host; given a proxy, sent there with the target in a header."""

    def __init__(self, url):
        target, _, proxy_url = url.partition(" by ")
        super().__init__(target)
        if proxy_url:
            self.proxy_url = proxy_url
            self.client.meta.events.register("before-send.bedrock-runtime", self.send_to_proxy)

    def send_to_proxy(self, request, **_):
        request.headers["X-LLMObserve-Target-URL"] = request.url
        request.url = self.proxy_url + "/proxy"


def test_bedrock_signed(world):
    provider = world.providers["bedrock"]
    compare(world, SignedBoto3, provider.url, f"{provider.url} by {world.proxy_url}")
    verify_signature(provider.requests[-1])


def compare(world, kind, direct_url, proxied_url):
    """Each way, directly and through the proxy."""
    provider, since = world.providers[kind.provider], now()
    for way in ways(kind):
        replay_unasked(kind, way, provider)
        directly = run(kind(direct_url), way)
        replay(kind, way, provider)
        assert run(kind(proxied_url), way) == directly
        assert_asked_the_same(provider, *provider.requests[-2:])
    wanted = [
        expected.row(recording_of(kind, way), getattr(kind, "model", None), "stream" in way)
        for way in ways(kind)
    ]
    assert world.rows(len(wanted), since) == wanted
    world.calls += len(wanted)


def now():
    """What is stored from here on."""
    time.sleep(0.002)  # events have milliseconds
    return f"timestamp >= fromUnixTimestamp64Milli({time.time_ns() // 1_000_000})"


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


class Asked:
    """Answers with a stream where a stream is asked for."""

    def __init__(self, kind):
        self.kind = kind

    def play(self, request):
        fixture(self.kind.fixtures[b'"stream":true' in request.body]).play(request)


def test_javascript(world):
    """openai and @anthropic-ai/sdk of npm: one script, run directly and through the proxy."""
    openai, anthropic = world.providers["openai"], world.providers["anthropic"]
    for kind in (OpenAI, OpenAIResponses, Anthropic):
        world.providers[kind.provider].replay(Asked(kind), kind.path)
    directly = node(openai.url, anthropic.url)
    since = now()
    through = node(f"{world.proxy_url}/openai", f"{world.proxy_url}/anthropic")
    assert through == directly
    wanted = [
        expected.row(kind.fixtures[is_streaming], is_streaming=is_streaming)
        for kind, streams in ((OpenAI, 1), (OpenAIResponses, 1), (Anthropic, 2))
        for is_streaming in [False] + [True] * streams
    ]
    assert world.rows(len(wanted), since) == wanted
    world.calls += len(wanted)


def node(openai, anthropic):
    # Node finds packages beside the program: `clients.sh` put both below target/.
    program = Path(os.environ["LLMOBSERVE_CLIENT_PACKAGES"]) / "calls.mjs"
    answers = json.loads(subprocess.check_output(["node", program, openai, anthropic], timeout=60))
    for answer in answers.values():
        if isinstance(answer, dict):
            answer.pop("_request_id", None)
    return answers


def test_nothing_else_was_stored(world):
    """Each of the calls above is there once: a second event of one would show by now."""
    assert len(world.rows(world.calls, "1")) == world.calls
