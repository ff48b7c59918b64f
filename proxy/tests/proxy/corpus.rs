//! Real exchanges through the proxy, where `LLMOBSERVE_CORPUS` names their folder: the bytes are
//! the same, each call is one event, and a client that leaves a recorded stream at any piece is
//! one event too, honest about what it knows.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::{Request, Response};
use base64::Engine as _;
use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::Full;
use proxy::List;
use schemas::wire::{CostSource, Status, UsageEvent};
use serde_json::Value;
use service::auth::Authenticator;

use crate::client::{http1, next, send};
use crate::expected::AUGUST_2026_US;
use crate::prices;
use crate::said::said;
use crate::upstream::{Body, Upstream, pieces};
use crate::world::{World, allow};

/// Calls under way at once.
const AT_ONCE: usize = 16;
/// Says to the upstream which recording it plays, and how many pieces of it (all when absent).
const PLAY: &str = "x-play";
const UNTIL: &str = "x-until";

pub(crate) struct Recording {
    url: String,
    method: String,
    request: Bytes,
    status: u16,
    content_type: String,
    pub(crate) pieces: Vec<Bytes>,
}

fn corpus() -> Option<Arc<Vec<Recording>>> {
    let folder = std::env::var_os("LLMOBSERVE_CORPUS")?;
    let path = PathBuf::from(folder).join("provider-recordings.jsonl.gz");
    let file = std::fs::File::open(path).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let recordings = lines.map(|line| recording(&serde_json::from_str(&line.unwrap()).unwrap()));
    Some(Arc::new(recordings.collect()))
}

fn recording(line: &Value) -> Recording {
    let body = bytes_of(&line["response_body"]);
    let content_type = line["content_type"].as_str().unwrap_or_default().to_owned();
    let pieces = if content_type.contains("event-stream") {
        events(&body)
    } else {
        body.chunks(1000).map(Bytes::copy_from_slice).collect()
    };
    Recording {
        url: line["url"].as_str().unwrap().to_owned(),
        method: line["method"].as_str().unwrap().to_uppercase(),
        request: bytes_of(&line["request_body"]),
        status: u16::try_from(line["status"].as_u64().unwrap()).unwrap(),
        content_type,
        pieces,
    }
}

fn bytes_of(body: &Value) -> Bytes {
    match body {
        Value::String(text) => Bytes::from(text.clone()),
        Value::Object(object) if object.contains_key("base64") => {
            let text = object["base64"].as_str().unwrap();
            base64::prelude::BASE64_STANDARD
                .decode(text)
                .unwrap()
                .into()
        }
        Value::Null => Bytes::new(),
        other => other.to_string().into(),
    }
}

/// Server-sent events, one each.
fn events(body: &[u8]) -> Vec<Bytes> {
    let mut rest = body;
    let mut events = Vec::new();
    while let Some(end) = rest.windows(2).position(|end| end == b"\n\n") {
        events.push(Bytes::copy_from_slice(&rest[..end + 2]));
        rest = &rest[end + 2..];
    }
    if !rest.is_empty() {
        events.push(Bytes::copy_from_slice(rest));
    }
    events
}

/// Plays the recording that a call asks for. One that is played in part does not end.
async fn player(recordings: Arc<Vec<Recording>>) -> Upstream {
    Upstream::start(move |seen| {
        let number = |name: &str| seen.headers.get(name)?.to_str().ok()?.parse::<usize>().ok();
        let (which, until) = (number(PLAY).unwrap(), number(UNTIL));
        let recordings = Arc::clone(&recordings);
        async move { play(&recordings[which], until) }
    })
    .await
}

fn play(recording: &Recording, until: Option<usize>) -> Response<Body> {
    let (pieces_in, mut response) = pieces();
    *response.status_mut() = recording.status.try_into().unwrap();
    let headers = response.headers_mut();
    headers.insert("content-type", recording.content_type.parse().unwrap());
    let played = recording.pieces[..until.unwrap_or(recording.pieces.len())].to_vec();
    tokio::spawn(async move {
        for piece in played {
            if pieces_in.send(Ok(piece)).await.is_err() {
                return;
            }
        }
        if until.is_some() {
            pieces_in.closed().await;
        }
    });
    response
}

/// A proxy that takes the recordings' hosts for what they are, all at one address.
struct Stage {
    world: World,
    place: String,
}

const NAMES: [(&str, &str); 10] = [
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "google"),
    ("api.groq.com", "groq"),
    ("openrouter.ai", "openrouter"),
    ("api.mistral.ai", "mistral"),
    ("api.cohere.com", "cohere"),
    ("api.deepseek.com", "deepseek"),
    ("router.huggingface.co", "huggingface"),
    ("api.cerebras.ai", "cerebras"),
];

