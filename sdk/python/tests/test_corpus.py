"""Real exchanges, where `LLMOBSERVE_CORPUS` names their folder: one event per call, the counts
that the body states, and the same bytes through the library as over the wire."""

import base64
import gzip
import json
import os
import urllib.parse
from pathlib import Path

import httpx
import pytest

import llmobserve
from fakes import contract
from fakes.provider import Recording
from llmobserve import config, context, extract, runtime
from llmobserve.providers import Providers

CORPUS = os.environ.get("LLMOBSERVE_CORPUS")
pytestmark = pytest.mark.skipif(not CORPUS, reason="LLMOBSERVE_CORPUS names no folder")
CONTRACT = {
    "cache_read_tokens": "cached_tokens",
    "output_reasoning_tokens": "reasoning_tokens",
    "input_audio_tokens": "audio_input_tokens",
    "output_audio_tokens": "audio_output_tokens",
}


def load(name):
    with gzip.open(Path(CORPUS) / name, "rt") as file:
        yield from file


def body_of(recording):
    body = recording["response_body"]
    return base64.b64decode(body["base64"]) if isinstance(body, dict) else (body or "").encode()


def counts_stated(body, content_type):
    """An independent, simple reading: the last object that counts, by its members' names."""
    documents = [body]
    if "event-stream" in content_type:
        documents = [x[5:] for x in body.splitlines() if x.startswith(b"data:")]
    if "amazon" in content_type:
        start = body.rindex(b'"usage":') + 8
        return json.JSONDecoder().raw_decode(body[start:].decode("utf-8", "replace"))[0]
    found = {}
    for document in documents:
        try:
            parsed = json.loads(document)
        except ValueError:
            continue
        if not isinstance(parsed, dict):
            continue
        kind = str(parsed.get("type"))
        wraps = {"message_start": "message"}.get(kind, "response" if "response." in kind else "")
        holder = parsed.get(wraps) or parsed
        usage = holder.get("usage") or holder.get("usageMetadata")
        if usage is None:
            usage = (holder.get("x_groq") or {}).get("usage")
        if usage is None and isinstance(holder.get("meta"), dict):
            usage = holder["meta"]
        found.update({k: v for k, v in (usage or {}).items() if v is not None})
    return found


def input_and_output(usage):
    """What the contract calls input and output, from the provider's own words."""

    def n(*names):
        values = [usage[name] for name in names if isinstance(usage.get(name), int)]
        return sum(values) if values else None

    if "promptTokenCount" in usage or "candidatesTokenCount" in usage:
        return (
            n("promptTokenCount", "toolUsePromptTokenCount"),
            n("candidatesTokenCount", "thoughtsTokenCount"),
        )
    if "inputTokens" in usage:
        return n("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"), n("outputTokens")
    if "billed_units" in usage:
        return usage["billed_units"].get("input_tokens"), usage["billed_units"].get("output_tokens")
    if "prompt_tokens" in usage:
        return n("prompt_tokens"), n("completion_tokens")
    if "input_tokens" in usage:
        cache = ("cache_creation_input_tokens", "cache_read_input_tokens")
        return n("input_tokens", *cache), n("output_tokens")
    return n("total_tokens"), None


def test_recordings(observe, provider, collector):
    """Each exchange through httpx, to the path it was recorded at; the run tells which it was."""
    sent, streams = {}, 0
    client = httpx.Client()
    observe()
    hosts = runtime.active().providers
    for number, line in enumerate(load("provider-recordings.jsonl.gz")):
        recording = json.loads(line)
        url = urllib.parse.urlsplit(recording["url"])
        name = Providers().of_host(url.hostname, url.port or 443)
        method = recording["method"].upper()
        if method != "POST" or not name or not Providers().kind(name, method, url.path):
            continue
        hosts._own, hosts._cache = {provider.netloc: name}, {}
        body, kind = body_of(recording), recording["content_type"] or ""
        is_stream = "event" in kind
        provider.replay(Recording(body, recording["status"], kind, 500 if is_stream else None))
        asked = recording["request_body"]
        asked = asked if isinstance(asked, str) else json.dumps(asked)
        llmobserve.set_run_id(f"run {number}")
        request = client.build_request(method, provider.url + url.path, content=asked)
        assert client.send(request, stream=is_stream).read() == body
        streams += is_stream
        if is_stream or not is_pending(body):
            sent[f"run {number}"] = (url.path, recording["status"], body, kind)
    assert llmobserve.flush(30)
    events = {event["run_id"]: event for event in collector.calls}
    assert len(events) == len(collector.calls)
    assert set(events) == set(sent)
    counted = sum(agrees(events[run], *sent[run]) for run in sent)
    print(f"{len(events)} calls, {streams} of them streams, {counted} with counts")
    assert counted > 600 and streams > 40


