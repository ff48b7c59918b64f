"""The providers' own libraries, and those built on them: sync, async, streaming, with and
without the proxy. What the application gets is compared with what it gets without us."""

import asyncio
import json

import pytest

import llmobserve
from conftest import fixture
from fakes.provider import Recording

pytestmark = pytest.mark.libraries
MESSAGES = [{"role": "user", "content": "Hello"}]


def plain(value):
    """A library's answer as data, without what differs from call to call."""
    if hasattr(value, "model_dump"):
        try:
            return value.model_dump(exclude={"sdk_http_response"})
        except TypeError:
            return value.model_dump()
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if k != "ResponseMetadata"}
    return value


async def collect(stream):
    return [plain(item) async for item in stream]


class OpenAI:
    provider, path = "openai", "/v1/chat/completions"

    def __init__(self, url):
        import openai

        settings = {"base_url": f"{url}/v1", "api_key": "k", "max_retries": 0}
        self.sync, self.other = openai.OpenAI(**settings), openai.AsyncOpenAI(**settings)
        self.error = openai.RateLimitError

    def arguments(self, **more):
        return {"model": "gpt-4o", "messages": MESSAGES, **more}

    def whole(self):
        return plain(self.sync.chat.completions.create(**self.arguments()))

    def stream(self):
        options = {"stream": True, "stream_options": {"include_usage": True}}
        return [plain(c) for c in self.sync.chat.completions.create(**self.arguments(**options))]

    async def async_whole(self):
        return plain(await self.other.chat.completions.create(**self.arguments()))

    async def async_stream(self):
        return await collect(
            await self.other.chat.completions.create(**self.arguments(stream=True))
        )

    fixtures = ("openai_chat.json", "openai_chat.sse")
    counts = (1200, 300)


class OpenAIResponses(OpenAI):
    path = "/v1/responses"

    def whole(self):
        return plain(self.sync.responses.create(model="gpt-5", input="Hello"))

    def stream(self):
        return [plain(e) for e in self.sync.responses.create(model="gpt-5", input="x", stream=True)]

    async def async_whole(self):
        return plain(await self.other.responses.create(model="gpt-5", input="Hello"))

    async def async_stream(self):
        return await collect(await self.other.responses.create(model="g", input="x", stream=True))

    fixtures = ("openai_responses.json", "openai_responses.sse")
    counts = (900, 250)


class OpenAIHelpers(OpenAI):
    """`with_raw_response` and the streaming helper, which read in their own ways."""

    def whole(self):
        raw = self.sync.chat.completions.with_raw_response.create(**self.arguments())
        return plain(raw.parse()), raw.http_response.content

    def stream(self):
        create = self.sync.chat.completions.with_streaming_response.create
        with create(**self.arguments(stream=True)) as response:
            return list(response.iter_lines())

    async def async_whole(self):
        raw = await self.other.chat.completions.with_raw_response.create(**self.arguments())
        return plain(raw.parse())

    async def async_stream(self):
        create = self.other.chat.completions.with_streaming_response.create
        async with create(**self.arguments(stream=True)) as response:
            return b"".join([data async for data in response.iter_bytes()])


class Anthropic:
    provider, path = "anthropic", "/v1/messages"

    def __init__(self, url):
        import anthropic

        settings = {"base_url": url, "api_key": "k", "max_retries": 0}
        self.sync, self.other = (
            anthropic.Anthropic(**settings),
            anthropic.AsyncAnthropic(**settings),
        )
        self.error = anthropic.RateLimitError
        self.arguments = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": MESSAGES}

    def whole(self):
        return plain(self.sync.messages.create(**self.arguments))

    def stream(self):
        with self.sync.messages.stream(**self.arguments) as stream:
            return list(stream.text_stream), plain(stream.get_final_message())

    async def async_whole(self):
        return plain(await self.other.messages.create(**self.arguments))

    async def async_stream(self):
        return await collect(await self.other.messages.create(**self.arguments, stream=True))

    fixtures = ("anthropic.json", "anthropic.sse")
    counts = (2321, 400)


