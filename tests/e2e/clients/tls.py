"""TLS in front of a server, as a load balancer would have it: what comes is passed on as it is."""

import asyncio
import ssl
import threading

from instance import ROOT

#: Made for tests, for `localhost`.
CERTIFICATE = ROOT / "service" / "src" / "http" / "tests" / "cert.pem"


class Front:
    def __init__(self, port):
        """Before a server on this port."""
        self._port = port
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.url = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    async def _listen(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("key.pem"))
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        return f"https://localhost:{server.sockets[0].getsockname()[1]}"

    async def _serve(self, from_client, to_client):
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_pass_on(from_client, to_server), _pass_on(from_server, to_client))

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)


async def _pass_on(source, target):
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    target.close()
