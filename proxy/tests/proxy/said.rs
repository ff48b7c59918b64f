//! An answer's usage, read from its body by other code than the meter's.

use serde_json::Value;

/// The answers that the body holds, however they are packed.
fn documents(kind: &str, answer: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(answer);
    if kind.starts_with("text/event-stream") {
        let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
        return data
            .filter_map(|json| serde_json::from_str(json.trim()).ok())
            .collect();
    }
    if kind.contains("eventstream") {
        let mut rest = answer;
        let mut found = Vec::new();
        while rest.len() >= 16 {
            let word =
                |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
            let (total, headers) = (word(0), word(4));
            found.extend(serde_json::from_slice::<Value>(&rest[12 + headers..total - 4]).ok());
            rest = &rest[total..];
        }
        return found;
    }
    serde_json::from_str(&text).into_iter().collect()
}

/// What the body says in plain words: whole input and whole output, read without the meter.
pub(crate) fn said(kind: &str, answer: &[u8]) -> Option<(u64, u64)> {
    let mut found = None;
    let mut usage = serde_json::Map::new();
    for document in documents(kind, answer) {
        for place in [
            &document["usage"],
            &document["response"]["usage"],
            &document["message"]["usage"],
            &document["usageMetadata"],
            &document["x_groq"]["usage"],
        ] {
            if let Value::Object(members) = place {
                if members.values().all(Value::is_string) {
                    continue; // `trafficType` alone
                }
                usage.extend(
                    members
                        .clone()
                        .into_iter()
                        .filter(|(_, value)| !value.is_null()),
                );
                found = Some(());
            }
        }
        for (from, to) in [("inputTextTokenCount", "prompt_tokens")] {
            if document[from].is_u64() {
                usage.insert(to.to_owned(), document[from].clone());
                found = Some(());
            }
        }
        let meta = &document["meta"]["billed_units"];
        if meta["input_tokens"].is_u64() {
            usage.insert("input_tokens".to_owned(), meta["input_tokens"].clone());
            found = Some(());
        }
        if let Some(statistics) =
            document.pointer("/predictions/0/embeddings/statistics/token_count")
        {
            usage.insert("prompt_tokens".to_owned(), statistics.clone());
            found = Some(());
        }
    }
    found?;
    let n = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or_default();
    if usage.contains_key("promptTokenCount") {
        let (input, output) = (
            n("promptTokenCount") + n("toolUsePromptTokenCount"),
            n("candidatesTokenCount") + n("thoughtsTokenCount"),
        );
        return Some((input, output));
    }
    if usage.contains_key("inputTokens") {
        return Some((
            n("inputTokens") + n("cacheReadInputTokens") + n("cacheWriteInputTokens"),
            n("outputTokens"),
        ));
    }
    if let Some(billed) = usage.get("billed_units") {
        let n = |name: &str| billed[name].as_u64().unwrap_or_default();
        return Some((n("input_tokens"), n("output_tokens")));
    }
    if usage.contains_key("prompt_tokens") {
        return Some((n("prompt_tokens"), n("completion_tokens")));
    }
    if usage.contains_key("input_tokens") {
        let cache = n("cache_read_input_tokens") + n("cache_creation_input_tokens");
        return Some((n("input_tokens") + cache, n("output_tokens")));
    }
    Some((n("total_tokens"), 0))
}
