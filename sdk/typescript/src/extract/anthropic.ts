/**
 * Anthropic's messages, at home and on Bedrock and Vertex. `input_tokens` leaves out what was read
 * from or written to the cache; a stream says one half at its start, the other at its end.
 */

import { type Found, isObject, type Json, part } from "./found.js";

const WRITTEN = "cache_creation_input_tokens";
const CACHED = "cache_read_input_tokens";
const OURS = [WRITTEN, CACHED, "server_tool_use"];

export function read(document: Json, found: Found): boolean {
  const stated = document["usage"];
  if (!isObject(stated) || !isOurs(document, stated, found)) return false;
  for (const [name, value] of Object.entries(stated)) {
    if (value !== null && value !== undefined) found.raw[name] = value;
  }
  const usage = found.raw;
  found.set("input_tokens", usage["input_tokens"], usage[WRITTEN], usage[CACHED]);
  found.set("output_tokens", usage["output_tokens"]);
  found.set("cache_read_tokens", usage[CACHED]);
  found.set("cache_write_tokens", usage[WRITTEN]);
  const hour = part(usage, "cache_creation", "ephemeral_1h_input_tokens");
  found.set("cache_write_1h_tokens", hour);
  found.set("web_searches", part(usage, "server_tool_use", "web_search_requests"));
  found.set("output_reasoning_tokens", part(usage, "output_tokens_details", "thinking_tokens"));
  if (typeof usage["service_tier"] === "string") found.serviceTier = usage["service_tier"];
  if (part(document, "delta", "stop_reason") || document["stop_reason"]) found.isFinished = true;
  return true;
}

function isOurs(document: Json, usage: Json, found: Found): boolean {
  if ("input_tokens_details" in usage) return false;
  const ofStream = document["type"] === "message_delta" && "output_tokens" in usage;
  const isUnderWay = Object.keys(found.raw).length > 0;
  return isUnderWay || ofStream || OURS.some((name) => name in usage);
}
