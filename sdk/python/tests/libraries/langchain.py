"""LangChain, through OpenAI's library."""


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
