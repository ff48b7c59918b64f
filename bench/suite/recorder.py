"""Stands between the query API and ClickHouse, and keeps what it is asked."""

import http.client
import http.server
import threading

from machine import free_ports


class Recorder:
    def __init__(self, to_port):
        self.port, = free_ports(1)
        self.asked = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = _body(self.headers, self.rfile)
                headers = {name: value for name, value in self.headers.items()
                           if name.lower() not in ("host", "content-length", "transfer-encoding", "connection")}
                recorder.asked.append((self.path, headers, body))
                connection = http.client.HTTPConnection("127.0.0.1", to_port, timeout=60)
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()


def _body(headers, stream):
    if headers.get("Transfer-Encoding", "").lower() != "chunked":
        return stream.read(int(headers.get("Content-Length") or 0))
    body = b""
    while size := int(stream.readline().split(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body
