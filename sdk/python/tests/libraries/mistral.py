"""Mistral's own library, of this and the last major version."""

from . import MESSAGES, collect, plain


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
