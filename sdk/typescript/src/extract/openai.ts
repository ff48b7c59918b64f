/**
 * OpenAI's shapes, and those of the many that copied them: chat completions, responses,
 * embeddings, images, transcriptions; Voyage's and Mistral's variants.
 */

import { type Found, isObject, type Json, part } from "./found.js";

export function read(document: Json, found: Found): boolean {
  if (isObject(document["usage_info"])) {
    // Mistral's OCR
    found.set("input_document_pages", document["usage_info"]["pages_processed"]);
    return true;
  }
  const usage = document["usage"] || part(document, "x_groq", "usage");
  if (!isObject(usage)) return false;
  if ("prompt_tokens" in usage || "completion_tokens" in usage) {
    chat(usage, found);
  } else if ("input_tokens" in usage || "output_tokens" in usage) {
    responses(usage, found);
  } else if (usage["type"] === "duration") {
    found.set("audio_seconds", usage["seconds"]);
  } else if ("total_tokens" in usage) {
    // Voyage's embeddings and rerankings
    found.set("input_tokens", usage["total_tokens"]);
  }
  const choices = document["choices"];
  if (Array.isArray(choices)) {
    // Some count anew in every event of a stream.
    found.isFinished = choices.length === 0 || choices.some((c) => part(c, "finish_reason"));
  } else if (!("llmobserve_finished" in document)) {
    found.isFinished = true;
  }
  return true;
}

function chat(usage: Json, found: Found): void {
  const reasoning = part(usage, "completion_tokens_details", "reasoning_tokens");
  const beside = usage["reasoning_tokens"];
  const output = [usage["completion_tokens"]];
  if (found.provider === "xai") {
    output.push(reasoning ?? beside); // its completion leaves the reasoning out
  } else if (found.provider === "perplexity") {
    output.push(beside, usage["citation_tokens"]);
    found.set("output_citation_tokens", usage["citation_tokens"]);
    found.set("web_searches", usage["num_search_queries"]);
  }
  found.set("output_tokens", ...output);
  found.set("output_reasoning_tokens", reasoning ?? beside);
  found.set("input_tokens", usage["prompt_tokens"]);
  const inside = usage["prompt_tokens_details"];
  // In the details, or under one of the names it has elsewhere.
  const elsewhere = usage["cached_tokens"] ?? usage["prompt_cache_hit_tokens"];
  found.set("cache_read_tokens", part(inside, "cached_tokens") ?? elsewhere);
  found.set("cache_write_tokens", part(inside, "cache_write_tokens"));
  found.set("input_audio_tokens", part(inside, "audio_tokens"));
  found.set("output_audio_tokens", part(usage, "completion_tokens_details", "audio_tokens"));
  if (found.provider === "mistral") {
    found.set("input_audio_seconds", usage["prompt_audio_seconds"]);
  }
}

function responses(usage: Json, found: Found): void {
  found.set("input_tokens", usage["input_tokens"]);
  found.set("output_tokens", usage["output_tokens"]);
  const inside = usage["input_tokens_details"] || usage["input_token_details"];
  const outside = usage["output_tokens_details"] || usage["output_token_details"];
  const cached = part(inside, "cached_tokens") ?? part(inside, "cache_read_input_tokens");
  found.set("cache_read_tokens", cached);
  found.set("cache_write_tokens", part(inside, "cache_write_tokens"));
  found.set("output_reasoning_tokens", part(outside, "reasoning_tokens"));
  found.set("input_audio_tokens", part(inside, "audio_tokens"));
  found.set("output_audio_tokens", part(outside, "audio_tokens"));
  if (part(inside, "image_tokens") !== undefined) {
    // Image models are priced by modality.
    for (const modality of ["text", "image"]) {
      found.set(`input_${modality}_tokens`, part(inside, `${modality}_tokens`));
      found.set(`output_${modality}_tokens`, part(outside, `${modality}_tokens`));
    }
  }
  found.set("web_searches", part(usage, "tool_calls_details", "search_web", "invocation"));
}
