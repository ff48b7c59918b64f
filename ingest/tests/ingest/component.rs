//! The routes over a publisher in memory: what is accepted, rejected and refused.

use serde_json::{Value, json};
use service::publish::PublishError;

use crate::support::{Bench, event, fixtures, gzip};

#[tokio::test]
async fn an_object_an_array_and_lines_are_events() {
    let bench = Bench::new();
    let one = bench.post(event("a").to_string()).await;
    assert_eq!(
        (one.status, one.body),
        (202, json!({"accepted": 1, "rejected": []}))
    );
    let array = json!([event("b"), event("c")]).to_string();
    assert_eq!(bench.post(array).await.body["accepted"], 2);
    let lines = format!("{}\n\n{}\r\n", event("d"), event("e"));
    assert_eq!(bench.post(lines.clone()).await.body["accepted"], 2);
    let typed = [("content-type", "application/x-ndjson")];
    assert_eq!(
        bench
            .send(lines.replace("\"d\"", "\"f\""), &typed)
            .await
            .body["accepted"],
        2
    );
    assert_eq!(bench.ids(), ["a", "b", "c", "d", "e", "f", "e"]);
    let slash = bench.post_to("/events/", event("g").to_string(), &[]).await;
    assert_eq!(slash.status, 202);
}

#[tokio::test]
async fn nothing_sent_is_nothing_accepted() {
    let bench = Bench::new();
    let answer = bench.post("[]").await;
    assert_eq!(
        (answer.status, answer.body),
        (202, json!({"accepted": 0, "rejected": []}))
    );
    let lines = [("content-type", "application/x-ndjson")];
    assert_eq!(bench.send("", &lines).await.status, 202);
    assert_eq!(bench.post("").await.status, 400);
    assert!(bench.ids().is_empty());
}

#[tokio::test]
async fn bodies_come_compressed() {
    let bench = Bench::new();
    let events: Vec<Value> = (0..3000).map(|i| event(&format!("z{i}"))).collect();
    let body = serde_json::to_vec(&events).unwrap();
    let zstd = zstd::encode_all(&body[..], 1).unwrap();
    let answer = bench
        .send(gzip(&body), &[("content-encoding", "gzip")])
        .await;
    assert_eq!(answer.body["accepted"], 3000);
    let answer = bench.send(zstd, &[("content-encoding", "zstd")]).await;
    assert_eq!(answer.body["accepted"], 3000);
    assert_eq!(
        bench.post(body).await.body["accepted"],
        3000,
        "and plain, of 256 KiB and more"
    );
    assert_eq!(bench.ids().len(), 9000);
}

/// Every rule at once: `received = accepted + rejected`, each by its index and code.
#[tokio::test]
async fn each_event_stands_for_itself() {
    let bench = Bench::new();
    let (good, bad) = fixtures();
    let mut items = Vec::new();
    let mut expected = Vec::new();
    for (i, (text, code)) in bad.iter().enumerate() {
        expected.push((items.len() as u64, code.clone()));
        items.push(text.clone());
        items.push(good[i % good.len()].clone());
    }
    let answer = bench.post(format!("[{}]", items.join(","))).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.body["accepted"], bad.len());
    assert_eq!(answer.rejections(), expected);
    assert_eq!(bench.ids().len(), bad.len());
    let only_bad: Vec<String> = bad.iter().map(|(text, _)| text.clone()).collect();
    let answer = bench.post(format!("[{}]", only_bad.join(","))).await;
    assert_eq!((answer.status, &answer.body["accepted"]), (422, &json!(0)));
    assert_eq!(answer.rejections().len(), bad.len());
    assert_eq!(bench.ids().len(), bad.len(), "and nothing of it was stored");
}

