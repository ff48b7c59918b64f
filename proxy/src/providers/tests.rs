#![allow(clippy::unwrap_used, clippy::too_many_lines)]
use super::*;

fn of(name: &str) -> &'static Provider {
    by_name(name).unwrap()
}

#[test]
fn every_name_of_the_contract_has_an_address() {
    for (name, parameter, url) in [
        ("openai", None, "https://api.openai.com"),
        (
            "azure",
            Some("acme-prod"),
            "https://acme-prod.openai.azure.com",
        ),
        ("anthropic", None, "https://api.anthropic.com"),
        ("google", None, "https://generativelanguage.googleapis.com"),
        (
            "vertex",
            Some("europe-west4"),
            "https://europe-west4-aiplatform.googleapis.com",
        ),
        (
            "vertex",
            Some("global"),
            "https://aiplatform.googleapis.com",
        ),
        (
            "vertex",
            Some("eu"),
            "https://aiplatform.eu.rep.googleapis.com",
        ),
        (
            "bedrock",
            Some("us-east-1"),
            "https://bedrock-runtime.us-east-1.amazonaws.com",
        ),
        (
            "bedrock",
            Some("cn-north-1"),
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
        ),
        ("mistral", None, "https://api.mistral.ai"),
        ("groq", None, "https://api.groq.com"),
        ("cohere", None, "https://api.cohere.com"),
        ("deepseek", None, "https://api.deepseek.com"),
        ("openrouter", None, "https://openrouter.ai"),
        ("together", None, "https://api.together.xyz"),
        ("fireworks", None, "https://api.fireworks.ai"),
        ("perplexity", None, "https://api.perplexity.ai"),
        ("xai", None, "https://api.x.ai"),
        ("cerebras", None, "https://api.cerebras.ai"),
        ("huggingface", None, "https://router.huggingface.co"),
        ("voyage", None, "https://api.voyageai.com"),
    ] {
        let provider = of(name);
        assert_eq!(provider.takes_parameter(), parameter.is_some(), "{name}");
        assert_eq!(provider.base_url(parameter).unwrap(), url);
        let host = url.strip_prefix("https://").unwrap();
        assert_eq!(by_host(host).map(Provider::name), Some(name), "{host}");
    }
}

#[test]
fn a_parameter_cannot_lead_to_another_host() {
    for bad in [
        "",
        "a.b",
        "evil.com/",
        "a@b",
        "-a",
        "a-",
        "A",
        "a b",
        "a%2e",
        "a:1",
        "é",
    ] {
        assert!(of("azure").base_url(Some(bad)).is_err(), "{bad}");
        assert!(of("bedrock").base_url(Some(bad)).is_err(), "{bad}");
    }
    assert!(of("vertex").base_url(None).is_err());
    assert!(of("bedrock").base_url(Some(&"a".repeat(64))).is_err());
}

#[test]
fn hosts_are_matched_whole() {
    for (host, name) in [
        ("acme.services.ai.azure.com", Some("azure")),
        ("acme.cognitiveservices.azure.com", Some("azure")),
        ("llama.eastus2.models.ai.azure.com", Some("azure")),
        ("bedrock-mantle.us-east-1.api.aws", Some("bedrock")),
        ("api.cohere.ai", Some("cohere")),
        ("api.z.ai", Some("zai")),
        ("api.openai.com.evil.com", None),
        ("evil-api.openai.com", None),
        (".openai.azure.com", None),
        ("a.b.c.openai.azure.com", None),
        ("oauth2.googleapis.com", None),
        ("openai", None),
        ("", None),
    ] {
        assert_eq!(by_host(host).map(Provider::name), name, "{host}");
    }
}

