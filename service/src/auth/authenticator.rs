//! From a request's headers to a [`Caller`].

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::browser;
use super::caller::Caller;
use super::jwt::{Refusal, Tokens};
use super::key::ApiKey;
use super::keyring::Keyring;
use super::metrics::{self, Reason};
use crate::Problem;
use crate::config::{AuthArgs, AuthMode};
use crate::control::Table;

/// Tells who calls. Clones share the keys.
#[derive(Debug, Clone)]
pub struct Authenticator {
    mode: Mode,
    keyring: Keyring,
    /// Of the issuer, where one is configured.
    tokens: Option<Tokens>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Off { allow_remote: bool },
    Required,
}

impl Authenticator {
    /// As configured; `default` is the mode of a role whose operator set none. Knows the
    /// bootstrap key; the other keys come when [`crate::control::Control`] fills
    /// [`Self::tables`]. Begins to read the issuer's keys, for which it needs a runtime.
    ///
    /// # Errors
    /// When the bootstrap key file can be neither read nor made, or the settings of JWTs do
    /// not fit together.
    pub fn from_args(args: &AuthArgs, default: AuthMode) -> anyhow::Result<Self> {
        if args.mode(default) == AuthMode::Off {
            return Ok(Self::off(args.insecure_allow_remote));
        }
        metrics::describe();
        let tokens = Tokens::from_args(&args.jwt)?;
        let keyring = Keyring::default();
        match &args.bootstrap_key_file {
            Some(path) => keyring.add_bootstrap_key(path)?,
            None => tracing::info!(
                "LLMOBSERVE_BOOTSTRAP_KEY_FILE is not set: make the first key with \
                 `llmobserve keys create`"
            ),
        }
        Ok(Self {
            tokens,
            ..Self::required(keyring)
        })
    }

    /// Every caller of this machine may do everything; `allow_remote`: of every machine.
    pub fn off(allow_remote: bool) -> Self {
        Self {
            mode: Mode::Off { allow_remote },
            keyring: Keyring::default(),
            tokens: None,
        }
    }

    /// Callers need a key of this keyring.
    pub fn required(keyring: Keyring) -> Self {
        Self {
            mode: Mode::Required,
            keyring,
            tokens: None,
        }
    }

    /// The keys, also with authentication off, when nobody needs one.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// What [`crate::control::Control`] fills for us.
    pub fn tables(&self) -> Vec<Arc<dyn Table>> {
        vec![Arc::new(self.keyring.clone())]
    }

    /// Who calls, by what is known now. A JWT whose key is not known yet is refused; see
    /// [`Self::authenticate_patiently`].
    ///
    /// # Errors
    /// 401 without a valid credential; 403 when a header names another tenant, and with
    /// authentication off for a foreign `Host` or `Origin`; 503 while the keys are being read.
    pub fn authenticate(&self, parts: &Parts) -> Result<Caller, Problem> {
        self.identify(parts).map_err(Refused::into_problem)
    }

    /// The same, but asks the issuer for the key of a JWT that is not known yet. That happens
    /// once after the issuer has changed its keys; otherwise it does not wait.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub async fn authenticate_patiently(&self, parts: &Parts) -> Result<Caller, Problem> {
        match (self.identify(parts), &self.tokens) {
            (Err(Refused::UnknownKey(problem)), Some(tokens)) => {
                if tokens.newer_keys().await {
                    return self.authenticate(parts);
                }
                Err(problem)
            }
            (identified, _) => identified.map_err(Refused::into_problem),
        }
    }

    fn identify(&self, parts: &Parts) -> Result<Caller, Refused> {
        let caller = match self.mode {
            Mode::Off { allow_remote } => {
                browser::check(parts, allow_remote)?;
                Caller::anyone()
            }
            Mode::Required => self.holder(&parts.headers)?,
        };
        let caller = caller.with_header(&parts.headers)?;
        Ok(caller.with_query(parts.uri.query())?)
    }

    fn holder(&self, headers: &HeaderMap) -> Result<Caller, Refused> {
        let Some(credential) = bearer(headers) else {
            metrics::refused(Reason::NoCredential);
            let detail = match self.tokens {
                None => "send `Authorization: Bearer <API key>`",
                Some(_) => "send `Authorization: Bearer <API key or JWT>`",
            };
            return Err(Problem::unauthorized(detail).into());
        };
        match &self.tokens {
            Some(tokens) if !ApiKey::is_meant(credential) => {
                tokens.verify(credential).map_err(|refusal| {
                    metrics::refused(Reason::Token);
                    let problem = tokens.problem(&refusal);
                    match refusal {
                        Refusal::UnknownKey => Refused::UnknownKey(problem),
                        Refusal::Invalid(_) => Refused::Finally(problem),
                    }
                })
            }
            _ => Ok(self.key_holder(credential)?),
        }
    }

    fn key_holder(&self, credential: &str) -> Result<Caller, Problem> {
        let refused = || {
            metrics::refused(Reason::Key);
            Problem::unauthorized("the API key is not valid")
        };
        let key = ApiKey::parse(credential).map_err(|_| refused())?;
        self.keyring.caller(&key)?.ok_or_else(refused)
    }

    /// Puts `router`'s routes behind authentication; their handlers can take a [`Caller`].
    pub fn protect<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.route_layer(from_fn_with_state(self.clone(), authenticate))
    }

    /// For pages and files that show no data: with authentication off, refuses a foreign
    /// `Host` or `Origin`; with authentication on, lets everyone in.
    pub fn guard<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.layer(from_fn_with_state(self.clone(), guard))
    }
}

