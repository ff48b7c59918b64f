"""Anthropic's own library."""

from . import MESSAGES, collect, plain


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
