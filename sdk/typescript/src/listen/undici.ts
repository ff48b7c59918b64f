/**
 * `fetch`, and undici in every copy and version: each request passes its own object's methods.
 * Nothing of the application's is touched; its `Response` is the one that it would have got.
 */

import { begin, type Call } from "../call.js";
import { on } from "./channels.js";
import { hook } from "./hook.js";

interface Request {
  origin?: string | URL;
  path: string;
  method: string;
}

type Headers = (Buffer | string)[] | Record<string, string | string[]>;

const calls = new WeakMap<object, Call>();

export function listen(): void {
  on<{ request: Request }>("undici:request:create", ({ request }) => {
    const { protocol, host } = new URL(String(request.origin));
    const call = begin(request.method, protocol, host, request.path);
    if (call === undefined) return;
    calls.set(request, call);
    hook(request, "onBodySent", (piece) => call.sent(piece));
    hook(request, "onData", (piece) => call.feed(piece as Buffer));
    hook(request, "onResponseData", (piece) => call.feed(piece as Buffer)); // undici 8
  });
  on<{ request: Request; response: { statusCode: number; headers: Headers } }>(
    "undici:request:headers",
    ({ request, response }) => {
      calls.get(request)?.answered(response.statusCode, (name) => header(response.headers, name));
    },
  );
  on<{ request: Request }>("undici:request:trailers", ({ request }) => calls.get(request)?.end());
  on<{ request: Request; error: unknown }>("undici:request:error", ({ request, error }) => {
    calls.get(request)?.fail(error);
  });
}

function header(headers: Headers, wanted: string): string | undefined {
  if (!Array.isArray(headers)) return headers[wanted]?.toString();
  const index = headers.findIndex(
    (name, place) => place % 2 === 0 && name.toString().toLowerCase() === wanted,
  );
  return index < 0 ? undefined : headers[index + 1]?.toString();
}
