/**
 * `node:http(s)` through the proxy. The application holds its request from the start, so that it
 * is not replaced but sent elsewhere: it gets a connection to the proxy, once that stands, and is
 * rewritten before the first byte. If none can be had, its own agent takes it as it is.
 */

import type * as http from "node:http";
import type { Socket } from "node:net";

import * as builtin from "../builtin.js";
import { begin } from "../call.js";
import { address, proxied } from "../listen/http.js";
import { CONNECT_TIMEOUT_MS, headers, type Proxy } from "../proxy.js";
import { shared } from "../shared.js";

type Connect = (options: object, done: (error: Error | null, socket?: Socket) => void) => unknown;

/** Node's own, which its types do not show. */
interface AgentInside {
  addRequest(request: http.ClientRequest, options: object): void;
  createConnection: Connect;
}

interface RequestInside {
  _header: string | null;
  outputData: { data: unknown; encoding: string; callback: unknown }[];
  path: string;
  onSocket(socket: Socket | null | undefined, error?: Error | null): void;
}

let toProxy: { agent: AgentInside; url: string } | undefined;

/** Whether the request takes this way; `direct` sends it as if there were none. */
export function divert(request: http.ClientRequest, proxy: Proxy, direct: () => void): boolean {
  const { protocol, host, target } = address(request);
  const call = begin(request.method, protocol, host, target);
  if (call === undefined) return false;
  call.isMeasuredByProxy();
  proxied.add(request);
  const added = headers(call, `${protocol}//${host}${target}`);
  const context = shared.storage.getStore() ?? {};
  const inside = request as unknown as RequestInside;
  const { onSocket } = inside;
  inside.onSocket = (socket, error) => {
    inside.onSocket = onSocket;
    if (error) {
      proxied.delete(request);
      proxy.unreachable();
      shared.storage.run(context, direct);
    } else {
      rewrite(inside, request, proxy.url, added);
      inside.onSocket(socket);
    }
  };
  const { hostname, port, pathname } = proxy.url;
  const where = { host: hostname.replace(/^\[|\]$/g, ""), port, path: pathname };
  agentFor(proxy.url).addRequest(request, { ...where, servername: hostname });
  return true;
}

function agentFor(url: URL): AgentInside {
  if (toProxy?.url === url.href) return toProxy.agent;
  const { Agent } = url.protocol === "https:" ? builtin.https() : builtin.http();
  const agent = new Agent({ keepAlive: true }) as unknown as AgentInside;
  const event = url.protocol === "https:" ? "secureConnect" : "connect";
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const socket = connect({ ...options, port }, () => {}) as Socket;
    const failed = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      done(error);
    };
    const timer = setTimeout(() => failed(new Error("no connection")), CONNECT_TIMEOUT_MS);
    socket.once("error", failed);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off("error", failed);
      done(null, socket);
    });
  };
  toProxy = { agent, url: url.href };
  return agent;
}

/** What the application sees of its request stays, once its head is written. */
function rewrite(
  inside: RequestInside,
  request: http.ClientRequest,
  url: URL,
  added: Record<string, string>,
): void {
  const { _header: head, outputData: unsent } = inside;
  if (head === null) {
    inside.path = url.pathname;
    request.setHeader("Host", url.host);
    for (const [name, value] of Object.entries(added)) request.setHeader(name, value);
    return;
  }
  const lines = head.split("\r\n").slice(0, -2);
  const [method, , version] = (lines.shift() ?? "").split(" ");
  const kept = lines.filter((line) => !/^host:/i.test(line));
  const ours = Object.entries(added).map(([name, value]) => `${name}: ${value}`);
  const first = `${method} ${url.pathname} ${version}`;
  const data = [first, `Host: ${url.host}`, ...kept, ...ours, "", ""].join("\r\n");
  const entry = unsent[0];
  if (typeof entry?.data === "string") entry.data = entry.data.slice(head.length);
  // An entry of its own: a body beside it may be in another encoding.
  unsent.unshift({ data, encoding: "latin1", callback: null });
}