/// When the expected prices were computed.
fn august() -> SystemTime {
    let micros = u64::try_from(AUGUST_2026_US).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

impl Stage {
    async fn at(upstream: &Upstream) -> Self {
        let place = upstream.address.to_string();
        let named = NAMES.map(|(_, name)| format!("{name}=http://{place}"));
        let bedrock = format!("{},bedrock=http://{place}", named.join(","));
        let world = World::start_at(august, Authenticator::off(false), |settings| {
            settings.upstream.proxy_upstreams = List::parse(&bedrock).unwrap();
            allow(settings, &place);
        })
        .await;
        Self { world, place }
    }

    /// The call as its recording's, in the path form where there is one.
    fn call(
        &self,
        recording: &Recording,
        which: usize,
        until: Option<usize>,
    ) -> Request<Full<Bytes>> {
        let (host, path) = recording
            .url
            .split_once("://")
            .unwrap()
            .1
            .split_once('/')
            .unwrap();
        let name = NAMES
            .iter()
            .find(|(named, _)| *named == host)
            .map(|(_, name)| *name);
        let name = name.or_else(|| {
            host.starts_with("bedrock-runtime")
                .then_some("bedrock/us-east-1")
        });
        let mut request = Request::builder().method(recording.method.as_str());
        request = match name {
            Some(name) => request.uri(self.world.url(&format!("/{name}/{path}"))),
            None => request.uri(self.world.url("/proxy")).header(
                "X-LLMObserve-Target-URL",
                format!("http://{}/{path}", self.place),
            ),
        };
        if let Some(until) = until {
            request = request.header(UNTIL, until);
        }
        request
            .header(PLAY, which)
            .header("X-LLMObserve-Run-ID", format!("recording-{which}"))
            .header("content-type", "application/json")
            .body(Full::new(recording.request.clone()))
            .unwrap()
    }
}

pub(crate) fn basis(event: &UsageEvent) -> String {
    let metadata: Value = serde_json::from_str(&event.event_metadata).unwrap();
    metadata["usage_basis"].as_str().unwrap().to_owned()
}

/// Unknown is not 0, and an estimate is not told as measured.
fn is_honest(event: &UsageEvent) -> bool {
    match basis(event).as_str() {
        "unknown" => event.cost_pico_usd.is_none(),
        "estimated" => event.cost_source() != CostSource::Computed,
        "measured" => event.cost_source() != CostSource::None,
        _ => event.cost_pico_usd == Some(0),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_passes_byte_for_byte_and_is_one_event() {
    let Some(recordings) = corpus() else { return };
    let upstream = player(Arc::clone(&recordings)).await;
    let stage = Stage::at(&upstream).await;
    let client = http1();
    let calls = recordings.iter().enumerate().map(|(which, recording)| {
        let (client, request) = (client.clone(), stage.call(recording, which, None));
        async move {
            let answer = send(&client, request).await;
            assert_eq!(answer.status, recording.status, "{}", recording.url);
            let same = answer.body == recording.pieces.concat();
            assert!(same, "{} {which}: the bytes differ", recording.url);
        }
    });
    futures::stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
    let events = stage.world.end().await;
    let dishonest = events.iter().find(|event| !is_honest(event));
    assert!(dishonest.is_none(), "{dishonest:?}");
    let mut measured = 0;
    for event in events.iter().filter(|event| basis(event) == "measured") {
        let which = event.run_id.strip_prefix("recording-").unwrap();
        let recording = &recordings[which.parse::<usize>().unwrap()];
        let said = said(&recording.content_type, &recording.pieces.concat());
        let ours = (event.input_tokens, event.output_tokens);
        assert_eq!(Some(ours), said, "{} {which}", recording.url);
        measured += 1;
    }
    println!("{} recordings, {measured} measured", recordings.len());
    prices::compare(&recordings, &events);
    // What is paid for once has one id, however often it was fetched.
    assert_eq!(events.len(), recordings.len());
    assert!(measured * 10 > recordings.len() * 8, "{measured}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_a_recorded_stream_at_any_piece_is_one_event() {
    let Some(recordings) = corpus() else { return };
    let upstream = player(Arc::clone(&recordings)).await;
    let stage = Stage::at(&upstream).await;
    let streams = recordings.iter().enumerate().filter(|(_, recording)| {
        recording.content_type.contains("stream") && recording.status == 200
    });
    let boundaries = streams.clone().flat_map(|(which, recording)| {
        (0..recording.pieces.len()).map(move |read| (which, recording, read))
    });
    let leaving = boundaries.clone().map(|(which, recording, read)| {
        let request = stage.call(recording, which, Some(read));
        async move {
            let client = http1();
            let mut body = client.request(request).await.unwrap().into_body();
            let wanted: usize = recording.pieces[..read].iter().map(Bytes::len).sum();
            let mut got = 0;
            while got < wanted {
                // A filter may hold back the piece that it cannot judge yet.
                match tokio::time::timeout(Duration::from_secs(1), next(&mut body)).await {
                    Ok(piece) => got += piece.unwrap().unwrap().len(),
                    Err(_) => break,
                }
            }
        }
    });
    futures::stream::iter(leaving)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
    let calls = boundaries.count();
    println!("{} streams, left at {calls} places", streams.count());
    stage.world.events(calls).await;
    let events = stage.world.end().await;
    assert_eq!(events.len(), calls);
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), calls);
    for event in &events {
        // The last piece of some is behind the provider's last word.
        assert!(matches!(event.status(), Status::Cancelled | Status::Ok));
        assert_eq!(event.http_status, 200);
        assert!(is_honest(event), "{event:?}");
    }
    let mut kinds: Vec<String> = events.iter().map(basis).collect();
    kinds.sort_unstable();
    kinds.dedup();
    println!("usage known as {kinds:?}");
}