class Google:
    provider, path = "google", "/v1beta/models/gemini-2.5-flash:generateContent"

    def __init__(self, url):
        from google import genai
        from google.genai import errors

        self.client = genai.Client(api_key="k", http_options={"base_url": url})
        self.error = errors.ClientError
        self.arguments = {"model": "gemini-2.5-flash", "contents": "Hello"}

    def whole(self):
        return plain(self.client.models.generate_content(**self.arguments))

    def stream(self):
        return [plain(c) for c in self.client.models.generate_content_stream(**self.arguments)]

    async def async_whole(self):
        return plain(await self.client.aio.models.generate_content(**self.arguments))

    async def async_stream(self):
        return await collect(await self.client.aio.models.generate_content_stream(**self.arguments))

    fixtures = ("google.json", "google.sse")
    counts = (500, 210)


class Mistral:
    provider, path = "mistral", "/v1/chat/completions"

    def __init__(self, url):
        try:
            from mistralai.client import Mistral as Client
        except ImportError:
            from mistralai import Mistral as Client

        self.client = Client(api_key="k", server_url=url)
        self.error = Exception
        self.arguments = {"model": "mistral-large-latest", "messages": MESSAGES}

    def whole(self):
        return plain(self.client.chat.complete(**self.arguments))

    def stream(self):
        return [plain(event) for event in self.client.chat.stream(**self.arguments)]

    async def async_whole(self):
        return plain(await self.client.chat.complete_async(**self.arguments))

    async def async_stream(self):
        return await collect(await self.client.chat.stream_async(**self.arguments))

    fixtures = ("mistral.json", "mistral.sse")
    counts = (64, 16)


class Cohere:
    provider, path = "cohere", "/v2/chat"

    def __init__(self, url):
        import cohere

        self.sync = cohere.ClientV2(api_key="k", base_url=url)
        self.other = cohere.AsyncClientV2(api_key="k", base_url=url)
        self.error = cohere.errors.TooManyRequestsError
        self.arguments = {"model": "command-a-03-2025", "messages": MESSAGES}

    def whole(self):
        return plain(self.sync.chat(**self.arguments))

    def stream(self):
        return [plain(event) for event in self.sync.chat_stream(**self.arguments)]

    async def async_whole(self):
        return plain(await self.other.chat(**self.arguments))

    async def async_stream(self):
        return await collect(self.other.chat_stream(**self.arguments))

    fixtures = ("cohere.json", "cohere.sse")
    counts = (30, 12)