#[test]
fn paths_say_what_they_answer() {
    use Billing::{BatchResults, BatchStatus, Call, Fetched, Free, Unknown};
    use Flavor::{
        Anthropic, Chat, Cohere, Converse, Embeddings, Gemini, Images, Invoke, Ocr, Other,
        Responses, Speech, Transcription, VertexPredict,
    };
    let vertex = "/v1/projects/p/locations/global/publishers";
    for (provider, call, flavor, billing) in [
        ("openai", "POST /v1/chat/completions", Chat, Call),
        ("openai", "POST /v1/completions", Chat, Call),
        ("openai", "GET /v1/chat/completions", Other, Free),
        ("openai", "POST /v1/responses", Responses, Call),
        ("openai", "POST /v1/responses/input_tokens", Other, Free),
        ("openai", "POST /v1/responses/compact", Responses, Call),
        ("openai", "GET /v1/responses/resp_1", Responses, Fetched),
        ("openai", "DELETE /v1/responses/resp_1", Other, Free),
        ("openai", "POST /v1/embeddings", Embeddings, Call),
        ("openai", "POST /v1/images/generations", Images, Call),
        (
            "openai",
            "POST /v1/audio/transcriptions",
            Transcription,
            Call,
        ),
        ("openai", "POST /v1/audio/speech", Speech, Call),
        ("openai", "POST /v1/moderations", Other, Free),
        ("openai", "POST /v1/batches", Other, Free),
        ("openai", "GET /v1/batches/batch_1", Responses, BatchStatus),
        ("openai", "GET /v1/batches", Other, Free),
        ("openai", "POST /v1/files", Other, Free),
        ("openai", "POST /v1/vector_stores/vs_1/files", Other, Free),
        (
            "openai",
            "POST /v1/vector_stores/vs_1/search",
            Other,
            Unknown,
        ),
        ("openai", "POST /v1/realtime/calls", Other, Unknown),
        ("openai", "POST /v1/videos", Other, Unknown),
        ("openai", "GET /v1/models", Other, Free),
        (
            "azure",
            "POST /openai/deployments/gpt/chat/completions",
            Chat,
            Call,
        ),
        ("azure", "POST /openai/v1/responses", Responses, Call),
        ("azure", "POST /anthropic/v1/messages", Anthropic, Call),
        ("anthropic", "POST /v1/messages", Anthropic, Call),
        ("anthropic", "POST /v1/messages/count_tokens", Other, Free),
        ("anthropic", "POST /v1/messages/batches", Other, Free),
        ("anthropic", "GET /v1/messages/batches/b", Other, Free),
        (
            "anthropic",
            "GET /v1/messages/batches/b/results",
            Anthropic,
            BatchResults,
        ),
        ("anthropic", "POST /v1/chat/completions", Chat, Call),
        (
            "google",
            "POST /v1beta/models/gemini-2.5-pro:generateContent",
            Gemini,
            Call,
        ),
        (
            "google",
            "POST /v1beta/models/gemini-2.5-pro:streamGenerateContent",
            Gemini,
            Call,
        ),
        (
            "google",
            "POST /v1beta/models/gemini-2.5-pro:countTokens",
            Other,
            Free,
        ),
        (
            "google",
            "POST /v1beta/models/gemini-embedding-2:batchEmbedContents",
            Gemini,
            Call,
        ),
        (
            "google",
            "POST /v1beta/models/veo-3:predictLongRunning",
            Other,
            Unknown,
        ),
        ("google", "POST /v1beta/openai/chat/completions", Chat, Call),
        ("google", "POST /v1beta/fileSearchStores", Other, Free),
        ("mistral", "POST /v1/ocr", Ocr, Call),
        ("mistral", "POST /v1/fim/completions", Chat, Call),
        ("groq", "POST /openai/v1/chat/completions", Chat, Call),
        ("cohere", "POST /v2/chat", Cohere, Call),
        ("cohere", "POST /v1/rerank", Cohere, Call),
        ("cohere", "POST /v1/tokenize", Other, Free),
        (
            "cohere",
            "POST /compatibility/v1/chat/completions",
            Chat,
            Call,
        ),
        ("bedrock", "POST /model/m/converse", Converse, Call),
        (
            "bedrock",
            "POST /model/m/invoke-with-response-stream",
            Invoke,
            Call,
        ),
        ("bedrock", "POST /model/m/count-tokens", Other, Free),
        ("bedrock", "POST /openai/v1/chat/completions", Chat, Call),
        ("voyage", "POST /v1/multimodalembeddings", Embeddings, Call),
        (
            "huggingface",
            "POST /novita/v3/openai/chat/completions",
            Chat,
            Call,
        ),
    ] {
        let (method, path) = call.split_once(' ').unwrap();
        let endpoint = of(provider).endpoint(&method.parse().unwrap(), path);
        assert_eq!(
            (endpoint.flavor, endpoint.billing),
            (flavor, billing),
            "{provider} {call}"
        );
    }
    for (verb, flavor) in [
        ("google/models/gemini-2.5-flash:generateContent", Gemini),
        ("google/models/gemini-embedding-001:predict", VertexPredict),
        (
            "anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
            Anthropic,
        ),
        ("mistralai/models/mistral-small:rawPredict", Chat),
    ] {
        let endpoint = of("vertex").endpoint(&Method::POST, &format!("{vertex}/{verb}"));
        assert_eq!(endpoint.flavor, flavor, "{verb}");
    }
}

#[test]
fn paths_name_models_and_servers() {
    let arn =
        "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Feu.amazon.nova-lite-v1%3A0";
    for (provider, path, model) in [
        (
            "bedrock",
            "/model/us.amazon.nova-pro-v1%3A0/converse",
            "us.amazon.nova-pro-v1:0",
        ),
        (
            "bedrock",
            &format!("/model/{arn}/invoke"),
            "eu.amazon.nova-lite-v1:0",
        ),
        (
            "google",
            "/v1beta/models/gemini-2.5-pro:generateContent",
            "gemini-2.5-pro",
        ),
        ("azure", "/openai/deployments/my-gpt/embeddings", "my-gpt"),
    ] {
        let endpoint = of(provider).endpoint(&Method::POST, path);
        assert_eq!(endpoint.model.as_deref(), Some(model), "{path}");
    }
    let routed = of("huggingface").endpoint(&Method::POST, "/together/v1/chat/completions");
    assert_eq!(routed.server.as_deref(), Some("together"));
    let router = of("huggingface").endpoint(&Method::POST, "/v1/chat/completions");
    assert_eq!(router.server, None);
}

#[test]
fn only_who_would_understand_is_asked_for_usage() {
    for (provider, path, asked) in [
        ("openai", "/v1/chat/completions", true),
        ("openai", "/v1/responses", false),
        ("azure", "/openai/v1/chat/completions", true),
        (
            "azure",
            "/openai/deployments/my-gpt/chat/completions",
            false,
        ),
        ("mistral", "/v1/chat/completions", false),
        ("google", "/v1beta/openai/chat/completions", true),
        ("huggingface", "/v1/chat/completions", false),
    ] {
        let endpoint = of(provider).endpoint(&Method::POST, path);
        assert_eq!(endpoint.needs_include_usage, asked, "{provider} {path}");
    }
}

#[test]
fn what_nobody_knows_is_not_called_free() {
    let endpoint = endpoint_elsewhere(&Method::GET, "/v1/models");
    assert_eq!(endpoint.billing, Billing::Unknown);
    let chat = endpoint_elsewhere(&Method::POST, "/v1/chat/completions");
    assert_eq!(
        (chat.flavor, chat.needs_include_usage),
        (Flavor::Chat, false)
    );
}
