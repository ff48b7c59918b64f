/** JSON documents from what was kept of a body. */

import type { Json } from "./found.js";

/** Members that matter, as they look in the two ends of a document too large to be kept whole. */
const MEMBERS =
  /"(usage|usageMetadata|meta|model|modelVersion|service_tier|inputTextTokenCount|usage_info)"\s*:\s*/g;

/** What is not JSON is nothing: audio, an image, a page of a gateway. */
export function parse(kept: Buffer[]): unknown[] {
  const parsed: unknown[] = [];
  for (const text of kept) {
    try {
      parsed.push(JSON.parse(text.toString()));
    } catch {
      continue;
    }
  }
  const [head, tail] = kept;
  return parsed.length === 0 && head && tail && kept.length === 2 ? [fromEnds(head, tail)] : parsed;
}

/**
 * The last value of each member wins: a document's own usage comes after its content. Quotes
 * inside of strings are escaped, so no text of the model's can look like a member.
 */
function fromEnds(head: Buffer, tail: Buffer): Json {
  const members: Json = {};
  for (const end of [head.toString(), tail.toString()]) {
    for (const match of end.matchAll(MEMBERS)) {
      const name = match[1] as string;
      const value = valueAt(end, match.index + match[0].length);
      if (value === undefined || value === null) continue;
      if (name in members && (name === "model" || name === "modelVersion")) continue;
      members[name] = value;
    }
  }
  return members;
}

/** The JSON value that begins at `start`, with whatever follows it. */
function valueAt(text: string, start: number): unknown {
  const end = endOfValue(text, start);
  if (end === undefined) return undefined;
  try {
    return JSON.parse(text.slice(start, end));
  } catch {
    return undefined;
  }
}

function endOfValue(text: string, start: number): number | undefined {
  const tokens = /"(?:[^"\\]|\\.)*"|[{[]|[}\]]|[^\s"{}[\],:]+|[,:]/gy;
  tokens.lastIndex = start;
  let depth = 0;
  for (;;) {
    const space = /\s*/y;
    space.lastIndex = tokens.lastIndex;
    space.exec(text);
    tokens.lastIndex = space.lastIndex;
    const token = tokens.exec(text)?.[0];
    if (token === undefined) return undefined;
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (depth <= 0) return tokens.lastIndex;
  }
}