/// Why a request has no caller.
enum Refused {
    /// Its token's key is not known, but the issuer may have it.
    UnknownKey(Problem),
    Finally(Problem),
}

impl Refused {
    fn into_problem(self) -> Problem {
        match self {
            Self::UnknownKey(problem) | Self::Finally(problem) => problem,
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Finally(problem)
    }
}

async fn authenticate(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = authenticator.authenticate_patiently(&parts).await?;
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn guard(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if let Mode::Off { allow_remote } = authenticator.mode {
        browser::check(&parts, allow_remote)?;
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The one `Bearer` credential.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values
        .next()?
        .to_str()
        .ok()
        .filter(|_| values.next().is_none())?;
    let (scheme, credential) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| credential.trim())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::Body;
    use axum::routing::get;
    use secrecy::ExposeSecret;
    use tower::ServiceExt;

    use super::super::{Binding, Scopes};
    use super::*;

    async fn status(authenticator: &Authenticator, headers: &[(&str, &str)]) -> u16 {
        let handler = |caller: Caller| async move { caller.key_id().to_owned() };
        let router = authenticator.protect(Router::new().route("/", get(handler)));
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        response.status().as_u16()
    }

    #[tokio::test]
    async fn a_key_is_needed_and_enough() {
        let keyring = Keyring::default();
        let key = ApiKey::generate().unwrap();
        keyring.insert(key.record(Binding::Platform, Scopes::ALL));
        let required = Authenticator::required(keyring.clone());
        let secret = key.expose();
        let good = format!("Bearer {}", secret.expose_secret());
        let wrong = format!("Bearer llmo_sk_{}_x", key.id());
        let lower = good.replacen("Bearer", "bearer", 1);
        assert_eq!(status(&required, &[("authorization", &good)]).await, 200);
        assert_eq!(status(&required, &[("authorization", &lower)]).await, 200);
        for bad in ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer abc", &wrong] {
            assert_eq!(
                status(&required, &[("authorization", bad)]).await,
                401,
                "{bad}"
            );
        }
        assert_eq!(status(&required, &[]).await, 401);
        let twice = [
            ("authorization", good.as_str()),
            ("authorization", good.as_str()),
        ];
        assert_eq!(status(&required, &twice).await, 401);
        keyring.remove(key.id());
        assert_eq!(status(&required, &[("authorization", &good)]).await, 401);
    }

    #[tokio::test]
    async fn without_authentication_this_machine_only() {
        let off = Authenticator::off(false);
        assert_eq!(status(&off, &[("host", "localhost:8000")]).await, 200);
        assert_eq!(status(&off, &[("host", "evil.example")]).await, 403);
        let page = [
            ("host", "localhost:8000"),
            ("origin", "http://evil.example"),
        ];
        assert_eq!(status(&off, &page).await, 403);
    }

    #[tokio::test]
    async fn a_route_that_nobody_protected_refuses() {
        let router = Router::new().route("/", get(|_: Caller| async {}));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        assert_eq!(router.oneshot(request).await.unwrap().status(), 500);
    }
}
