"""LiteLLM, through OpenAI's library and through its own client."""

import os

from . import MESSAGES


class LiteLLM:
    provider, path = "openai", "/v1/chat/completions"

    def __init__(self, url):
        # Or it asks the network for prices when it is imported.
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
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
