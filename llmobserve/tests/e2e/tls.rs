//! With a certificate, everything that others reach speaks HTTPS, and the parts of `up` still
//! find each other.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::instance::Instance;

fn file(name: &str) -> std::path::PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../service/src/http/tests");
    tests.join(name)
}

/// The answer to a call that trusts the certificate.
fn ask(host: &str, path: &str) -> String {
    let port = host.rsplit(':').next().unwrap();
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--cacert"])
        .arg(file("cert.pem"))
        .arg(format!("https://localhost:{port}{path}"))
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn up_with_a_certificate_speaks_https() {
    let directory = tempfile::tempdir().unwrap();
    let instance = Instance::start_with(&directory.path().join("data"), |command| {
        command.env("LLMOBSERVE_TLS_CERT", file("cert.pem"));
        command.env("LLMOBSERVE_TLS_KEY", file("key.pem"));
        // Of the parts that only this machine reaches; not for everyone.
        command.env("LLMOBSERVE_METRICS_HOST", "0.0.0.0");
    });
    let page: Value = serde_json::from_str(&ask(&instance.collector, "/app/config.json")).unwrap();
    let proxy = page["proxy_url"].as_str().unwrap();
    assert_eq!(proxy, format!("https://{}", instance.proxy));
    for host in [&instance.collector, &instance.proxy] {
        let report: Value = serde_json::from_str(&ask(host, "/ready")).unwrap();
        assert_eq!(report["ready"], true, "{host}: {report}");
    }
    assert!(instance.terminate().success());
}
