"""The providers' own libraries, and those built on them, each as one shape: `whole()`, `stream()`
and where there are such `async_whole()`, `async_stream()` give what the application gets."""

import asyncio

from recordings import fixture

MESSAGES = [{"role": "user", "content": "Hello"}]
WAYS = ["whole", "stream", "async_whole", "async_stream"]
#: One for all: LangChain and LiteLLM keep their asynchronous clients for good.
LOOP = asyncio.new_event_loop()


def ways(library):
    return [way for way in WAYS if hasattr(library, way)]


def run(library, way):
    result = getattr(library, way)
    return LOOP.run_until_complete(result()) if way.startswith("async") else result()


def recording_of(library, way):
    """The name of what its provider answers."""
    return library.fixtures["stream" in way]


def replay(library, way, provider):
    name = recording_of(library, way)
    behaviour = {"pieces": 50} if name.endswith(".stream") else {}
    provider.replay(fixture(name, **behaviour))


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


def every():
    """All of them. The libraries themselves are imported when one is used."""
    from .anthropic import Anthropic
    from .bedrock import Boto3
    from .cohere import Cohere
    from .google import Google
    from .langchain import LangChain
    from .litellm import LiteLLM, LiteLLMOwnClient
    from .mistral import Mistral
    from .openai import OpenAI, OpenAIHelpers, OpenAIResponses

    yield from (OpenAI, OpenAIResponses, OpenAIHelpers, Anthropic, Google, Mistral, Cohere, Boto3)
    yield from (LiteLLM, LiteLLMOwnClient, LangChain)


#: What differs from call to call, or from connection to connection.
VARIES = ("x-amz-date", "authorization", "amz-sdk-invocation-id", "amz-sdk-request", "connection")
VARIES += ("x-stainless-read-timeout", "idempotency-key", "accept-encoding", "transfer-encoding")
VARIES += ("content-length", "host", "x-client-request-id")


def lasting(request):
    """A request as the provider saw it, as far as two of the same are alike."""
    method, path, headers, body = request
    return method, path, {k: v for k, v in headers.items() if k not in VARIES}, body
