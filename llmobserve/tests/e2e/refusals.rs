//! What `up` cannot start with: a message that says what to do, an exit code per kind, and
//! nothing left running.

use std::fs::File;
use std::net::TcpListener;

use crate::instance::{fails, up};
use tempfile::tempdir;

#[test]
fn a_taken_port_names_its_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for part in ["", "_CLICKHOUSE", "_KAFKA"] {
        let dir = tempdir().unwrap();
        let setting = format!("LLMOBSERVE{part}_PORT");
        let mut command = up(dir.path());
        command.env(&setting, port.to_string());
        let (code, said) = fails(command);
        assert_eq!(code, Some(3), "{said}");
        assert!(
            said.contains(&setting) && said.contains(&port.to_string()),
            "{said}"
        );
    }
}

#[test]
fn a_data_directory_that_cannot_be_written_or_is_in_use() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    File::create(&file).unwrap();
    let (code, said) = fails(up(&file.join("data")));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("LLMOBSERVE_DATA_DIR"), "{said}");

    let lock = File::create(dir.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let (code, said) = fails(up(dir.path()));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("another instance uses it"), "{said}");
}

#[test]
fn missing_java_or_library_says_how_to_get_it() {
    let dir = tempdir().unwrap();
    let mut command = up(dir.path());
    command.env("LLMOBSERVE_JAVA", "/nowhere/java");
    let (code, said) = fails(command);
    assert_eq!(code, Some(5), "{said}");
    for way in ["Java 17", "Maven", "make", "docker compose up"] {
        assert!(said.contains(way), "{said}");
    }

    let mut command = up(dir.path());
    command.env("LLMOBSERVE_CLICKHOUSE_LIBRARY", "/nowhere/libchdb.so");
    let (code, said) = fails(command);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("/nowhere/libchdb.so"), "{said}");
}

#[test]
fn a_wrong_setting_is_a_usage_error() {
    for (name, value) in [
        ("LLMOBSERVE_PORT", "many"),
        ("LLMOBSERVE_LOG", "[["),
        ("LLMOBSERVE_TOPIC_PARTITIONS", "0"),
        ("LLMOBSERVE_BIND", "0.0.0.0:0"),
    ] {
        let dir = tempdir().unwrap();
        let mut command = up(dir.path());
        command.env(name, value);
        let (code, said) = fails(command);
        assert_eq!(code, Some(2), "{name}: {said}");
    }
}

#[test]
fn sources_that_are_named_and_do_not_answer() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = up(tempdir().unwrap().path());
    command
        .env("LLMOBSERVE_CLICKHOUSE_URL", format!("http://{nobody}"))
        .env("LLMOBSERVE_MIGRATE_WAIT_SECONDS", "1");
    let (code, said) = fails(command);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("LLMOBSERVE_CLICKHOUSE_URL"), "{said}");
}