#[tokio::test]
async fn an_event_that_is_too_large_is_rejected_alone() {
    let bench = Bench::new();
    let large = json!({"provider": "x", "id": "l", "event_metadata": {"t": "x".repeat(70_000)}});
    let answer = bench
        .post(json!([event("a"), large, event("b")]).to_string())
        .await;
    assert_eq!(answer.rejections(), [(1, "event_too_large".to_owned())]);
    assert_eq!(bench.ids(), ["a", "b"]);
}

#[tokio::test]
async fn bad_lines_are_rejected_and_the_others_are_not() {
    let bench = Bench::new();
    let mut body = format!("{}\nnot json\n", event("a")).into_bytes();
    body.extend_from_slice(b"{\"provider\":\"\xff\"}\n");
    body.extend_from_slice(format!("{{\"provider\":NaN}}\n[]\n{}", event("b")).as_bytes());
    let answer = bench
        .send(body.clone(), &[("content-type", "application/x-ndjson")])
        .await;
    let codes = [
        (1, "unreadable_json".to_owned()),
        (2, "unreadable_json".to_owned()),
        (3, "unreadable_json".to_owned()),
        (4, "not_an_object".to_owned()),
    ];
    assert_eq!((answer.status, answer.rejections()), (202, codes.to_vec()));
    assert_eq!(bench.ids(), ["a", "b"]);
    let answer = bench.post(body).await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "invalid_utf8"),
        "as JSON it is unreadable"
    );
}

/// Body, headers, status, code.
type Refused<'a> = (Vec<u8>, Vec<(&'a str, &'a str)>, u16, &'a str);

#[tokio::test]
async fn what_cannot_be_read_is_refused_whole() {
    let bench = Bench::new();
    let many = format!("[{}]", vec!["{\"provider\":\"x\"}"; 10_001].join(","));
    let bomb = gzip(&vec![b' '; 100 << 20]);
    let long_key = "k".repeat(124);
    let cases: Vec<Refused<'_>> = vec![
        ("{".into(), vec![], 400, "unreadable_json"),
        (
            "[{\"provider\":\"x\"},]".into(),
            vec![],
            400,
            "unreadable_json",
        ),
        (
            "[{\"cost_usd\":NaN}]".into(),
            vec![],
            400,
            "unreadable_json",
        ),
        ("7".into(), vec![], 400, "not_an_object"),
        (many.into(), vec![], 413, "too_many_events"),
        (vec![b' '; (10 << 20) + 1], vec![], 413, "body_too_large"),
        (
            bomb,
            vec![("content-encoding", "gzip")],
            413,
            "decoded_body_too_large",
        ),
        (
            "{}".into(),
            vec![("content-encoding", "gzip")],
            400,
            "unreadable_encoding",
        ),
        (
            "{}".into(),
            vec![("content-encoding", "br")],
            415,
            "unsupported_media_type",
        ),
        (
            "{}".into(),
            vec![("content-type", "text/plain")],
            415,
            "unsupported_media_type",
        ),
        (
            "{}".into(),
            vec![("idempotency-key", &long_key)],
            400,
            "invalid_idempotency_key",
        ),
    ];
    for (body, headers, status, code) in cases {
        let answer = bench.send(body, &headers).await;
        assert_eq!((answer.status, answer.code()), (status, code));
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert!(bench.ids().is_empty());
    assert_eq!(bench.post(event("after").to_string()).await.status, 202);
}

#[tokio::test]
async fn ids_are_given_by_the_event_the_key_or_chance() {
    let bench = Bench::new();
    let nameless = json!({"provider": "openai"});
    let body = json!([nameless, event("own"), nameless]).to_string();
    let key = "k".repeat(123);
    bench.send(body.clone(), &[("idempotency-key", &key)]).await;
    assert_eq!(
        bench.ids(),
        [format!("{key}/0"), "own".to_owned(), format!("{key}/2")]
    );
    bench.post(body.clone()).await;
    bench.post(body).await;
    let ids: std::collections::BTreeSet<String> = bench.ids().into_iter().collect();
    assert_eq!(ids.len(), 3 + 4, "four made by chance, all different");
}