def is_pending(body):
    """OpenAI's background mode: counted when it is fetched."""
    text = body.replace(b" ", b"")
    return b'"background":true' in text and b'"status":"queued"' in text


def agrees(event, path, status, body, kind):
    assert (event["http_status"], event["endpoint"]) == (status, path)
    if status >= 400:
        assert event["status"] in ("error", "rate_limited")
        return False
    if b'"error":{' in body and "event" in kind:  # a stream that broke off with an error
        assert event["status"] == "error" and event["error_type"]
        return False
    assert event["status"] == "ok", event
    assert event["model"]
    ours = (event.get("input_tokens"), event.get("output_tokens"))
    stated = input_and_output(counts_stated(body, kind))
    if stated == (None, None) and path.endswith((":predict", "/invoke")):
        return ours != stated
    assert ours == stated, (event, counts_stated(body, kind))
    return ours != (None, None)


OWN_SHAPES = {
    ("anthropic", "default"): lambda b: "cache_read_input_tokens" in b.get("usage", {}),
    ("openai", "responses"): lambda b: "input_tokens_details" in b.get("usage", {}),
    ("openai", "chat"): lambda b: "completion_tokens" in b.get("usage", {}),
    ("groq", "default"): lambda b: "completion_time" in b.get("usage", {}),
    ("google", "default"): lambda b: "usageMetadata" in b,
    ("aws", "default"): lambda b: "inputTokens" in b.get("usage", {}),
    ("cohere", "default"): lambda b: "billed_units" in b.get("usage", {}),
    ("cohere", "embeddings"): lambda b: "meta" in b,
    ("x-ai", "chat"): lambda b: "completion_tokens" in b.get("usage", {}),
}
NAMES = {"aws": "bedrock", "x-ai": "xai"}


def test_usages_as_the_price_book_reads_them():
    compared = 0
    for case in json.loads("".join(load("priced-usages.json.gz"))):
        body = case["body"]
        for extracted in case["extracted"]:
            for extractor in extracted["extractors"]:
                provider = extractor["provider_id"]
                shape = OWN_SHAPES.get((provider, extractor["api_flavor"]))
                if shape is None or not shape(body) or is_openrouter_cache_write(provider, body):
                    continue
                found = extract.read([json.dumps(body).encode()], NAMES.get(provider, provider))
                wanted = {k: v for k, v in extracted["usage"].items() if v}
                wanted.pop("cache_write_5m_tokens", None)  # what is left of the writes
                assert {k: v for k, v in found.counts.items() if v} == wanted, body
                compared += 1
    print(f"{compared} usages compared")
    assert compared > 900


def is_openrouter_cache_write(provider, body):
    """A count that only OpenRouter and OpenAI report, which xAI's extractor hence ignores."""
    details = body.get("usage", {}).get("prompt_tokens_details") or {}
    return provider == "x-ai" and "cache_write_tokens" in details


def test_every_event_of_the_corpus_is_accepted(observe, collector):
    """Whatever a body holds, the event that comes of it is within the contract."""
    import time

    from llmobserve import event as events

    for line in load("provider-recordings.jsonl.gz"):
        recording = json.loads(line)
        found = extract.read([body_of(recording)], "openai")

        class Item:
            context = context.current()

            def event(self, found=found):
                return {"provider": "openai", "model": found.model, **found.tokens()}

        made = events.digest(Item(), config.DEFAULT)
        contract.check(json.loads(made.json), time.time())
