//! On standard output what a script takes, on standard error what a person wants to know.

use std::io::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use service::auth::KeyInfo;

/// The new key: alone, or in the answer of `POST /api-keys`.
pub(super) fn created(info: &KeyInfo, key: &SecretString, json: bool) -> anyhow::Result<()> {
    let key = key.expose_secret();
    if json {
        let mut answer = serde_json::to_value(info)?;
        answer["key"] = Value::from(key);
        return print(&serde_json::to_string_pretty(&answer)?);
    }
    let owner = match &info.tenant_id {
        Some(tenant) => format!("of tenant {tenant}"),
        None => "of the platform".to_owned(),
    };
    let scopes = info.scopes.join(", ");
    let id = &info.id;
    writeln!(
        std::io::stderr().lock(),
        "Key {id} {owner}, scopes {scopes}. It is shown this once:"
    )?;
    print(key)
}

/// A line a key.
pub(super) fn list(keys: &[KeyInfo], json: bool) -> anyhow::Result<()> {
    if json {
        return print(&serde_json::to_string_pretty(keys)?);
    }
    let header = ["id", "tenant", "scopes", "created", "state", "name"].map(str::to_owned);
    let rows: Vec<[String; 6]> = [header].into_iter().chain(keys.iter().map(row)).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        line.join("  ").trim_end().to_owned()
    });
    print(&lines.collect::<Vec<_>>().join("\n"))
}

fn row(key: &KeyInfo) -> [String; 6] {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", time(at)),
        (None, Some(at)) if at <= Utc::now() => format!("expired {}", time(at)),
        (None, Some(at)) => format!("until {}", time(at)),
        (None, None) => "valid".to_owned(),
    };
    [
        key.id.clone(),
        key.tenant_id
            .clone()
            .unwrap_or_else(|| "(platform)".to_owned()),
        key.scopes.join(","),
        time(key.created_at),
        state,
        key.name.clone().unwrap_or_default(),
    ]
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}
