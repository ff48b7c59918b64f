//! `docker-compose.yml` and this program must agree; there is no container engine to ask.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The file with its merge keys resolved.
fn compose() -> Value {
    let text = std::fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    let mut yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
    yaml.apply_merge().unwrap();
    serde_json::to_value(yaml).unwrap()
}

fn services(compose: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let services = compose["services"].as_object().unwrap().iter();
    services.map(|(name, service)| (name.as_str(), service))
}

fn help(role: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_llmobserve"))
        .args([role, "--help"])
        .output()
        .unwrap();
    assert!(output.status.success(), "there is no role {role}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_role_and_every_setting_exists() {
    let compose = compose();
    let mut roles = BTreeSet::new();
    for (name, service) in services(&compose) {
        if service["image"] != "llmobserve:local" {
            continue;
        }
        let command = service["command"].as_array().unwrap();
        let role = command[0].as_str().unwrap();
        let help = help(role);
        for setting in service["environment"].as_object().unwrap().keys() {
            assert!(help.contains(setting), "{name}: {role} has no {setting}");
        }
        roles.insert(role);
    }
    let wanted = ["aggregator", "ingest", "migrate", "proxy", "query-api"];
    assert_eq!(Vec::from_iter(roles), wanted);
}

#[test]
fn what_services_wait_for_exists_and_can_be_waited_for() {
    let compose = compose();
    for (name, service) in services(&compose) {
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            let other = &compose["services"][other];
            assert!(
                other.is_object(),
                "{name} waits for a service that is not there"
            );
            if how["condition"] == "service_healthy" {
                assert!(other["healthcheck"]["test"].is_array(), "{name}");
            }
        }
    }
}

#[test]
fn data_is_kept_in_named_volumes_and_files_exist() {
    let compose = compose();
    for (name, service) in services(&compose) {
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            let exists = match source.strip_prefix("./") {
                Some(path) => root().join(path).is_file(),
                None => compose["volumes"].as_object().unwrap().contains_key(source),
            };
            assert!(exists, "{name}: {source}");
        }
    }
}

#[test]
fn nothing_is_published_beyond_this_machine() {
    let compose = compose();
    let published = services(&compose).flat_map(|(_, service)| service["ports"].as_array());
    let published: Vec<_> = published
        .flatten()
        .map(|port| port.as_str().unwrap())
        .collect();
    assert!(published.contains(&"127.0.0.1:8000:8000"));
    assert!(
        published.iter().all(|port| port.starts_with("127.0.0.1:")),
        "{published:?}"
    );
}
