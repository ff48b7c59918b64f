import time

import pytest

import expected
from fakes.provider import Provider
from instance import Instance

NAMES = ("openai", "anthropic", "google", "mistral", "cohere", "bedrock")


class World:
    """`llmobserve up`, and behind its proxy a provider of each name that replays recordings."""

    def __init__(self, settings):
        self.providers = {name: Provider() for name in NAMES}
        each = self.providers.items()
        #: Which provider answers where, for the proxy and for the SDK.
        self.hosts = ",".join(f"{name}={server.netloc}" for name, server in each)
        upstreams = ",".join(f"{name}={server.url}" for name, server in each)
        self.up = Instance(settings={
            "LLMOBSERVE_PROXY_UPSTREAMS": upstreams,
            "LLMOBSERVE_PROVIDER_HOSTS": self.hosts,
            **settings,
        })
        self.up.start()
        #: How many calls there should be.
        self.calls = 0

    @property
    def proxy_url(self):
        return f"http://127.0.0.1:{self.up.proxy}"

    def rows(self, count, where, more=(), timeout=20):
        """Calls that are stored, once there are as many as there should be."""
        deadline = time.monotonic() + timeout
        while True:
            found = expected.rows(self.up, where, more)
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def stop(self):
        self.up.terminate()
        for server in self.providers.values():
            server.stop()


@pytest.fixture(scope="module")
def begin():
    """`begin(settings)`: a world for the tests of one file."""
    begun = []

    def start(**settings):
        begun.append(World(settings))
        return begun[-1]

    yield start
    for world in begun:
        world.stop()
