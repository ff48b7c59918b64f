//! The committed description of the HTTP interface is the one of the code.
#![allow(clippy::unwrap_used, clippy::expect_used)]

/// Set it to write the file anew: `UPDATE_OPENAPI=1 cargo test --release -p query-api`.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/openapi.json");
    let generated = query_api::document([ingest::openapi()])
        .to_pretty_json()
        .expect("JSON")
        + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(path, &generated).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == generated,
        "run the tests with {UPDATE}=1 and commit the file"
    );
}
