/** Gemini, from Google AI and Vertex: counts by modality, thoughts and tools' prompts apart. */

import { type Found, isObject, type Json, list, part } from "./found.js";

/** Documents are billed as images. */
const MODALITIES: Record<string, string> = {
  TEXT: "text",
  AUDIO: "audio",
  IMAGE: "image",
  DOCUMENT: "image",
  VIDEO: "video",
};

export function read(document: Json, found: Found): boolean {
  const usage = document["usageMetadata"];
  if (!isObject(usage)) return predictions(document, found);
  counts(usage, found);
  tier(usage, found);
  const candidates = document["candidates"];
  if (Array.isArray(candidates)) {
    found.isFinished = candidates.some((one) => part(one, "finishReason"));
  }
  return true;
}

function counts(usage: Json, found: Found): void {
  found.counts = new Map(); // every event of a stream counts from its beginning
  const tool = usage["toolUsePromptTokenCount"];
  const thoughts = usage["thoughtsTokenCount"];
  found.set("input_tokens", usage["promptTokenCount"], tool);
  found.set("output_tokens", usage["candidatesTokenCount"], thoughts);
  found.set("cache_read_tokens", usage["cachedContentTokenCount"]);
  found.set("output_reasoning_tokens", thoughts);
  found.set("input_tool_tokens", tool);
  const of = (details: string, name: (modality: string) => string): void =>
    byModality(list(usage[details]), name, found);
  of("cacheTokensDetails", (modality) => `cache_${modality}_read_tokens`);
  of("promptTokensDetails", (modality) => `input_${modality}_tokens`);
  of("candidatesTokensDetails", (modality) => `output_${modality}_tokens`);
  of("toolUsePromptTokensDetails", (modality) => `input_${modality}_tokens`);
  of("toolUsePromptTokensDetails", (modality) => `input_${modality}_tool_tokens`);
}

function byModality(details: unknown[], name: (modality: string) => string, found: Found): void {
  for (const detail of details) {
    const modality = MODALITIES[String(part(detail, "modality"))];
    if (modality === undefined) continue;
    const unit = name(modality);
    found.set(unit, found.counts.get(unit), part(detail, "tokenCount"));
  }
}

function tier(usage: Json, found: Found): void {
  const { serviceTier, trafficType } = usage;
  if (typeof serviceTier === "string") {
    found.serviceTier = serviceTier;
  } else if (typeof trafficType === "string" && trafficType !== "ON_DEMAND") {
    found.serviceTier = trafficType.replace("ON_DEMAND_", "").toLowerCase();
  }
}

/** Vertex' older embeddings. */
function predictions(document: Json, found: Found): boolean {
  const made = document["predictions"];
  if (!Array.isArray(made)) return false;
  for (const prediction of made) {
    const count = part(prediction, "embeddings", "statistics", "token_count");
    found.set("input_tokens", found.counts.get("input_tokens"), count);
  }
  return true;
}
