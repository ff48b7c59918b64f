/**
 * A response's body as it passes: what matters of it is kept, the rest is let go at once.
 *
 * Three kinds: a whole document, server-sent events, Amazon's event stream (`eventstream.ts`).
 * Nothing here is slower than a search through the bytes; JSON is read later, between batches.
 */

import { EventStream } from "./eventstream.js";

/**
 * A document up to this size is kept whole; of a larger one its two ends are, where every
 * provider writes the model and the usage.
 */
const WHOLE_BYTES_MAX = 256 * 1024;
const HEAD_BYTES = 16 * 1024;
const TAIL_BYTES = 64 * 1024;
/** Server-sent events that are kept before they are looked into. */
const PENDING_BYTES_MAX = 64 * 1024;
/** A longer line of server-sent events is not looked at. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** Takes the decoded bytes of a body in order. */
export interface Reader {
  feed(data: Buffer): void;
  /** JSON documents, or the two ends of one that is too large. */
  kept(): Buffer[];
  /** The provider itself said that this is the end. */
  finished: boolean;
}

/** One JSON document, or something that is none (audio, an image). */
export class Document implements Reader {
  finished = false;
  #head: Buffer[] = [];
  #size = 0;
  #tail: Buffer[] = [];
  #tailSize = 0;

  feed(data: Buffer): void {
    if (this.#size + data.length <= WHOLE_BYTES_MAX && this.#tail.length === 0) {
      this.#head.push(data);
      this.#size += data.length;
      return;
    }
    // Copied: a part of a larger piece would hold on to all of it.
    const last = Buffer.from(data.subarray(Math.max(0, data.length - TAIL_BYTES)));
    this.#tail.push(last);
    this.#tailSize += last.length;
    for (let first = this.#tail[0]; first; first = this.#tail[0]) {
      if (this.#tailSize - first.length < TAIL_BYTES) break;
      this.#tailSize -= first.length;
      this.#tail.shift();
    }
  }

  kept(): Buffer[] {
    const head = Buffer.concat(this.#head);
    if (this.#tail.length === 0) return [head];
    const tail = Buffer.concat([head, ...this.#tail]);
    return [head.subarray(0, HEAD_BYTES), tail.subarray(Math.max(0, tail.length - TAIL_BYTES))];
  }
}

/**
 * Keeps the very first event, for the model's name, the first and the last one that name usage,
 * and the last error: a stream of any length takes the memory of four lines. Anthropic splits its
 * usage between the first and the last; everyone else repeats it or writes it once, at the end.
 */
export class ServerSentEvents implements Reader {
  finished = false;
  /** Not looked into yet; the last of it may be half a line. */
  #pending: Buffer[] = [];
  #pendingSize = 0;
  #isInLongLine = false;
  #head: Buffer | undefined;
  #first: Buffer | undefined;
  #last: Buffer | undefined;
  #error: Buffer | undefined;

  /** Looks into the events in batches, or when one of them may be the last. */
  feed(data: Buffer): void {
    this.#pending.push(data);
    this.#pendingSize += data.length;
    if (endsWith(data, "[DONE]\n\n")) this.finished = true;
    if (this.finished) return;
    if (this.#pendingSize > PENDING_BYTES_MAX || mayEnd(data)) this.#look();
  }

  #look(): void {
    const pending = Buffer.concat(this.#pending);
    let start = 0;
    for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10, start)) {
      if (this.#isInLongLine) this.#isInLongLine = false;
      else this.#line(pending.subarray(start, end));
      start = end + 1;
    }
    let rest = pending.subarray(start);
    if (rest.length > LINE_BYTES_MAX) {
      this.#isInLongLine = true;
      rest = rest.subarray(rest.length);
    }
    this.#pending = [rest];
    this.#pendingSize = rest.length;
  }

  #line(line: Buffer): void {
    if (!startsWith(line, "data:")) return;
    // Copied: a line would hold on to all that came with it.
    if (this.#head === undefined) this.#head = line = Buffer.from(line);
    if (line.includes('"usage') && !isNullUsage(line)) {
      this.#last = Buffer.from(line);
      this.#first ??= this.#last;
      this.finished ||= isLastUsage(line);
    } else if (line.includes('"error"')) {
      this.#error = Buffer.from(line);
    } else if (line.subarray(0, 14).includes("[DONE]")) {
      this.finished = true;
    } else if (line.includes('"message_stop"') || line.includes('"message-end"')) {
      this.finished = true;
    }
  }

  kept(): Buffer[] {
    this.#pending.push(Buffer.from("\n"));
    this.#look();
    const lines: Buffer[] = [];
    // The last one once more, if an error came in between: it has the last word.
    for (const line of [this.#head, this.#first, this.#error, this.#last]) {
      if (line !== undefined && line !== lines.at(-1)) lines.push(line);
    }
    return lines.map((line) => line.subarray("data:".length));
  }
}

function mayEnd(data: Buffer): boolean {
  return (
    data.includes("message_") || data.includes("[DONE]") || data.includes("response.completed")
  );
}

/**
 * Anthropic's `message_delta` and OpenAI's `response.completed`: more may follow, but nothing that
 * counts, and some clients read no further.
 */
function isLastUsage(line: Buffer): boolean {
  if (line.includes('"message_delta"')) return /"stop_reason": ?"/.test(line.toString("latin1"));
  const start = line.subarray(0, 64);
  return start.includes('"response.completed"') || start.includes('"response.incomplete"');
}

function isNullUsage(line: Buffer): boolean {
  const text = line.toString("latin1");
  const nulls = text.match(/"usage": ?null/g)?.length ?? 0;
  return nulls > 0 && text.match(/"usage/g)?.length === nulls;
}

function startsWith(data: Buffer, text: string): boolean {
  return data.length >= text.length && data.toString("latin1", 0, text.length) === text;
}

function endsWith(data: Buffer, text: string): boolean {
  return data.length >= text.length && data.toString("latin1", data.length - text.length) === text;
}

export function readerFor(contentType: string): Reader {
  if (contentType.startsWith("text/event-stream")) return new ServerSentEvents();
  if (contentType.startsWith("application/vnd.amazon.eventstream")) return new EventStream();
  return new Document();
}
