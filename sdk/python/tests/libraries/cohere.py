"""Cohere's own library."""

from . import MESSAGES, collect, plain


class Cohere:
    provider, path, model = "cohere", "/v2/chat", "command-a-03-2025"

    def __init__(self, url):
        import cohere

        self.sync = cohere.ClientV2(api_key="k", base_url=url)
        self.other = cohere.AsyncClientV2(api_key="k", base_url=url)
        self.error = cohere.errors.TooManyRequestsError
        once = {"request_options": {"max_retries": 0}}
        self.arguments = {"model": self.model, "messages": MESSAGES, **once}

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
