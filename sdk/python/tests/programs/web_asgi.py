"""An ASGI application as uvicorn runs it, in as many processes as it likes."""

import os

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import llmobserve

llmobserve.observe()


async def page(request):
    llmobserve.set_tenant_id(request.url.query or None)
    async with httpx.AsyncClient() as client:
        url = os.environ["TEST_PROVIDER_URL"] + "/v1/chat/completions"
        (await client.post(url, content=b"{}")).raise_for_status()
    return PlainTextResponse(str(os.getpid()))


app = Starlette(routes=[Route("/", page)])
app.add_middleware(llmobserve.ObservabilityMiddleware)
