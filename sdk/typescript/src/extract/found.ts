/** What was found in a response's documents, one after the other. */

export type Json = Record<string, unknown>;

/** genai-prices' names of what the contract has fields for. */
const FIELDS: Record<string, string> = {
  input_tokens: "input_tokens",
  output_tokens: "output_tokens",
  cache_read_tokens: "cached_tokens",
  cache_write_tokens: "cache_write_tokens",
  cache_write_1h_tokens: "cache_write_1h_tokens",
  output_reasoning_tokens: "reasoning_tokens",
  input_audio_tokens: "audio_input_tokens",
  output_audio_tokens: "audio_output_tokens",
};

export class Found {
  model: string | undefined;
  serviceTier: string | undefined;
  errorType: string | undefined;
  /** The provider itself ended the response. */
  isFinished = false;
  /** OpenAI's background mode: the answer is fetched later, perhaps more than once. */
  backgroundId: string | undefined;
  isPending = false;
  /** By genai-prices' names. */
  counts = new Map<string, number>();
  /** The provider's own object, for usage that comes in two parts. */
  readonly raw: Json = {};

  constructor(readonly provider: string) {}

  /** The sum of what is reported; nothing when nothing is. */
  set(name: string, ...counts: unknown[]): void {
    const reported = counts.filter((count): count is number => typeof count === "number");
    if (reported.length > 0) this.counts.set(name, reported.reduce((sum, count) => sum + count));
  }

  /** Model, tier and state, which every provider writes at the top. */
  names(document: Json): void {
    for (const name of ["model", "modelVersion"]) {
      const model = document[name];
      if (typeof model === "string" && model) this.model = model.split("models/").at(-1);
    }
    const tier = document["service_tier"];
    if (typeof tier === "string") this.serviceTier = tier;
    this.isFinished ||= Boolean(document["llmobserve_finished"]);
    if (document["background"] === true) this.backgroundId = String(document["id"]);
    this.isPending = document["status"] === "queued" || document["status"] === "in_progress";
  }

  /** `{"error": {"type": …}}` in all its variants; never the message, which may quote the prompt. */
  error(document: Json): void {
    const { error, type, code } = document;
    if (isObject(error)) {
      const named = [error["type"], error["code"], error["status"]].find(Boolean);
      this.errorType = named ? String(named) : "error";
    } else if (error || type === "error") {
      const kind = code || type;
      this.errorType = kind && kind !== "error" ? String(kind) : "error";
    } else if (typeof document["__type"] === "string") {
      this.errorType = document["__type"].split("#").at(-1);
    }
  }

  /** The contract's fields. */
  tokens(): Record<string, number> {
    const tokens: Record<string, number> = {};
    for (const [name, field] of Object.entries(FIELDS)) {
      const count = this.counts.get(name);
      if (count === undefined) continue;
      if (count || name === "input_tokens" || name === "output_tokens") {
        tokens[field] = Math.trunc(count);
      }
    }
    return tokens;
  }

  /** Everything else, for `usage`. */
  units(): Record<string, number> {
    const others = [...this.counts].filter(([name, count]) => !(name in FIELDS) && count);
    return Object.fromEntries(others);
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value[a][b]…`, `undefined` where something is missing or no object. */
export function part(value: unknown, ...path: string[]): unknown {
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return value ?? undefined;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
