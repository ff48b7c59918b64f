// The rules of `POST /events`, as `schemas/src/validate` has them; the tests hold it against
// `schemas/fixtures`.

const IDS = ["id", "run_id", "trace_id", "span_id", "parent_span_id"];
const TEXTS = ["tenant_id", "customer_id", "section", "span_type", "provider", "model"];
TEXTS.push("service_tier", "environment", "error_type", "status");
const PATHS = ["section_path", "endpoint"];
const COUNTS = ["input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens"];
COUNTS.push("cache_write_1h_tokens", "reasoning_tokens", "audio_input_tokens");
COUNTS.push("audio_output_tokens");
const STATUS = ["ok", "error", "cancelled", "timeout", "rate_limited"];
export const SHAPES = ["agent", "tool", "section"];
const OTHERS = ["timestamp", "usage", "latency_ms", "ttft_ms", "http_status", "is_streaming"];
export const FIELDS = new Set([...IDS, ...TEXTS, ...PATHS, ...COUNTS, ...OTHERS, "event_metadata"]);
const PARTS = [
  ["input_tokens", ["cached_tokens", "cache_write_tokens"]],
  ["input_tokens", ["audio_input_tokens"]],
  ["output_tokens", ["reasoning_tokens"]],
  ["output_tokens", ["audio_output_tokens"]],
  ["cache_write_tokens", ["cache_write_1h_tokens"]],
];

function refuse(code) {
  throw Object.assign(new Error(code), { code });
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Throws, with the collector's `code`, what the collector would refuse. */
export function check(given, now = Date.now()) {
  if (!isObject(given)) refuse("not_an_object");
  if (Buffer.byteLength(JSON.stringify(given)) > 64 * 1024) refuse("event_too_large");
  const event = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  for (const [names, limit] of [[IDS, 128], [TEXTS, 256], [PATHS, 1024]]) {
    for (const name of names) if (name in event) text(event[name], limit);
  }
  if (!SHAPES.includes(event.span_type) && !event.provider) refuse("missing_provider");
  for (const name of COUNTS) if (name in event) number(event[name], 1e11, true);
  for (const name of ["latency_ms", "ttft_ms"]) if (name in event) number(event[name], 2592e6);
  usage(event.usage ?? {});
  parts({ cache_write_tokens: event.cache_write_1h_tokens ?? 0, ...event });
  rest(event, now);
}

function text(value, limit) {
  if (typeof value !== "string" || /\p{Cs}/u.test(value)) refuse("wrong_type");
  if ([...value].length > limit) refuse("too_long");
  if (/\p{Cc}/u.test(value)) refuse("control_character");
}

function number(value, limit, isWhole = false) {
  if (typeof value !== "number") refuse("wrong_type");
  const isWithin = value >= 0 && value <= limit;
  if (!isWithin || (isWhole && !Number.isInteger(value))) refuse("invalid_number");
}

function usage(units) {
  if (!isObject(units) || Object.keys(units).length > 64) refuse("invalid_usage");
  for (const [name, quantity] of Object.entries(units)) {
    const isName = name.length > 0 && Buffer.byteLength(name) <= 64;
    const isQuantity = typeof quantity === "number" && quantity >= 0 && quantity <= 1e15;
    if (!isName || !isQuantity) refuse("invalid_usage");
  }
}

function parts(event) {
  for (const [whole, names] of PARTS) {
    const sum = names.reduce((total, part) => total + (event[part] ?? 0), 0);
    if (sum > (event[whole] ?? 0)) refuse("parts_exceed_whole");
  }
}

function rest(event, now) {
  if (!STATUS.includes(event.status ?? "ok")) refuse("invalid_status");
  const status = event.http_status ?? 200;
  if (!Number.isInteger(status) || status < 100 || status > 599) refuse("invalid_http_status");
  if (typeof (event.is_streaming ?? false) !== "boolean") refuse("wrong_type");
  if (!isObject(event.event_metadata ?? {})) refuse("wrong_type");
  if (JSON.stringify(event.event_metadata ?? {}).length > 16 * 1024) refuse("metadata_too_large");
  if ("timestamp" in event) timestamp(event.timestamp, now);
}

function timestamp(value, now) {
  let at = value;
  if (typeof value === "string") {
    if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(value)) {
      refuse("invalid_timestamp");
    }
    at = Date.parse(value.replace(" ", "T"));
    if (Number.isNaN(at)) refuse("invalid_timestamp");
  } else if (Math.abs(value) > 1e15) refuse("invalid_timestamp");
  else if (Math.abs(value) < 1e11) at = value * 1000;
  if (at < now - 400 * 86_400_000) refuse("timestamp_too_old");
  if (at > now + 3_600_000) refuse("timestamp_in_future");
}
