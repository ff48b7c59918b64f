"""A WSGI application as gunicorn runs it; `observe` once, before the workers fork."""

import os

import httpx

import llmobserve

llmobserve.observe()
client = httpx.Client()


def app(environ, start_response):
    llmobserve.set_tenant_id(environ["QUERY_STRING"] or None)
    answer = client.post(os.environ["TEST_PROVIDER_URL"] + "/v1/chat/completions", content=b"{}")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode() if answer.is_success else b"?"]


application = llmobserve.WSGIMiddleware(app)
