//! ClickHouse's own Python client against the embedded engine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use engines::testing::clickhouse::clickhouse;
use tokio::process::Command;

#[tokio::test]
async fn clickhouse_connect_works_unchanged() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let target = std::env::current_exe()
        .unwrap()
        .ancestors()
        .nth(3)
        .unwrap()
        .to_owned();
    let output = Command::new(tests.join("python_client.sh"))
        .arg(&clickhouse().await.url)
        .arg(target.join("venvs/clickhouse-connect"))
        .output()
        .await
        .expect("the script runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
