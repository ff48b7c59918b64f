//! Making keys, showing them, ending them. Who may is decided by [`Caller::keys_access`].

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use schemas::control;
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::{Binding, Caller};
use super::key::{self, ApiKey, KeyRecord};
use super::keyring::{BOOTSTRAP, Keyring};
use super::scope::Scopes;
use super::tenant::{Access, Tenant};
use crate::Problem;
use crate::control::{Control, WriteError};

/// Keys of one tenant, ended ones too: every service holds all of them in memory.
const KEYS_PER_TENANT_MAX: usize = 1_000;
/// How long a key that has ended is kept: longer than anyone who follows the topic is cut off.
const ENDED_KEPT: TimeDelta = TimeDelta::days(30);
/// Most of them that one new key removes.
const REMOVED_AT_ONCE: usize = 100;
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 128;
/// When to do again what Kafka did not store.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Changes keys on the control topic, and shows those in memory.
#[derive(Debug, Clone)]
pub struct KeyManager {
    keyring: Keyring,
    control: Control,
}

/// What a new key shall be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it shall allow.
    pub scopes: Scopes,
    /// From when on it is refused; `None` = never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as it may be shown: without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyInfo {
    /// The public part of the key.
    #[schema(example = "0f1e2d3c4b5a6978")]
    pub id: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// What the key begins with.
    #[schema(example = "llmo_sk_0f1e2d3c4b5a6978")]
    pub key_prefix: String,
    /// The tenant that it is bound to; null = a platform key.
    pub tenant_id: Option<String>,
    /// `ingest`, `read`, `admin`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it: an API key's id, `jwt:<sub>`, `cli:<user>`; empty without authentication.
    pub created_by: String,
    /// From when on it is refused; null = never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it is refused.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl KeyManager {
    /// `control` fills `keyring`.
    pub fn new(keyring: Keyring, control: Control) -> Self {
        Self { keyring, control }
    }

    /// Makes a key of the tenant that `access` names; without one a platform key.
    ///
    /// # Errors
    /// 403 for more scopes than the caller may give; 400 for a wish that makes no sense; 409
    /// when the tenant has too many; 503 when Kafka does not store it.
    pub async fn create(
        &self,
        caller: &Caller,
        access: &Access,
        wish: NewKey,
    ) -> Result<(KeyInfo, SecretString), Problem> {
        self.keyring.check_complete()?;
        caller.may_give(wish.scopes)?;
        let binding = match access {
            Access::Tenant(tenant) => Binding::Bound(tenant.clone()),
            Access::All(_) => Binding::Platform,
        };
        self.make(caller.key_id(), binding, wish).await
    }

    /// The keys that `access` may see, newest first.
    ///
    /// # Errors
    /// 503 while the keys are still being read for the first time.
    pub fn list(&self, access: &Access) -> Result<Vec<KeyInfo>, Problem> {
        self.keyring.check_complete()?;
        Ok(self.select(|record| sees(access, record.binding())))
    }

    /// Ends a key. One that has ended stays so.
    ///
    /// # Errors
    /// 404 when `access` sees no such key; 503 when Kafka does not store it.
    pub async fn revoke(&self, caller: &Caller, access: &Access, id: &str) -> Result<(), Problem> {
        self.keyring.check_complete()?;
        let record = self.keyring.get(id);
        let record = record.filter(|record| sees(access, record.binding()));
        let record = record.ok_or_else(|| Problem::not_found("there is no such key"))?;
        self.end(caller.key_id(), &record).await
    }

    /// [`Self::create`] for who can write to Kafka and so needs no permission.
    ///
    /// # Errors
    /// As there.
    pub async fn operator_create(
        &self,
        by: &str,
        tenant: Option<&str>,
        wish: NewKey,
    ) -> Result<(KeyInfo, SecretString), Problem> {
        let binding = match tenant {
            Some(name) => Binding::Bound(Tenant::named(name)?),
            None => Binding::Platform,
        };
        self.make(by, binding, wish).await
    }

    /// [`Self::list`] for who can read Kafka and so needs no permission.
    pub fn operator_list(&self) -> Vec<KeyInfo> {
        self.select(|_| true)
    }

    /// [`Self::revoke`] for who can write to Kafka and so needs no permission.
    ///
    /// # Errors
    /// As there.
    pub async fn operator_revoke(&self, by: &str, id: &str) -> Result<(), Problem> {
        match self.keyring.get(id) {
            Some(record) => self.end(by, &record).await,
            None => Err(Problem::not_found("there is no such key")),
        }
    }

    fn select(&self, is_wanted: impl Fn(&KeyRecord) -> bool) -> Vec<KeyInfo> {
        let mut keys = self.keyring.all();
        keys.retain(|record| is_wanted(record));
        keys.sort_by(|a, b| {
            let newest = b.value().created_at.cmp(&a.value().created_at);
            newest.then_with(|| a.id().cmp(b.id()))
        });
        keys.iter().map(|record| info(record)).collect()
    }

    async fn make(
        &self,
        by: &str,
        binding: Binding,
        wish: NewKey,
    ) -> Result<(KeyInfo, SecretString), Problem> {
        check(&wish)?;
        self.make_room(&binding).await?;
        let key = ApiKey::generate().map_err(|error| {
            tracing::error!("cannot make a key: {error}");
            Problem::internal()
        })?;
        let record = key
            .record(binding, wish.scopes)
            .described(wish.name, wish.expires_at, by);
        self.put(by, record.id(), record.value()).await?;
        let info = info(&record);
        let tenant = info.tenant_id.as_deref().unwrap_or("*");
        tracing::info!(
            target: "audit", action = "api_key.created", by, key_id = info.id, tenant,
            scopes = info.scopes.join(","), expires_at = ?info.expires_at, "an API key was made"
        );
        Ok((info, key.expose()))
    }

    async fn end(&self, by: &str, record: &Arc<KeyRecord>) -> Result<(), Problem> {
        if record.value().revoked_at.is_some() {
            return Ok(());
        }
        let mut value = record.value().clone();
        value.revoked_at = Some(Utc::now());
        self.put(by, record.id(), &value).await?;
        let tenant = value.tenant_id.as_deref().unwrap_or("*");
        tracing::info!(
            target: "audit", action = "api_key.revoked", by, key_id = record.id(), tenant,
            "an API key was revoked"
        );
        Ok(())
    }

    async fn put(&self, by: &str, id: &str, value: &control::ApiKey) -> Result<(), Problem> {
        let written = self.control.put(control::API_KEY, id, by, value).await;
        written.map_err(not_stored)
    }

    /// Keys that ended long ago make room for new ones.
    async fn make_room(&self, binding: &Binding) -> Result<(), Problem> {
        let mut keys = self.keyring.all();
        keys.retain(|record| record.binding() == binding);
        if keys.len() < KEYS_PER_TENANT_MAX {
            return Ok(());
        }
        let long_ago = Utc::now() - ENDED_KEPT;
        // The end of a bootstrap key must outlast its file.
        let may_go = |record: &&Arc<KeyRecord>| {
            record.ended_before(long_ago) && record.value().created_by != BOOTSTRAP
        };
        let mut gone = keys.iter().filter(may_go).peekable();
        if gone.peek().is_none() {
            let detail = format!(
                "there are {KEYS_PER_TENANT_MAX} keys already, those counted \
                 that ended in the last {} days",
                ENDED_KEPT.num_days()
            );
            return Err(Problem::new(StatusCode::CONFLICT, "too_many_keys", detail));
        }
        for record in gone.take(REMOVED_AT_ONCE) {
            let removed = self.control.remove(control::API_KEY, record.id()).await;
            removed.map_err(not_stored)?;
        }
        Ok(())
    }
}

