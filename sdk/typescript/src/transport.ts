/** One `POST /events`, and what its answer means. */

import type * as http from "node:http";
import type * as https from "node:https";
import { promisify } from "node:util";

import * as builtin from "./builtin.js";

/** A collector may be slow, but not silent for ever. */
const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const RETRY_AFTER_MAX_MS = 300_000;

export interface Answer {
  /** Delivered, or refused for good: not to be sent again. */
  isFinal: boolean;
  accepted: number;
  /** In words, without secrets. */
  reason: string;
  isTooLarge: boolean;
  retryAfterMs: number | undefined;
}

const NO_ANSWER: Answer = {
  isFinal: false,
  accepted: 0,
  reason: "",
  isTooLarge: false,
  retryAfterMs: undefined,
};

export class Collector {
  readonly url: string;
  readonly #agents: { "http:": http.Agent; "https:": https.Agent };

  constructor(url: string) {
    this.url = url.replace(/\/+$/, "") + "/events";
    const options = { keepAlive: true, maxSockets: 2, timeout: TIMEOUT_MS };
    this.#agents = {
      "http:": new (builtin.http().Agent)(options),
      "https:": new (builtin.https().Agent)(options),
    };
  }

  /** Never throws. Safe to repeat: every line has an id that counts once. */
  async post(apiKey: string, lines: string[]): Promise<Answer> {
    try {
      const body = await promisify(builtin.zlib().gzip)(lines.join("\n"), { level: 3 });
      return await this.#exchange(headersOf(apiKey, body.length), body, lines.length);
    } catch (error) {
      return { ...NO_ANSWER, reason: inWords(error) };
    }
  }

  #exchange(headers: Record<string, string>, body: Buffer, sent: number): Promise<Answer> {
    const url = new URL(this.url);
    const { protocol } = url;
    if (protocol !== "http:" && protocol !== "https:") throw new Error(`no address: ${this.url}`);
    const { request } = protocol === "https:" ? builtin.https() : builtin.http();
    const agent = this.#agents[protocol];
    return new Promise((resolve, reject) => {
      const asking = request(url, { method: "POST", headers, agent });
      const timer = setTimeout(() => asking.destroy(new Error("no answer in time")), TIMEOUT_MS);
      timer.unref();
      asking.once("close", () => clearTimeout(timer));
      asking.once("error", reject);
      // A delivery keeps no process alive; whoever waits for it does.
      asking.once("socket", (socket) => socket.unref());
      asking.once("response", (response) => {
        read(response).then((text) => {
          resolve(meaning(response.statusCode ?? 0, response.headers, text, sent));
        }, reject);
      });
      asking.end(body);
    });
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

export function headersOf(apiKey: string, length: number): Record<string, string> {
  return {
    "Content-Type": "application/x-ndjson",
    "Content-Encoding": "gzip",
    "Content-Length": String(length),
    "User-Agent": "llmobserve-typescript",
    ...(apiKey ? { Authorization: `Bearer ${apiKey}` } : {}),
  };
}

async function read(response: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response) {
    size += piece.length;
    if (size > ANSWER_BYTES_MAX) break;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/**
 * Only what the collector itself says is final: a captive portal's 200 or a gateway's 403 page is
 * not.
 */
function meaning(
  status: number,
  headers: http.IncomingHttpHeaders,
  text: string,
  sent: number,
): Answer {
  const body = parsed(text);
  const rejected = body["rejected"];
  if (Array.isArray(rejected) && (status === 422 || (status >= 200 && status < 300))) {
    const accepted = Math.max(0, sent - rejected.length);
    return { ...NO_ANSWER, isFinal: true, accepted, reason: String(rejected[0]?.code ?? "") };
  }
  const reason = `HTTP ${status}`;
  if (status === 413) return { ...NO_ANSWER, isFinal: sent === 1, reason, isTooLarge: true };
  const isProblem = (headers["content-type"] ?? "").startsWith("application/problem+json");
  if (isProblem && [400, 401, 403, 415].includes(status)) {
    const code = typeof body["code"] === "string" ? ` ${body["code"]}` : "";
    return { ...NO_ANSWER, isFinal: true, reason: reason + code };
  }
  return { ...NO_ANSWER, reason, retryAfterMs: retryAfterMs(headers["retry-after"]) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Seconds, or a date. */
export function retryAfterMs(value: string | undefined): number | undefined {
  if (!value) return undefined;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS);
}

function inWords(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  return `${code ?? name}: ${message}`.slice(0, 200);
}