class Boto3:
    provider, path = "bedrock", "/model/us.amazon.nova-lite-v1%3A0/converse"

    def __init__(self, url):
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        self.client = boto3.client(
            "bedrock-runtime",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.error = ClientError
        messages = [{"role": "user", "content": [{"text": "Hello"}]}]
        self.arguments = {"modelId": "us.amazon.nova-lite-v1:0", "messages": messages}

    def whole(self):
        return plain(self.client.converse(**self.arguments))

    def stream(self):
        return list(self.client.converse_stream(**self.arguments)["stream"])

    fixtures = ("bedrock_converse.json", "bedrock_converse.stream")
    counts = (1260, 25)


class LiteLLM:
    provider, path = "openai", "/v1/chat/completions"

    def __init__(self, url):
        import litellm

        litellm.telemetry = False
        litellm.suppress_debug_info = True
        self.litellm = litellm
        self.error = litellm.RateLimitError
        self.arguments = {
            "model": "openai/gpt-4o",
            "messages": MESSAGES,
            "api_base": f"{url}/v1",
            "api_key": "k",
            "num_retries": 0,
            "max_retries": 0,
        }

    def text(self, response):
        return response.choices[0].message.content, response.usage.total_tokens

    def whole(self):
        return self.text(self.litellm.completion(**self.arguments))

    def stream(self):
        options = {"stream": True, "stream_options": {"include_usage": True}}
        chunks = self.litellm.completion(**self.arguments, **options)
        return [c.choices[0].delta.content for c in chunks if c.choices]

    async def async_whole(self):
        return self.text(await self.litellm.acompletion(**self.arguments))

    async def async_stream(self):
        options = {"stream": True, "stream_options": {"include_usage": True}}
        chunks = await self.litellm.acompletion(**self.arguments, **options)
        return [c.choices[0].delta.content async for c in chunks if c.choices]

    fixtures = ("openai_chat.json", "openai_chat.sse")
    counts = (1200, 300)


class LiteLLMOwnClient(LiteLLM):
    """Its own HTTP client, over aiohttp when asynchronous."""

    provider, path = "anthropic", "/v1/messages"

    def __init__(self, url):
        super().__init__(url)
        self.arguments["model"] = "anthropic/claude-sonnet-4-5"
        self.arguments["api_base"] = url

    fixtures = ("anthropic.json", "anthropic.sse")
    counts = (2321, 400)


class LangChain:
    provider, path = "openai", "/v1/chat/completions"

    def __init__(self, url):
        import openai
        from langchain_openai import ChatOpenAI

        self.model = ChatOpenAI(
            model="gpt-4o", base_url=f"{url}/v1", api_key="k", max_retries=0, stream_usage=True
        )
        self.error = openai.RateLimitError

    def whole(self):
        message = self.model.invoke("Hello")
        return message.content, message.usage_metadata

    def stream(self):
        return [(chunk.content, chunk.usage_metadata) for chunk in self.model.stream("Hello")]

    async def async_whole(self):
        message = await self.model.ainvoke("Hello")
        return message.content, message.usage_metadata

    async def async_stream(self):
        return [(c.content, c.usage_metadata) async for c in self.model.astream("Hello")]

    fixtures = ("openai_chat.json", "openai_chat.sse")
    counts = (1200, 300)


LIBRARIES = [OpenAI, OpenAIResponses, OpenAIHelpers, Anthropic, Google, Mistral, Cohere, Boto3]
LIBRARIES += [LiteLLM, LiteLLMOwnClient, LangChain]
WAYS = ["whole", "stream", "async_whole", "async_stream"]


#: One for all: LangChain and LiteLLM keep their asynchronous clients for good.
LOOP = asyncio.new_event_loop()


def run(library, way):
    result = getattr(library, way)
    return LOOP.run_until_complete(result()) if way.startswith("async") else result()


def cases():
    for library in LIBRARIES:
        for way in WAYS:
            if hasattr(library, way):
                yield pytest.param(library, way, id=f"{library.__name__}-{way}")


def replay(library, way, provider):
    name = library.fixtures["stream" in way]
    behaviour = {"pieces": 50} if name.endswith(".stream") else {}
    provider.replay(fixture(name, **behaviour))


@pytest.mark.parametrize("through", ["directly", "proxy"])
@pytest.mark.parametrize(("kind", "way"), cases())
def test_library(kind, way, through, observe, provider, proxy, collector):
    replay(kind, way, provider)
    without = run(kind(provider.url), way)
    observe(
        host=kind.provider, proxy_url=proxy.url if through == "proxy" else None, tenant_id="acme"
    )
    assert run(kind(provider.url), way) == without
    assert llmobserve.flush(5)
    sent = [strip(request) for request in provider.requests]
    assert len(sent) == 2 and sent[0] == sent[1]
    if through == "proxy":
        (call,) = proxy.calls
        assert call["tenant-id"] == "acme" and collector.events == []
        return
    assert proxy.calls == []
    (event,) = collector.calls
    assert (event["input_tokens"], event["output_tokens"]) == kind.counts
    assert (event["provider"], event["status"], event["tenant_id"]) == (kind.provider, "ok", "acme")
    assert event["model"]
    assert event.get("is_streaming", False) == ("stream" in way)


VARIES = ("x-amz-date", "authorization", "amz-sdk-invocation-id", "amz-sdk-request", "connection")
VARIES += ("x-stainless-read-timeout", "idempotency-key", "accept-encoding", "transfer-encoding")
VARIES += ("content-length", "host", "x-client-request-id")


def strip(request):
    method, path, headers, body = request
    return method, path, {k: v for k, v in headers.items() if k not in VARIES}, body


@pytest.mark.parametrize("through", ["directly", "proxy"])
@pytest.mark.parametrize("kind", LIBRARIES, ids=lambda kind: kind.__name__)
def test_errors_are_the_library_s_own(kind, through, observe, provider, proxy, collector):
    answer = {"error": {"type": "slow_down", "message": "no", "code": 429, "status": "X"}}
    provider.replay(Recording(json.dumps(answer).encode(), 429))
    with pytest.raises(kind(provider.url).error) as without:
        run(kind(provider.url), "whole")
    asked = len(provider.requests)
    observe(host=kind.provider, proxy_url=proxy.url if through == "proxy" else None)
    with pytest.raises(kind(provider.url).error) as with_us:
        run(kind(provider.url), "whole")
    assert type(with_us.value) is type(without.value)
    assert str(with_us.value) == str(without.value)
    assert len(provider.requests) == 2 * asked
    assert llmobserve.flush(5)
    events = collector.calls
    if through == "proxy":
        assert (len(proxy.calls), events) == (asked, [])
    else:
        assert [event["status"] for event in events] == ["rate_limited"] * asked
