//! What each path is: by its last segments, since base paths differ (`/v1`, `/openai/v1`,
//! `/api/v1`, `/openai/deployments/{name}`).

use axum::http::Method;

use super::endpoint::{Billing, Endpoint, Flavor};

/// OpenAI's paths, and everyone's who has them.
pub(super) fn openai(method: &Method, path: &str) -> Endpoint {
    let segments: Vec<&str> = segments(path).collect();
    let deployment = after(&segments, "deployments");
    let endpoint = match (method.as_str(), segments.as_slice()) {
        ("POST", [.., "chat", "completions"] | [.., "completions"]) => {
            Endpoint::metered(Flavor::Chat)
        }
        // Azure's model inference, and Mistral's fill-in-the-middle and agents.
        ("POST", [.., "messages", "count_tokens"] | [.., "responses", "input_tokens"]) => {
            Endpoint::aside(Billing::Free)
        }
        ("POST", [.., "responses"] | [.., "responses", "compact"]) => {
            Endpoint::metered(Flavor::Responses)
        }
        ("GET", [.., "responses", _]) => {
            Endpoint::metered(Flavor::Responses).billed(Billing::Fetched)
        }
        ("POST", [.., "responses", _, "cancel"]) => Endpoint::aside(Billing::Free),
        ("POST", [.., "messages"]) => Endpoint::metered(Flavor::Anthropic),
        (
            "POST",
            [
                ..,
                "embeddings" | "contextualizedembeddings" | "multimodalembeddings",
            ],
        ) => Endpoint::metered(Flavor::Embeddings),
        ("POST", [.., "rerank"]) => Endpoint::metered(Flavor::Embeddings),
        ("POST", [.., "images", "generations" | "edits" | "variations"]) => {
            Endpoint::metered(Flavor::Images)
        }
        ("POST", [.., "audio", "transcriptions" | "translations"]) => {
            Endpoint::metered(Flavor::Transcription)
        }
        ("POST", [.., "audio", "speech"]) => Endpoint::metered(Flavor::Speech),
        // A socket, or a call by WebRTC: paid for by what is said there.
        (_, [.., "realtime"] | [.., "realtime", "calls"]) => Endpoint::aside(Billing::Unknown),
        ("POST", [.., "vector_stores", _, "search"]) => Endpoint::aside(Billing::Unknown),
        ("POST", [.., "conversations"] | [.., "conversations", _] | [.., "runs"]) => {
            Endpoint::metered(Flavor::Chat)
                .billed(Billing::IfReported)
                .reports_by_itself(true)
        }
        ("POST", [.., "ocr"]) => Endpoint::metered(Flavor::Ocr),
        ("GET", [.., "batches", id]) if !id.is_empty() => {
            Endpoint::metered(Flavor::Responses).billed(Billing::BatchStatus)
        }
        ("POST", [.., last] | [.., last, _] | [.., last, _, _]) if is_free(last) => {
            Endpoint::aside(Billing::Free)
        }
        _ => other(method),
    };
    match deployment {
        // Azure's older versions, named in the query, refuse requests with options they do not
        // know.
        Some(name) => endpoint.of_model(name).reports_by_itself(true),
        None => endpoint,
    }
}

/// Collections that one writes to without paying for the call.
fn is_free(segment: &str) -> bool {
    matches!(
        segment,
        "moderations"
            | "files"
            | "uploads"
            | "batches"
            | "vector_stores"
            | "fileSearchStores"
            | "client_secrets"
            | "tokenize"
            | "detokenize"
            | "models"
    )
}

/// Anthropic's.
pub(super) fn anthropic(method: &Method, path: &str) -> Endpoint {
    let segments: Vec<&str> = segments(path).collect();
    match (method.as_str(), segments.as_slice()) {
        ("POST", [.., "complete"]) => Endpoint::metered(Flavor::Anthropic),
        ("GET", [.., "messages", "batches", id, "results"]) => Endpoint::metered(Flavor::Anthropic)
            .billed(Billing::BatchResults)
            .of_batch(id),
        ("POST" | "GET", [_, "messages", "batches", ..]) => Endpoint::aside(Billing::Free),
        _ => openai(method, path),
    }
}

