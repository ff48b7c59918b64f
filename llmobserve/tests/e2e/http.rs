//! HTTP as simple as a test needs it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(30);
/// CONTRACT: 2 s; more here, since a build machine does other things as well.
const EVENTUALLY: Duration = Duration::from_secs(60);

/// Status and body of one request.
pub(crate) fn request(host: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    send(host, "", method, path, body)
}

/// The same with a credential.
pub(crate) fn request_as(
    host: &str,
    credential: &str,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, String) {
    let header = format!("Authorization: Bearer {credential}\r\n");
    send(host, &header, method, path, body)
}

fn send(host: &str, header: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\n{header}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// The JSON that a path answers, which must be 200.
pub(crate) fn get(host: &str, path: &str) -> Value {
    let (status, body) = request(host, "GET", path, "");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Posts events; every one must be accepted.
pub(crate) fn post_events(host: &str, events: &Value) {
    let (status, body) = request(host, "POST", "/events", &events.to_string());
    assert_eq!(status, 202, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let count = events.as_array().map_or(1, Vec::len);
    assert_eq!(answer["accepted"], count, "{body}");
}

/// Asks until `wanted` holds of the answer, and gives that answer.
pub(crate) fn eventually(host: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    until(path, || request(host, "GET", path, ""), wanted)
}

/// The same with a credential.
pub(crate) fn eventually_as(
    host: &str,
    credential: &str,
    path: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    until(
        path,
        || request_as(host, credential, "GET", path, ""),
        wanted,
    )
}

fn until(path: &str, ask: impl Fn() -> (u16, String), wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let (status, body) = ask();
        let answer = serde_json::from_str(&body).unwrap_or(Value::Null);
        if status == 200 && wanted(&answer) {
            return answer;
        }
        assert!(
            begun.elapsed() < EVENTUALLY,
            "{path} still answers {status} {body}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
