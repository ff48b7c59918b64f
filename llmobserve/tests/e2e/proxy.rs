//! Calls through the proxy of `llmobserve up` are in the statistics.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{eventually, request};
use crate::instance::{Instance, kill};

const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#;
/// Of 1000 and 100 tokens at 2.50 and 10 dollars a million.
const COST: f64 = 0.0035;

/// A provider that answers every call the same; gives its address.
fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
                line.clear();
            }
            stream.read_exact(&mut vec![0; length]).unwrap();
            let length = ANSWER.len();
            write!(
                stream.get_mut(),
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{ANSWER}"
            )
            .unwrap();
        }
    });
    address
}

fn call(instance: &Instance) -> (u16, String) {
    let path = "/openai/v1/chat/completions";
    request(
        &instance.proxy,
        "POST",
        path,
        r#"{"model":"gpt-4o","messages":[]}"#,
    )
}

fn counted(instance: &Instance, calls: u64) {
    let path = "/stats/by-model";
    let enough = |answer: &Value| answer[0]["call_count"].as_u64() >= Some(calls);
    let answer = eventually(&instance.collector, path, enough);
    assert_eq!(
        (
            answer[0]["call_count"].as_u64(),
            answer[0]["provider"].as_str()
        ),
        (Some(calls), Some("openai"))
    );
    assert_eq!(
        (
            answer[0]["input_tokens"].as_u64(),
            answer[0]["unpriced_count"].as_u64()
        ),
        (Some(calls * 1000), Some(0))
    );
    let cost = answer[0]["total_cost"].as_f64().unwrap();
    assert!((cost - calls as f64 * COST).abs() < 1e-12, "{cost}");
}

#[test]
fn a_call_is_an_event_and_a_proxy_that_dies_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let upstreams = format!("openai=http://{}", provider());
    let instance = Instance::start_with(&dir.path().join("data"), |command| {
        command.env("LLMOBSERVE_PROXY_UPSTREAMS", &upstreams);
    });
    for _ in 0..3 {
        assert_eq!(call(&instance), (200, ANSWER.to_owned()));
    }
    counted(&instance, 3);

    kill(instance.child_with(" proxy ").unwrap());
    let begun = Instant::now();
    while !instance.log().contains("proxy runs again") {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{}",
            instance.log()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(call(&instance), (200, ANSWER.to_owned()));
    counted(&instance, 4);

    // What is answered just before the end is stored before the end.
    assert_eq!(call(&instance), (200, ANSWER.to_owned()));
    let data = dir.path().join("data");
    assert!(instance.terminate().success());
    let again = Instance::start_with(Path::new(&data), |_| ());
    counted(&again, 5);
}
