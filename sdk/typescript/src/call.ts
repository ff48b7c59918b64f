/** One call to a provider, from before it is sent until its response has passed. */

import { Document, type Reader, readerFor } from "./body.js";
import { type Context, current, newSpanId } from "./context.js";
import { type Decoder, decoderFor } from "./encoding.js";
import type { Event, Recordable } from "./event.js";
import { notMeasured, quietly } from "./log.js";
import type { Kind } from "./providers.js";
import { eventOf } from "./report.js";
import { shared } from "./shared.js";

/** Of a request's body this much is looked at, for the model's name. */
const REQUEST_BYTES_MAX = 8 * 1024 * 1024;

/** Of a response no more than about this is held. */
const RESPONSE_BYTES_MAX = 512 * 1024;

export type HeaderOf = (name: string) => string | undefined;

/** Begun before the request goes out; recorded once, whatever happens. */
export class Call implements Recordable {
  readonly context: Context = current();
  readonly spanId = newSpanId();
  readonly sentAtMs = Date.now();
  /** HTTP status; `undefined` when there was no answer. */
  status: number | undefined;
  /** What ended it early. */
  error: unknown;
  /** The reader went away before the end. */
  isCutOff = false;
  isStreaming = false;
  latencyMs = 0;
  ttftMs: number | undefined;
  /** Bedrock counts in headers where the body has no count. */
  readonly tokensInHeaders: Partial<Record<"input" | "output", string>> = {};
  errorInHeader: string | undefined;

  readonly #started = performance.now();
  #request: Uint8Array[] = [];
  #requestSize = 0;
  #reader: Reader | undefined;
  #decoder: Decoder | undefined;
  #isDecoded = false;
  #responseSize = 0;
  #isOver = false;
  #isRecorded = false;

  constructor(
    readonly provider: string,
    /** Its span type. */
    readonly kind: Kind,
    readonly method: string,
    /** Without the query, which may hold a key. */
    readonly path: string,
  ) {
    shared.active?.begun(this);
  }

  /** Nothing is recorded here. */
  isMeasuredByProxy(): void {
    this.#isOver = this.#isRecorded = true;
    shared.active?.forget(this);
  }

  /** A piece of the request's body. */
  sent(data: unknown): void {
    const piece = typeof data === "string" ? Buffer.from(data) : data;
    if (!(piece instanceof Uint8Array)) return;
    if (this.#requestSize + piece.length > REQUEST_BYTES_MAX) return;
    this.#request.push(piece);
    this.#requestSize += piece.length;
  }

  requestText(): string {
    return Buffer.concat(this.#request).toString("utf8");
  }

  /** The head of the response is here. */
  answered(status: number, header: HeaderOf): void {
    if (status < 200) return;
    quietly(() => {
      this.status = status;
      this.#reader = readerFor((header("content-type") ?? "").toLowerCase());
      this.isStreaming = this.hasEvents || this.path.toLowerCase().includes("stream");
      this.#decoder = decoderFor(
        header("content-encoding") ?? "",
        (data) => this.#read(data),
        () => this.#decoded(),
      );
      if (this.provider === "bedrock") this.#amazon(header);
    });
  }

  #amazon(header: HeaderOf): void {
    for (const side of ["input", "output"] as const) {
      const count = header(`x-amzn-bedrock-${side}-token-count`);
      if (count) this.tokensInHeaders[side] = count;
    }
    this.errorInHeader = header("x-amzn-errortype");
  }

  /** A piece of the response's body, as it came. */
  feed(data: Buffer): void {
    if (this.#isOver || this.#reader === undefined || data.length === 0) return;
    this.#responseSize += data.length;
    if (this.isStreaming) this.ttftMs ??= performance.now() - this.#started;
    if (this.#decoder) this.#decoder.feed(data);
    else this.#read(data);
  }

  #read(data: Buffer): void {
    try {
      this.#reader?.feed(data);
    } catch (error) {
      this.#reader = undefined; // what follows in this body is not read either
      notMeasured(error);
    }
    if (this.sawEnd) this.end(); // not every client reads on, or lets go, after the last word
  }

  /** The response has passed whole. */
  end(): void {
    this.#over();
  }

  /** Sending or reading ended with an error. */
  fail(error: unknown): void {
    if (!this.#isOver) this.error = error;
    this.#over();
  }

  /** Nobody reads on. After the provider's last word that is an end like any other. */
  abandon(): void {
    if (!this.#isOver) this.isCutOff = !this.sawEnd;
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.latencyMs = performance.now() - this.#started;
    if (this.#decoder === undefined || this.#isDecoded) this.#record();
    else this.#decoder.end(); // and recorded when all of it is decoded
  }

  #decoded(): void {
    this.#isDecoded = true;
    if (this.#isOver) this.#record();
  }

  /** At the end of the process: what is not over is cut off, what is not decoded is not read. */
  recordNow(): void {
    this.abandon();
    this.#record();
  }

  #record(): void {
    if (this.#isRecorded) return;
    this.#isRecorded = true;
    quietly(() => shared.active?.ended(this));
  }

  /** The provider itself said that this was all. */
  get sawEnd(): boolean {
    return this.#reader?.finished ?? false;
  }

  /** The body is a stream of events, not one document. */
  get hasEvents(): boolean {
    return this.#reader !== undefined && !(this.#reader instanceof Document);
  }

  kept(): Buffer[] {
    return this.#reader?.kept() ?? [];
  }

  event(): Event | undefined {
    return eventOf(this);
  }

  /** Bytes held until it is digested; an estimate. */
  weight(): number {
    return 4096 + this.#requestSize + Math.min(this.#responseSize, RESPONSE_BYTES_MAX);
  }
}

/** A call, when the request is one. Never throws. */
export function begin(
  method: string,
  protocol: string,
  host: string,
  target: string,
): Call | undefined {
  const active = shared.active;
  if (active === undefined) return undefined;
  return quietly(() => {
    const provider = active.providers.ofHost(protocol, host);
    if (provider === undefined) return undefined;
    const path = target.split("?", 1)[0] || "/";
    const kind = active.providers.kind(provider, method, path);
    return kind === undefined ? undefined : new Call(provider, kind, method, path);
  });
}
