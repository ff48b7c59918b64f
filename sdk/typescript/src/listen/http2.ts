/**
 * `node:http2`, by which the AWS SDK calls Bedrock. Before Node 22.17 it has no channels, so that
 * `connect` is replaced by one that looks at the new session's requests.
 */

import { errorMonitor } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { syncBuiltinESMExports } from "node:module";

import { http2 as load } from "../builtin.js";
import { begin, type Call } from "../call.js";
import { quietly } from "../log.js";
import { hook } from "./hook.js";

export function listen(): void {
  const http2 = load();
  const { connect } = http2;
  http2.connect = function (this: unknown, ...args: Parameters<typeof connect>) {
    const session = connect.apply(this as never, args) as ClientHttp2Session;
    quietly(() => followSession(session, new URL(String(args[0]))));
    return session;
  } as typeof connect;
  syncBuiltinESMExports(); // for those who import it by name
}

function followSession(session: ClientHttp2Session, { protocol, host }: URL): void {
  const { request } = session;
  session.request = function (this: ClientHttp2Session, ...args) {
    const stream = request.apply(this, args);
    quietly(() => {
      const headers = (args[0] ?? {}) as Record<string, unknown>;
      const asked = String(headers[":authority"] ?? host);
      const method = String(headers[":method"] ?? "GET");
      const call = begin(method, protocol, asked, String(headers[":path"] ?? "/"));
      if (call !== undefined) follow(call, stream);
    });
    return stream;
  };
}

function follow(call: Call, stream: ClientHttp2Stream): void {
  hook(stream, "write", (piece) => call.sent(piece));
  hook(stream, "end", (piece) => call.sent(piece));
  // A body's first pieces come before its head is told.
  let early: (Buffer | null)[] | undefined = [];
  const came = (piece: Buffer | null): void => {
    if (piece !== null) call.feed(piece);
    else if (!stream.rstCode) call.end();
  };
  hook(stream, "push", (piece) => {
    if (early) early.push(piece as Buffer | null);
    else came(piece as Buffer | null);
  });
  stream.once("response", (headers: IncomingHttpHeaders & { ":status"?: number }) => {
    quietly(() => {
      call.answered(headers[":status"] ?? 0, (name) => headers[name]?.toString());
      const waiting = early ?? [];
      early = undefined;
      waiting.forEach(came);
    });
  });
  stream.on(errorMonitor, (error) => call.fail(error));
  stream.once("close", () => call.abandon());
}
