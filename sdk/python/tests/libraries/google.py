"""Google's own library."""

from . import collect, plain


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
