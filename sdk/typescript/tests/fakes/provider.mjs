// A provider that replays recordings, and remembers what it was asked.
import { setTimeout as sleep } from "node:timers/promises";
import * as zlib from "node:zlib";

import { Server } from "./server.mjs";

export class Provider extends Server {
  /** Each request: method, path, headers, body. */
  requests = [];
  #recordings = new Map();

  /** For every path, or for one. */
  replay(recording, path = "*") {
    this.#recordings.set(path, recording);
  }

  async respond(request, response, body) {
    const { method, url: path, headers } = request;
    this.requests.push({ method, path, headers, body: body.toString() });
    const recording = this.#recordings.get(path.split("?")[0]) ?? this.#recordings.get("*");
    await (recording ?? new Recording('{"error":{"type":"not_found"}}', { status: 404 })).play(
      request,
      response,
    );
  }
}

const COMPRESS = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync };

/**
 * `pieces`: sent one by one as chunks of that size, or for server-sent events ("events") one each;
 * otherwise whole, with its length. `breaksAfter` pieces the connection breaks; `hangsAfter` so
 * many nothing more comes.
 */
export class Recording {
  constructor(body, options = {}) {
    this.body = Buffer.from(body);
    this.status = 200;
    this.type = "application/json";
    this.headers = {};
    this.delayMs = 0;
    this.pauseMs = 0;
    Object.assign(this, options);
  }

  async play(request, response) {
    await sleep(this.delayMs);
    const { encoding } = this;
    const body = encoding ? COMPRESS[encoding](this.body) : this.body;
    const headers = { ...this.headers, "Content-Type": this.type };
    if (encoding) headers["Content-Encoding"] = encoding;
    response.sendDate = false; // answers are compared
    if (this.pieces === undefined) {
      response.writeHead(this.status, { ...headers, "Content-Length": body.length }).end(body);
      return;
    }
    response.writeHead(this.status, headers);
    let number = 0;
    for (const piece of cut(body, this.pieces)) {
      if (number === this.breaksAfter) return request.socket.destroy();
      if (number === this.hangsAfter) return;
      response.write(piece);
      number += 1;
      await sleep(this.pauseMs);
    }
    response.end();
  }
}

function* cut(body, size) {
  if (size === "events") {
    for (let start = 0; start < body.length; ) {
      const end = body.indexOf("\n\n", start);
      const next = end < 0 ? body.length : end + 2;
      yield body.subarray(start, next);
      start = next;
    }
    return;
  }
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size);
}
