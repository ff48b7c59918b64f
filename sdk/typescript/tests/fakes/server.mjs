// A server on a free port, and the bodies of what it is asked.
import { createServer } from "node:http";
import { once } from "node:events";

export class Server {
  constructor() {
    this.server = createServer((request, response) => {
      request.on("error", () => {});
      response.on("error", () => {});
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
    this.server.keepAliveTimeout = 60_000; // a busy machine is slow, and closing races with asking
  }

  async #handle(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    await this.respond(request, response, Buffer.concat(pieces));
  }

  async start(port = 0) {
    this.server.listen(port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
    this.host = `127.0.0.1:${this.port}`;
    this.url = `http://${this.host}`;
    return this;
  }

  async stop() {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }
}