#[tokio::test]
async fn duplicates_are_accepted_like_the_first() {
    let bench = Bench::new();
    let answer = bench
        .post(json!([event("a"), event("a")]).to_string())
        .await;
    assert_eq!(answer.body, json!({"accepted": 2, "rejected": []}));
}

#[tokio::test]
async fn odd_ids_are_kept_as_they_are() {
    let bench = Bench::new();
    let odd = [
        "quo\"te",
        "back\\slash",
        "a/b?c=d&e",
        "🙂",
        "ünïcödé",
        "' OR 1=1 --",
    ];
    let events: Vec<Value> = odd.iter().map(|id| event(id)).collect();
    assert_eq!(
        bench.post(json!(events).to_string()).await.body["accepted"],
        odd.len()
    );
    assert_eq!(bench.ids(), odd);
    let answer = bench.post(json!([event("new\nline")]).to_string()).await;
    assert_eq!(answer.rejections(), [(0, "control_character".to_owned())]);
}

#[tokio::test]
async fn the_tenant_is_the_events_then_the_headers_then_the_default() {
    let bench = Bench::new();
    let body = json!([{"id": "1", "provider": "x", "tenant_id": "acme"}, event("2")]).to_string();
    bench
        .send(body.clone(), &[("x-llmobserve-tenant-id", "globex")])
        .await;
    bench.post(body).await;
    assert_eq!(
        bench.tenants(),
        ["acme", "globex", "acme", "default_tenant"]
    );
}

#[tokio::test]
async fn a_tenants_key_writes_for_that_tenant_and_no_other() {
    let (bench, key) = Bench::with_key(Some("acme"), &[service::auth::Scope::Ingest]);
    let bearer = format!("Bearer {key}");
    let auth = ("authorization", bearer.as_str());
    assert_eq!(bench.post(event("0").to_string()).await.status, 401);
    assert_eq!(
        bench.send(event("1").to_string(), &[auth]).await.status,
        202
    );
    assert_eq!(bench.tenants(), ["acme"]);
    let mixed = json!([event("2"), {"provider": "x", "tenant_id": "globex"}]).to_string();
    let answer = bench.send(mixed, &[auth]).await;
    assert_eq!((answer.status, answer.code()), (403, "other_tenant"));
    let header = ("x-llmobserve-tenant-id", "globex");
    assert_eq!(bench.send("[]", &[auth, header]).await.status, 403);
    assert_eq!(bench.ids(), ["1"], "and nothing of those was stored");
    let (bench, key) = Bench::with_key(Some("acme"), &[service::auth::Scope::Read]);
    let bearer = format!("Bearer {key}");
    let answer = bench.send("[]", &[("authorization", &bearer)]).await;
    assert_eq!((answer.status, answer.code()), (403, "insufficient_scope"));
}

/// `received = accepted + Σ rejected`, whatever happens to a request.
#[test]
fn every_event_received_is_counted_once() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let bench = Bench::new();
            bench
                .post(json!([event("a"), {}, event("b"), 7]).to_string())
                .await;
            bench.post("[{}]").await;
            bench.post("not json").await;
            bench.fail_next(PublishError::Unavailable);
            bench.post(json!([event("c"), {}]).to_string()).await;
        });
    });
    let rendered = handle.render();
    let value = |name: &str| -> u64 {
        let line = rendered
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
    };
    let rejected = |code| {
        value(&format!(
            "llmobserve_ingest_events_rejected_total{{code=\"{code}\"}}"
        ))
    };
    assert_eq!(value("llmobserve_ingest_events_received_total"), 7);
    assert_eq!(value("llmobserve_ingest_events_accepted_total"), 2);
    assert_eq!(rejected("missing_provider"), 3);
    assert_eq!(rejected("not_an_object"), 1);
    assert_eq!(rejected("not_stored"), 1);
    assert_eq!(rejected("too_long"), 0, "shown from the start");
    assert_eq!(value("llmobserve_ingest_inflight_requests"), 0);
}
