/** Amazon Bedrock: Converse, and what the models' own shapes say in InvokeModel. */

import { type Found, isObject, type Json, list, part } from "./found.js";

export function read(document: Json, found: Found): boolean {
  const tier = part(document, "serviceTier", "type");
  if (typeof tier === "string") found.serviceTier = tier;
  const metrics = document["amazon-bedrock-invocationMetrics"];
  if (isObject(metrics) && found.counts.size === 0) {
    found.set("input_tokens", metrics["inputTokenCount"]);
    found.set("output_tokens", metrics["outputTokenCount"]);
  }
  const usage = document["usage"];
  if (isObject(usage) && "inputTokens" in usage) {
    converse(usage, found);
  } else if ("inputTextTokenCount" in document) {
    // Titan
    const results = list(document["results"]);
    found.set("input_tokens", document["inputTextTokenCount"]);
    found.set("output_tokens", ...results.map((result) => part(result, "tokenCount")));
  } else if ("prompt_token_count" in document) {
    // Llama
    found.set("input_tokens", document["prompt_token_count"]);
    found.set("output_tokens", document["generation_token_count"]);
  } else {
    return isObject(metrics);
  }
  return true;
}

function converse(usage: Json, found: Found): void {
  const cached = usage["cacheReadInputTokens"];
  const written = usage["cacheWriteInputTokens"];
  found.set("input_tokens", usage["inputTokens"], cached, written);
  found.set("output_tokens", usage["outputTokens"]);
  found.set("cache_read_tokens", cached);
  found.set("cache_write_tokens", written);
  for (const detail of list(usage["cacheDetails"])) {
    if (part(detail, "ttl") === "1h") {
      found.set("cache_write_1h_tokens", part(detail, "inputTokens"));
    }
  }
  found.isFinished = true;
}
