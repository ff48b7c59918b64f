"""OpenAI's own library, its responses, and its ways of reading raw answers."""

from . import MESSAGES, collect, plain


class OpenAI:
    provider, path = "openai", "/v1/chat/completions"
    #: Streams whose usage the provider is not asked for.
    unasked = ("async_stream",)

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
    path, unasked = "/v1/responses", ()

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

    unasked = ("stream", "async_stream")

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
