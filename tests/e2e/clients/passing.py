"""What passes through the proxy, and the one thing that it changes: it asks for the usage of OpenAI's
streams, and keeps what that adds from a client that did not ask."""

import json

from fakes.provider import Recording
from libraries import lasting, recording_of, replay
from recordings import fixture


def replay_unasked(kind, way, provider):
    """What the provider answers when only the client asks."""
    if way in getattr(kind, "unasked", ()):
        provider.replay(_without_usage(fixture(recording_of(kind, way))))
    else:
        replay(kind, way, provider)


def _without_usage(recording):
    events = recording.body.split(b"\n\n")
    body = b"\n\n".join(event for event in events if b'"choices":[]' not in event.replace(b" ", b""))
    assert body != recording.body
    return Recording(body, recording.status, recording.content_type, recording.pieces)


def assert_asked_the_same(provider, before, after):
    """The provider got the same request, and nothing of ours."""
    assert _without_ours(before) == _without_ours(after)
    assert not [name for name in after[2] if "llmobserve" in name]
    assert after[2]["host"] == provider.netloc


def _without_ours(request):
    method, path, headers, body = lasting(request)
    body = json.loads(body or b"null")
    if body:
        body.pop("stream_options", None)
    return method, path, headers, body
