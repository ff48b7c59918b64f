// The proxy's header form, as the contract has it: forwards to the target, none of our headers
// reaches it, and what came by is remembered in place of an event.
import { connect } from "node:net";

import { Server } from "./server.mjs";

const PREFIX = "x-llmobserve-";
const HOP = ["connection", "transfer-encoding", "content-length", "host", "keep-alive"];

export class Proxy extends Server {
  /** Each call's context headers, without the prefix. */
  calls = [];

  /** By hand: Node's own client is measured in this process. */
  async respond(request, response, body) {
    const ours = {};
    const lines = [];
    for (const [name, value] of Object.entries(request.headers)) {
      if (name.startsWith(PREFIX)) {
        ours[name.slice(PREFIX.length)] = Buffer.from(value, "latin1").toString();
      } else if (!HOP.includes(name)) lines.push(`${name}: ${value}`);
    }
    if (request.url !== "/proxy" || !ours["target-url"]) {
      response.writeHead(400).end();
      return;
    }
    this.calls.push(ours);
    const target = new URL(ours["target-url"]);
    const first = `${request.method} ${target.pathname}${target.search} HTTP/1.1`;
    lines.unshift(first, `host: ${target.host}`, "connection: close");
    lines.push(`content-length: ${body.length}`, "", "");
    const upstream = connect(Number(target.port), target.hostname);
    upstream.on("error", () => request.socket.destroy());
    upstream.write(lines.join("\r\n"), "latin1");
    upstream.write(body);
    upstream.pipe(request.socket);
  }
}
