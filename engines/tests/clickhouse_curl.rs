//! `curl` against the embedded engine: the interface as shell users and
//! browsers meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engines::testing::clickhouse::clickhouse;

/// What curl got.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: String,
    body: String,
}

/// Runs curl with `arguments` on `url`, `input` as its standard input.
fn curl_at(url: &str, arguments: &[&str], input: &[u8]) -> Answer {
    let mut curl = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "60",
            "--globoff",
        ])
        .args(arguments)
        .arg(url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl runs");
    curl.stdin.take().unwrap().write_all(input).unwrap();
    let output = String::from_utf8_lossy(&curl.wait_with_output().unwrap().stdout).into_owned();
    let output = output
        .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
        .unwrap_or(&output);
    let (headers, body) = output
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no headers: {output}"));
    Answer {
        status: headers[9..12].parse().unwrap(),
        headers: headers.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// Runs curl on the shared engine; `path` begins with a slash.
async fn curl(path: &str, arguments: &[&str], input: &[u8]) -> Answer {
    curl_at(
        &format!("{}{path}", clickhouse().await.url),
        arguments,
        input,
    )
}

async fn post(sql: &str) -> Answer {
    curl("/", &["--data-binary", "@-"], sql.as_bytes()).await
}

#[tokio::test]
async fn it_tells_that_it_lives() {
    assert_eq!(curl("/ping", &[], b"").await.body, "Ok.\n");
    assert_eq!(curl("/", &[], b"").await.body, "Ok.\n");
    assert_eq!(curl("/nowhere", &[], b"").await.status, 404);
}

#[tokio::test]
async fn a_query_comes_by_url_body_or_both() {
    assert_eq!(curl("/?query=SELECT+1", &[], b"").await.body, "1\n");
    assert_eq!(post("SELECT 1 + 1;").await.body, "2\n");
    assert_eq!(
        curl("/?query=SELECT", &["--data-binary", "3, 4"], b"")
            .await
            .body,
        "3\t4\n"
    );
    let form = curl(
        "/",
        &[
            "--form",
            "query=SELECT {a: UInt8}, {b: String}",
            "--form",
            "param_a=1",
            "--form",
            "param_b=é'\\\\\\t",
        ],
        b"",
    )
    .await;
    assert_eq!(form.body, "1\té\\'\\\\\\t\n");
    assert_eq!(
        curl("/?param_n=5&query=SELECT+{n:UInt8}", &[], b"")
            .await
            .body,
        "5\n"
    );
}

#[tokio::test]
async fn answers_say_what_they_are() {
    let answer = curl(
        "/?query=SELECT+1+AS+n&default_format=JSON&query_id=mine",
        &[],
        b"",
    )
    .await;
    assert_eq!(answer.status, 200);
    for header in [
        "x-clickhouse-query-id: mine",
        "x-clickhouse-format: json",
        "x-clickhouse-timezone: utc",
        "x-clickhouse-server-display-name: ",
        "\"result_rows\":\"1\"",
        "content-type: application/json; charset=utf-8",
    ] {
        assert!(
            answer.headers.contains(header),
            "{header}: {}",
            answer.headers
        );
    }
    assert!(answer.body.contains("\"rows\": 1"), "{}", answer.body);
    // Too large for one chunk, and no format whose chunks could be joined.
    let answer = curl(
        "/",
        &[
            "--data",
            "SELECT number FROM numbers(300000) FORMAT JSONCompact",
        ],
        b"",
    )
    .await;
    assert!(answer.body.contains("\"rows\": 300000") && answer.body.trim_end().ends_with('}'));
}

#[tokio::test]
async fn rows_are_piped_in() {
    let database = clickhouse().await.database("curl").await;
    let create =
        format!("CREATE TABLE {database}.t (a String, n UInt64) ENGINE = MergeTree ORDER BY n");
    assert_eq!(post(&create).await.status, 200);
    let url = format!("/?database={database}&query=INSERT+INTO+t+FORMAT+CSV");
    let answer = curl(&url, &["--data-binary", "@-"], b"\"x, y\",1\nz,2\n").await;
    assert!(
        answer.status == 200 && answer.headers.contains("\"written_rows\":\"2\""),
        "{answer:?}"
    );
    let inline = format!("INSERT INTO {database}.t VALUES ('v', 1 + 2), ('w', 4)");
    assert_eq!(post(&inline).await.status, 200);
    let gzip = Command::new("sh")
        .args(["-c", "printf 'g,5\\n' | gzip -c"])
        .output()
        .unwrap()
        .stdout;
    let answer = curl(
        &url,
        &["--header", "Content-Encoding: gzip", "--data-binary", "@-"],
        &gzip,
    )
    .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let select = format!("SELECT a, n FROM {database}.t ORDER BY n");
    assert_eq!(
        post(&select).await.body,
        "x, y\t1\nz\t2\nv\t3\nw\t4\ng\t5\n"
    );
    let answer = curl(&url, &["--data-binary", "@-"], b"good,6\nbad,row\n").await;
    assert!(
        answer.status == 400 && answer.body.starts_with("Code: 117. "),
        "{answer:?}"
    );
    assert_eq!(
        post(&format!("SELECT max(n) FROM {database}.t")).await.body,
        "5\n"
    );
}

#[tokio::test]
async fn blocks_go_out_and_come_in() {
    let database = clickhouse().await.database("blocks").await;
    assert_eq!(
        post(&format!(
            "CREATE TABLE {database}.t (n UInt64) ENGINE = MergeTree ORDER BY n"
        ))
        .await
        .status,
        200
    );
    let script = format!(
        "curl -sS '{url}/?compress=1&query=SELECT+number+AS+n+FROM+numbers(100000)+FORMAT+Native' \
         | curl -sS '{url}/?decompress=1&query=INSERT+INTO+{database}.t+FORMAT+Native' --data-binary @-",
        url = clickhouse().await.url
    );
    let piped = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(
        piped.status.success() && piped.stdout.is_empty(),
        "{piped:?}"
    );
    assert_eq!(
        post(&format!("SELECT count(), sum(n) FROM {database}.t"))
            .await
            .body,
        "100000\t4999950000\n"
    );
}

#[tokio::test]
async fn failures_have_a_code_a_text_and_a_status() {
    for (sql, status, code) in [
        ("SELECT * FROM missing", 404, 60),
        ("SELECT", 400, 62),
        ("SELECT nothing", 404, 47),
        ("SELECT toUInt8('x')", 400, 6),
        ("SELECT throwIf(1)", 500, 395),
        ("SELECT 1 INTO OUTFILE '/tmp/llmobserve-outfile'", 403, 497),
    ] {
        let answer = post(sql).await;
        assert_eq!(answer.status, status, "{sql}: {answer:?}");
        assert!(
            answer
                .body
                .starts_with(&format!("Code: {code}. DB::Exception: ")),
            "{sql}: {answer:?}"
        );
        assert!(
            answer
                .headers
                .contains(&format!("x-clickhouse-exception-code: {code}")),
            "{sql}: {answer:?}"
        );
    }
    assert!(!std::path::Path::new("/tmp/llmobserve-outfile").exists());
}

#[tokio::test]
async fn reading_by_get_does_not_write() {
    let answer = curl(
        "/?query=CREATE+TABLE+default.got+(a+UInt8)+ENGINE=Memory",
        &[],
        b"",
    )
    .await;
    assert!(
        answer.status == 500 && answer.body.starts_with("Code: 164. "),
        "{answer:?}"
    );
    let answer = curl("/?query=SET+max_threads=1", &[], b"").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(post("EXISTS default.got").await.body, "0\n");
}

#[tokio::test]
async fn pages_of_other_origins_and_other_hosts_are_refused() {
    for header in [
        "Host: evil.example",
        "Origin: https://evil.example",
        "Origin: null",
        "Origin: http://localhost:3000",
    ] {
        let answer = curl("/", &["--header", header, "--data", "SELECT 1"], b"").await;
        assert!(
            answer.status == 403 && answer.body.starts_with("Code: 497. "),
            "{header}: {answer:?}"
        );
    }
    let foreign = ["--header", "Host: evil.example"];
    assert_eq!(curl("/ping", &foreign, b"").await.status, 403);
    let own = format!("Origin: {}", clickhouse().await.url);
    for header in ["Host: localhost:1", &own] {
        let answer = curl("/", &["--header", header, "--data", "SELECT 1"], b"").await;
        assert_eq!(answer.body, "1\n", "{header}");
    }
}

#[tokio::test]
async fn sessions_keep_tables_and_settings() {
    let ask = async |session: &str, sql: &str| {
        curl(&format!("/?session_id={session}"), &["--data", sql], b"").await
    };
    assert_eq!(
        ask("one", "CREATE TEMPORARY TABLE mine (n UInt8)")
            .await
            .status,
        200
    );
    assert_eq!(ask("one", "INSERT INTO mine VALUES (7)").await.status, 200);
    assert_eq!(ask("one", "SELECT n FROM mine").await.body, "7\n");
    assert_eq!(ask("two", "SELECT n FROM mine").await.status, 404);
    assert_eq!(ask("one", "SET max_threads = 1").await.status, 200);
    let threads = "SELECT value FROM system.settings WHERE name = 'max_threads'";
    assert_eq!(ask("one&max_threads=2", threads).await.body, "2\n");
    assert_eq!(ask("one", threads).await.body, "1\n");
    let blocks = "SELECT value FROM system.settings WHERE name = 'min_insert_block_size_rows'";
    assert_eq!(ask("one", blocks).await.body, post(blocks).await.body);
    assert_eq!(ask("one&close_session=1", "SELECT 1").await.status, 200);
    assert_eq!(ask("one&session_check=1", "SELECT 1").await.status, 404);
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_query_along() {
    let url = clickhouse().await.url.clone();
    let slow = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 /*left*/";
    let mut curl = Command::new("curl")
        .args(["--silent", "--data", slow, &url])
        .spawn()
        .unwrap();
    let running = "SELECT count() FROM system.processes WHERE query LIKE '%/*le' || 'ft*/%'";
    let until = async |wanted: &str| {
        let began = Instant::now();
        while post(running).await.body.trim_end() != wanted {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "still not {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    until("1").await;
    curl.kill().unwrap();
    curl.wait().unwrap();
    until("0").await;
}
