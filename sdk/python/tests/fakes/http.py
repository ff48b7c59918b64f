"""A small HTTP/1.1 server in a thread."""

import http.server
import threading


class Server:
    """Subclasses answer by `respond(request)`, where `request` is the handler with its `body`."""

    def __init__(self, port=0):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one segment, or delayed acknowledgements cost 40 ms.
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def handle_any(self):
                self.body = self.read_body()
                try:
                    outer.respond(self)
                    self.wfile.flush()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def read_body(self):
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    return b"".join(iter(self.read_chunk, b""))
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def read_chunk(self):
                size = int(self.rfile.readline().split(b";")[0], 16)
                data = self.rfile.read(size)
                self.rfile.readline()
                return data

            do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = handle_any

            def answer(self, status, content_type, body, headers=()):
                self.send_response_only(status)  # no date: answers are compared
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def begin_chunks(self, status, content_type, headers=()):
                self.send_response_only(status)  # no date: answers are compared
                self.send_header("Content-Type", content_type)
                self.send_header("Transfer-Encoding", "chunked")
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()

            def chunk(self, data):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

        class Threads(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *_):
                pass

        self._server = Threads(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def netloc(self):
        return f"127.0.0.1:{self.port}"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def respond(self, request):
        raise NotImplementedError