/// Gemini's, at Google AI and at Vertex: `…/models/{model}:{method}`.
pub(super) fn google(method: &Method, path: &str) -> Endpoint {
    let segments: Vec<&str> = segments(path).collect();
    let Some((model, verb)) = segments.last().and_then(|last| last.rsplit_once(':')) else {
        return openai(method, path);
    };
    let publisher = after(&segments, "publishers").unwrap_or("google");
    let endpoint = match verb {
        "generateContent" | "streamGenerateContent" => Endpoint::metered(Flavor::Gemini),
        "embedContent" | "batchEmbedContents" => Endpoint::metered(Flavor::Gemini).embedding(),
        "countTokens" | "computeTokens" | "fetchPredictOperation" => {
            return Endpoint::aside(Billing::Free).of_model(model);
        }
        "rawPredict" | "streamRawPredict" if publisher == "anthropic" => {
            Endpoint::metered(Flavor::Anthropic)
        }
        "rawPredict" | "streamRawPredict" => {
            Endpoint::metered(Flavor::Chat).reports_by_itself(true)
        }
        "predict" if model.contains("embedding") || model.starts_with("textembedding") => {
            Endpoint::metered(Flavor::VertexPredict).embedding()
        }
        // Pictures, films, files to be searched: paid for, but the answer does not say how much.
        _ => Endpoint::aside(Billing::Unknown),
    };
    match segments
        .len()
        .checked_sub(2)
        .and_then(|at| segments.get(at))
    {
        Some(&"models" | &"tunedModels") => endpoint.of_model(model),
        _ => endpoint,
    }
}

/// Bedrock's: `/model/{model}/{method}`, and those of OpenAI's and Anthropic's shape.
pub(super) fn bedrock(method: &Method, path: &str) -> Endpoint {
    let segments: Vec<&str> = segments(path).collect();
    let (model, verb) = match (method.as_str(), segments.as_slice()) {
        ("POST", ["model", model, verb]) => (*model, *verb),
        // A client may leave the slashes of an ARN as they are.
        ("POST", ["model", .., model, verb]) => (*model, *verb),
        _ => return anthropic(method, path),
    };
    let endpoint = match verb {
        "converse" | "converse-stream" => Endpoint::metered(Flavor::Converse),
        "invoke" | "invoke-with-response-stream" => Endpoint::metered(Flavor::Invoke),
        "count-tokens" => Endpoint::aside(Billing::Free),
        _ => Endpoint::aside(Billing::Unknown),
    };
    let endpoint = endpoint.of_model(model);
    // `arn:aws:bedrock:…:inference-profile/us.amazon.nova-lite-v1:0`
    let name = endpoint
        .model
        .as_deref()
        .filter(|model| model.starts_with("arn:"));
    let name = name
        .and_then(|arn| arn.rsplit_once('/'))
        .map(|(_, name)| name.to_owned());
    let is_embedding = model.contains("embed");
    let endpoint = match name {
        Some(name) => endpoint.of_model(&name),
        None => endpoint,
    };
    if is_embedding {
        endpoint.embedding()
    } else {
        endpoint
    }
}

/// Cohere's, of both versions.
pub(super) fn cohere(method: &Method, path: &str) -> Endpoint {
    let segments: Vec<&str> = segments(path).collect();
    match (method.as_str(), segments.as_slice()) {
        (
            "POST",
            [
                "v1" | "v2",
                "chat" | "generate" | "summarize" | "rerank" | "classify",
            ],
        ) => Endpoint::metered(Flavor::Cohere),
        ("POST", ["v1" | "v2", "embed"]) => Endpoint::metered(Flavor::Cohere).embedding(),
        (
            "POST",
            [
                "v1" | "v2",
                "tokenize" | "detokenize" | "check-api-key" | "datasets",
            ],
        ) => Endpoint::aside(Billing::Free),
        _ => openai(method, path),
    }
}

/// The router's: `/v1/…`, or `/{server}/…` of whoever serves the model.
pub(super) fn hugging_face(method: &Method, path: &str) -> Endpoint {
    let first = segments(path).next();
    let server = first.filter(|first| !matches!(*first, "v1" | "models" | "hf-inference"));
    openai(method, path).served_by(server)
}

/// A path that is not in the tables.
fn other(method: &Method) -> Endpoint {
    Endpoint::aside(if *method == Method::POST {
        Billing::Unknown
    } else {
        Billing::Free
    })
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn after<'a>(segments: &[&'a str], name: &str) -> Option<&'a str> {
    let at = segments.iter().position(|segment| *segment == name)?;
    segments.get(at + 1).copied()
}
