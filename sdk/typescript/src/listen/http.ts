/**
 * `node:http` and `node:https`, whoever imports them and how: node-fetch, axios, got, the AWS SDK.
 * No listener is added that would change what happens: an error without one still is uncaught, a
 * response without one still is discarded.
 */

import { errorMonitor } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";

import { http } from "../builtin.js";
import { begin, type Call } from "../call.js";
import { quietly } from "../log.js";
import { divert } from "../reroute/http.js";
import { shared } from "../shared.js";
import { on } from "./channels.js";
import { hook } from "./hook.js";

const calls = new WeakMap<object, Call>();
/** Those that the proxy measures. */
export const proxied = new WeakSet<object>();

type AddRequest = (request: ClientRequest, options: object, ...rest: unknown[]) => void;

export function listen(): void {
  // Where a new request looks for a connection: here its body has yet to come.
  const agent = http().Agent.prototype as unknown as { addRequest: AddRequest };
  const { addRequest } = agent;
  agent.addRequest = function (request, ...rest) {
    const direct = (): void => {
      quietly(() => follow(request));
      addRequest.call(this, request, ...rest);
    };
    const proxy = shared.active?.proxy;
    if (proxied.has(request)) addRequest.call(this, request, ...rest); // on its way to it
    else if (!proxy?.isUsable() || !quietly(() => divert(request, proxy, direct))) direct();
  };
  // Of a request that has no agent, or one that goes its own way.
  on<{ request: ClientRequest }>("http.client.request.start", ({ request }) => follow(request));
  // In spite of its name: the head of the response is here.
  on<{ request: ClientRequest; response: IncomingMessage }>(
    "http.client.response.finish",
    ({ request, response }) => {
      const call = calls.get(request);
      if (call !== undefined) followResponse(call, response);
    },
  );
}

function follow(request: ClientRequest): void {
  if (proxied.has(request) || calls.has(request)) return;
  const { protocol, host, target } = address(request);
  const call = begin(request.method, protocol, host, target);
  if (call === undefined) return;
  calls.set(request, call);
  hook(request, "write", (piece) => call.sent(piece));
  hook(request, "end", (piece) => call.sent(piece));
  request.on(errorMonitor, (error) => call.fail(error));
  // Only the application destroys a request under way.
  hook(request, "destroy", (error) => (error ? call.fail(error) : call.abandon()));
  request.once("close", () => {
    if (call.status === undefined) call.abandon();
  });
}

function followResponse(call: Call, response: IncomingMessage): void {
  call.answered(response.statusCode ?? 0, (name) => response.headers[name]?.toString());
  hook(response, "push", (piece) => {
    if (piece !== null) call.feed(piece as Buffer);
    else if (response.complete) call.end();
  });
  hook(response, "destroy", (error) => {
    if (response.complete) call.end();
    else if (error) call.fail(error);
    else call.abandon();
  });
  response.once("close", () => (response.complete ? call.end() : call.abandon()));
}

export interface Address {
  protocol: string;
  /** With its port, unless that is the protocol's. */
  host: string;
  target: string;
}

export function address(request: ClientRequest): Address {
  const { protocol, path } = request;
  if (/^https?:\/\//.test(path)) {
    // To a forward proxy of the application's.
    const url = new URL(path);
    return { protocol: url.protocol, host: url.host, target: url.pathname + url.search };
  }
  return { protocol, host: hostOf(request), target: path };
}

function hostOf(request: ClientRequest): string {
  const host = request.getHeader("host") ?? /\r\nhost: *(\S+)/i.exec(headOf(request))?.[1];
  return String(host ?? request.host);
}

/** Written, if not yet sent, where headers were given as a list. */
function headOf(request: ClientRequest): string {
  return (request as unknown as { _header: string | null })._header ?? "";
}