fn not_stored(error: WriteError) -> Problem {
    tracing::warn!("the control topic could not be written: {error}");
    match error {
        WriteError::Value(_) => Problem::internal(),
        WriteError::Kafka(_) => {
            let detail = "the change could not be stored; try again";
            Problem::unavailable("broker_unavailable", detail, RETRY_AFTER)
        }
    }
}

fn sees(access: &Access, binding: &Binding) -> bool {
    match (access, binding) {
        (Access::All(_), _) => true,
        (Access::Tenant(own), Binding::Bound(tenant)) => own == tenant,
        (Access::Tenant(_), Binding::Platform) => false,
    }
}

fn check(wish: &NewKey) -> Result<(), Problem> {
    let invalid = |detail: String| Err(Problem::bad_request("invalid_parameter", detail));
    if wish.scopes.is_empty() {
        return invalid("a key has at least one scope: ingest, read or admin".to_owned());
    }
    if wish.expires_at.is_some_and(|at| at <= Utc::now()) {
        return invalid("expires_at must be in the future".to_owned());
    }
    let name = wish.name.as_deref().unwrap_or_default();
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return invalid(format!(
            "name must have at most {NAME_CHARS_MAX} characters and no control characters"
        ));
    }
    Ok(())
}

fn info(record: &KeyRecord) -> KeyInfo {
    let value = record.value().clone();
    KeyInfo {
        id: record.id().to_owned(),
        name: value.name,
        key_prefix: key::prefix(record.id()).trim_end_matches('_').to_owned(),
        tenant_id: value.tenant_id,
        scopes: value.scopes,
        created_at: value.created_at,
        created_by: value.created_by,
        expires_at: value.expires_at,
        revoked_at: value.revoked_at,
    }
}
