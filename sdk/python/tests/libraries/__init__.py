"""The providers' own libraries, and those built on them, each as one shape: `whole()`, `stream()`
and where there are such `async_whole()`, `async_stream()` give what the application gets."""

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
