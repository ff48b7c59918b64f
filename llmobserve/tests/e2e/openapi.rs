//! The committed description of the HTTP interface is the handlers' own.

use std::process::Command;

use serde_json::Value;

#[test]
fn the_committed_document_is_up_to_date() {
    let output = Command::new(env!("CARGO_BIN_EXE_llmobserve"))
        .arg("openapi")
        .output()
        .unwrap();
    let generated: Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap();
    let committed: Value = serde_json::from_str(&committed).unwrap();
    assert!(generated == committed, "run `make openapi`");
}
