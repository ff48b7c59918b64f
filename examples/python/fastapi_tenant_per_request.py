"""A service with a tenant per request: the middleware gives each request a context of its own,
the authentication names its tenant.

    pip install fastapi uvicorn openai llmobserve
    uvicorn fastapi_tenant_per_request:app
    curl -H 'X-Tenant: acme' -H 'X-Customer-ID: kim' 'localhost:8000/ask?question=why'
"""

import os

from fastapi import Depends, FastAPI, Header
from openai import AsyncOpenAI

import llmobserve

llmobserve.observe(
    collector_url=os.environ.get("COLLECTOR_URL", "http://localhost:8000"),
    api_key=os.environ.get("LLMOBSERVE_API_KEY"),  # a platform key: it may name any tenant
)

app = FastAPI()
app.add_middleware(llmobserve.ObservabilityMiddleware)
openai_client = AsyncOpenAI()


async def tenant(x_tenant: str = Header()):
    """Stands for your authentication. Asynchronous, so that it runs in the request's context."""
    llmobserve.set_tenant_id(x_tenant)
    return x_tenant


@llmobserve.tool("search")
async def search(question: str) -> str:
    return f"what is known about {question}"


@app.get("/ask")
async def ask(question: str, tenant: str = Depends(tenant)):
    with llmobserve.section("agent:answer"):
        facts = await search(question)
        response = await openai_client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": f"{question}\n{facts}"}]
        )
    return {"tenant": tenant, "answer": response.choices[0].message.content}
