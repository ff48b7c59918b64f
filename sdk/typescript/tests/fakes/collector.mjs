// A collector that checks every event by the contract, counts ids once, and fails on demand.
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

import { check, FIELDS, SHAPES } from "./contract.mjs";
import { Server } from "./server.mjs";

export class Collector extends Server {
  /** `ok`, `garbage`, `portal` (200 with a page), or a status as text. */
  mode = "ok";
  delayMs = 0;
  /** Nothing is answered before this promise is settled. */
  gate = undefined;
  posts = 0;
  copies = 0;
  /** What was not as it must be; the tests look at it. */
  faults = [];
  /** [event, api key], in the order they came first. */
  received = [];
  #ids = new Set();

  async respond(request, response, body) {
    this.posts += 1;
    await sleep(this.delayMs);
    await this.gate;
    const problem = { "Content-Type": "application/problem+json" };
    if (this.mode === "ok") this.accept(request, response, body);
    else if (this.mode === "garbage") request.socket.end("\x00\xff not http at all\r\n\r\n");
    else if (this.mode === "portal") response.end("<html>please log in</html>");
    else if (this.mode === "429") response.writeHead(429, { ...problem, "Retry-After": 1 }).end("{}");
    else response.writeHead(Number(this.mode), problem).end("{}");
  }

  accept(request, response, body) {
    const { headers } = request;
    if (request.url !== "/events") this.faults.push(request.url);
    if (headers["content-encoding"] !== "gzip") this.faults.push("not compressed");
    if (headers["content-type"] !== "application/x-ndjson") this.faults.push("not NDJSON");
    const key = (headers.authorization ?? "").replace("Bearer ", "");
    const lines = gunzipSync(body).toString().split("\n");
    const rejected = [];
    lines.forEach((line, index) => {
      try {
        const event = JSON.parse(line);
        check(event);
        for (const name of Object.keys(event)) if (!FIELDS.has(name)) this.faults.push(name);
        this.#store(event, key);
      } catch (error) {
        rejected.push({ index, code: error.code, message: "" });
      }
    });
    const status = rejected.length === lines.length ? 422 : 202;
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ accepted: lines.length - rejected.length, rejected }));
  }

  #store(event, key) {
    const id = `${event.tenant_id} ${event.id}`;
    if (this.#ids.has(id)) this.copies += 1;
    else this.received.push([event, key]);
    this.#ids.add(id);
  }

  get events() {
    return this.received.map(([event]) => event);
  }

  get calls() {
    return this.events.filter((event) => !SHAPES.includes(event.span_type));
  }

  forget() {
    this.received = [];
  }
}
