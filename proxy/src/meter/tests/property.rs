//! Whatever comes, in whatever pieces: no panic, and the same verdict.

use proptest::prelude::*;

use super::*;

const PATHS: [(&str, &str); 9] = [
    ("openai", CHAT),
    ("openai", "/v1/responses"),
    ("anthropic", "/v1/messages"),
    (
        "google",
        "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
    ),
    ("bedrock", "/model/m/converse-stream"),
    ("bedrock", "/model/m/invoke-with-response-stream"),
    ("cohere", "/v2/chat"),
    ("anthropic", "/v1/messages/batches/b/results"),
    ("openai", "/v1/audio/transcriptions"),
];
const TYPES: [&str; 5] = [
    "application/json",
    "text/event-stream",
    "application/vnd.amazon.eventstream",
    "application/x-jsonl",
    "text/plain",
];
const ENCODINGS: [&str; 6] = ["identity", "gzip", "br", "zstd", "deflate", "what"];

/// Bytes of any kind, and such as look like an answer.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let event = prop_oneof![
        "data: \\{\"usage\":\\{\"prompt_tokens\":[0-9]{1,12},\"completion_tokens\":[0-9]{1,3}\\}\\}(\n\n|\r\n\r\n|\r\r|\n)",
        "data: \\{\"choices\":\\[\\{\"delta\":\\{\"content\":\"[a-zé ]{0,9}\"\\}\\}\\]\\}\n\n",
        "\\{\"(usage|usageMetadata|meta|error|bytes|message|response)\":[\\[\\]{}0-9a-z\",:.-]{0,30}\\}",
        "event: [a-z]{1,9}\ndata: [\\[\\]{}\"a-z:,0-9]{0,40}\n\n",
        Just("data: [DONE]\n\n".to_owned()),
        ": comment\n".prop_map(|text| text.clone()),
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        proptest::collection::vec(event, 0..12).prop_map(|events| events.concat().into_bytes()),
        proptest::collection::vec((any::<bool>(), "[{}\"a-z:0-9]{0,60}"), 0..5).prop_map(|list| {
            let frame = |(whole, payload): &(bool, String)| {
                let mut frame =
                    frames::tests::frame(&[(":event-type", "chunk")], payload.as_bytes());
                frame.truncate(if *whole { frame.len() } else { frame.len() - 3 });
                frame
            };
            list.iter().flat_map(frame).collect()
        }),
    ]
}

proptest! {
    #[test]
    fn the_verdict_does_not_depend_on_the_pieces(
        answer in answers(),
        cuts in proptest::collection::vec(0_usize..400, 0..6),
        (path, kind, encoding) in (0..PATHS.len(), 0..TYPES.len(), 0..ENCODINGS.len()),
        complete in any::<bool>(),
    ) {
        let (provider, path) = PATHS[path];
        let mut exchange = Exchange::of(provider, path, TYPES[kind], answer);
        exchange.headers.push(("content-encoding", ENCODINGS[encoding].to_owned()));
        let end = if complete { End::Complete } else { End::ClientGone };
        let whole = exchange.metered_by(&[&exchange.answer], end);
        let mut cuts = cuts;
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(exchange.answer.len()));
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&exchange.answer[from..cut]);
            from = cut;
        }
        pieces.push(&exchange.answer[from..]);
        prop_assert_eq!(&exchange.metered_by(&pieces, end), &whole);
        let bytes: Vec<&[u8]> = exchange.answer.chunks(1).collect();
        // A decoder may have given out more before it met the damage in the same piece.
        if matches!(ENCODINGS[encoding], "identity" | "what") {
            prop_assert_eq!(&exchange.metered_by(&bytes, end), &whole);
        }
    }

    #[test]
    fn requests_of_any_kind_do_no_harm(
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "\\{\"(model|stream|stream_options|messages|input)\":[\\[\\]{}0-9a-z\",: ]{0,60}\\}".prop_map(String::into_bytes),
        ],
        form in any::<bool>(),
    ) {
        let kind = if form { "multipart/form-data; boundary=b" } else { "application/json" };
        let asked = headers(&[("content-type", kind.to_owned())]);
        let provider = by_name("openai");
        let endpoint = provider.unwrap().endpoint(&Method::POST, CHAT);
        let policy = MeterPolicy { include_usage: true };
        let mut meter = Meter::new(provider, endpoint, policy, &asked);
        let body = Bytes::from(body);
        if let Some(rewritten) = meter.rewrite_request(&body) {
            let options = serde_json::from_slice::<Value>(&rewritten).unwrap();
            prop_assert_eq!(&options["stream_options"]["include_usage"], &Value::Bool(true));
        }
        let _ = meter.finish(End::Timeout);
    }

    #[test]
    fn a_filter_only_ever_takes_out_whole_usage_chunks(
        answer in answers(),
        size in 1_usize..50,
    ) {
        let mut filter = Filter::default();
        let mut passed = Vec::new();
        for piece in answer.chunks(size) {
            passed.extend_from_slice(&filter.pass(Bytes::copy_from_slice(piece)));
        }
        passed.extend_from_slice(&filter.finish());
        // No usage chunk in what is generated has `choices`, so nothing is taken out.
        prop_assert_eq!(passed, answer);
    }
}

#[test]
fn a_long_stream_takes_no_more_memory_than_a_short_one() {
    let mut exchange = chat_stream();
    let chunk =
        br#"data: {"model":"gpt-4o","choices":[{"delta":{"content":"word "}}],"usage":null}"#;
    let piece = [chunk, b"\n\n".as_slice()].concat().repeat(1_000);
    let tail = std::mem::take(&mut exchange.answer);
    let mut meter = exchange.meter();
    // 8 MB, and one event of 8 MB.
    for _ in 0..100 {
        meter.response_chunk(&piece);
    }
    meter.response_chunk(b"data: {\"b64\":\"");
    for _ in 0..100 {
        meter.response_chunk(&[b'x'; 80_000]);
    }
    meter.response_chunk(b"\"}\n\n");
    let size = format!("{meter:?}").len();
    assert!(size < 20_000, "{size} bytes of state");
    meter.response_chunk(&tail);
    assert_eq!(meter.finish(End::Complete).usage.output_tokens, Some(8));
}
