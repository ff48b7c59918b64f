/**
 * `application/vnd.amazon.eventstream`: length, headers' length, checksum, headers, payload,
 * checksum. Keeps every payload that names usage or an exception.
 */

import type { Reader } from "./body.js";

const PRELUDE_BYTES = 12;
/** A longer message of an event stream is not looked at. */
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;
const KEPT_MAX = 4;

export class EventStream implements Reader {
  finished = false;
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes that the first message needs; until they are there nothing is joined. */
  #wanted = PRELUDE_BYTES;
  #skip = 0;
  #kept: Buffer[] = [];

  feed(data: Buffer): void {
    const skipped = Math.min(this.#skip, data.length);
    this.#skip -= skipped;
    if (skipped === data.length) return;
    this.#pieces.push(data.subarray(skipped));
    this.#size += data.length - skipped;
    if (this.#size >= this.#wanted) this.#read(Buffer.concat(this.#pieces));
  }

  #read(buffer: Buffer): void {
    let start = 0;
    this.#wanted = PRELUDE_BYTES;
    while (buffer.length - start >= PRELUDE_BYTES) {
      const total = buffer.readUInt32BE(start);
      const headers = buffer.readUInt32BE(start + 4);
      if (total > MESSAGE_BYTES_MAX || total < headers + 16) {
        this.#skip = Math.max(0, start + total - buffer.length);
        start = buffer.length;
        break;
      }
      if (buffer.length - start < total) {
        this.#wanted = total;
        break;
      }
      const payload = start + PRELUDE_BYTES + headers;
      this.#message(
        buffer.toString("latin1", start + PRELUDE_BYTES, payload),
        buffer.subarray(payload, start + total - 4),
      );
      start += total;
    }
    this.#pieces = [buffer.subarray(start)];
    this.#size = buffer.length - start;
  }

  #message(headers: string, payload: Buffer): void {
    if (headers.includes("metadata")) {
      this.finished = true;
      this.#keep(Buffer.from(payload));
    } else if (headers.includes("exception")) {
      this.#keep(Buffer.from(JSON.stringify({ error: { type: exception(headers) } })));
    } else if (headers.includes("chunk") && payload.includes('"bytes"')) {
      this.#chunk(payload);
    }
  }

  /** The model's own event, in base64, inside JSON (`InvokeModelWithResponseStream`). */
  #chunk(payload: Buffer): void {
    const inner = Buffer.from(JSON.parse(payload.toString()).bytes, "base64");
    const isLast = inner.includes('"amazon-bedrock-invocationMetrics"');
    if (isLast || inner.includes('"usage"')) this.#keep(inner);
    this.finished ||= isLast;
  }

  #keep(document: Buffer): void {
    this.#kept.push(document);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
  }

  kept(): Buffer[] {
    return this.#kept;
  }
}

function exception(headers: string): string {
  const name = headers.split(":exception-type").at(-1)?.slice(3).split(":", 1)[0] ?? "";
  return name.replace(/[^\p{L}\p{N}]/gu, "") || "exception";
}
