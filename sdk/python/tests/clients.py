"""One post through each HTTP library, read whole or as a stream: `(status, body)`."""

import asyncio

import aiohttp
import botocore.awsrequest
import botocore.httpsession
import httpx
import requests
import urllib3

try:
    import httpx2
except ImportError:  # needs a newer Python
    httpx2 = None

HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer sk-vendor"}


def _httpx(module, url, body, stream):
    with module.Client() as client:
        if not stream:
            response = client.post(url, content=body, headers=HEADERS)
            return response.status_code, response.content
        with client.stream("POST", url, content=body, headers=HEADERS) as response:
            return response.status_code, b"".join(response.iter_bytes())


def _async_httpx(module, url, body, stream):
    async def run():
        async with module.AsyncClient() as client:
            if not stream:
                response = await client.post(url, content=body, headers=HEADERS)
                return response.status_code, response.content
            async with client.stream("POST", url, content=body, headers=HEADERS) as response:
                return response.status_code, b"".join([p async for p in response.aiter_bytes()])

    return asyncio.run(run())


def _requests(url, body, stream):
    with requests.Session() as session:
        response = session.post(url, data=body, headers=HEADERS, stream=stream)
        pieces = response.iter_content(7) if stream else [response.content]
        return response.status_code, b"".join(pieces)


def _urllib3(url, body, stream):
    pool = urllib3.PoolManager()
    response = pool.request("POST", url, body=body, headers=HEADERS, preload_content=not stream)
    data = b"".join(response.stream(11, decode_content=True)) if stream else response.data
    return response.status, data


def _aiohttp(url, body, stream):
    async def run():
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=body, headers=HEADERS) as response:
                if not stream:
                    return response.status, await response.read()
                return response.status, b"".join([p async for p in response.content.iter_any()])

    return asyncio.run(run())


def _aiohttp_lines(url, body, stream):
    async def run():
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=body, headers=HEADERS) as response:
                return response.status, b"".join([line async for line in response.content])

    return asyncio.run(run())


def _botocore(url, body, stream):
    session = botocore.httpsession.URLLib3Session()
    request = botocore.awsrequest.AWSRequest("POST", url, HEADERS, body, stream_output=stream)
    response = session.send(request.prepare())
    data = b"".join(response.raw.stream()) if stream else response.content
    return response.status_code, data


POSTS = {
    "httpx": lambda *a: _httpx(httpx, *a),
    "httpx-async": lambda *a: _async_httpx(httpx, *a),
    "requests": _requests,
    "urllib3": _urllib3,
    "aiohttp": _aiohttp,
    "aiohttp-lines": _aiohttp_lines,
    "botocore": _botocore,
}
if httpx2 is not None:
    POSTS["httpx2"] = lambda *a: _httpx(httpx2, *a)
    POSTS["httpx2-async"] = lambda *a: _async_httpx(httpx2, *a)
