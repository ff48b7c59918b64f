//! From a request's headers to a [`Caller`].

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::browser;
use super::caller::{Binding, Caller, Scopes};
use super::key::ApiKey;
use super::keyring::Keyring;
use crate::Problem;
use crate::config::{AuthArgs, AuthMode};

/// Tells who calls. Clones share the keys.
#[derive(Debug, Clone)]
pub struct Authenticator(Mode);

#[derive(Debug, Clone)]
enum Mode {
    Off { allow_remote: bool },
    Required(Keyring),
}

impl Authenticator {
    /// As configured; `default` is the mode of a role whose operator set none.
    ///
    /// # Errors
    /// When the bootstrap key file can be neither read nor made.
    pub fn from_args(args: &AuthArgs, default: AuthMode) -> anyhow::Result<Self> {
        if args.mode(default) == AuthMode::Off {
            return Ok(Self::off(args.insecure_allow_remote));
        }
        let keyring = Keyring::default();
        match &args.bootstrap_key_file {
            Some(path) => keyring.add_bootstrap_key(path)?,
            None => tracing::warn!(
                "authentication is required and LLMOBSERVE_BOOTSTRAP_KEY_FILE is not set: \
                 until a key exists, every request gets 401"
            ),
        }
        Ok(Self::required(keyring))
    }

    /// Every caller of this machine may do everything; `allow_remote`: of every machine.
    pub fn off(allow_remote: bool) -> Self {
        Self(Mode::Off { allow_remote })
    }

    /// Callers need a key of this keyring.
    pub fn required(keyring: Keyring) -> Self {
        Self(Mode::Required(keyring))
    }

    /// Who calls.
    ///
    /// # Errors
    /// 401 without a valid credential; 403 with authentication off, for a foreign `Host` or
    /// `Origin`.
    pub fn authenticate(&self, parts: &Parts) -> Result<Caller, Problem> {
        match &self.0 {
            Mode::Off { allow_remote } => {
                browser::check(parts, *allow_remote)?;
                Ok(Caller::new("".into(), Binding::Platform, Scopes::ALL))
            }
            Mode::Required(keyring) => {
                let key = bearer(&parts.headers).ok_or_else(|| {
                    Problem::unauthorized("send `Authorization: Bearer <API key>`")
                })?;
                ApiKey::parse(key)
                    .ok()
                    .and_then(|key| keyring.caller(&key))
                    .ok_or_else(|| Problem::unauthorized("the API key is not valid"))
            }
        }
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

async fn authenticate(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = authenticator.authenticate(&parts)?;
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn guard(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if let Mode::Off { allow_remote } = authenticator.0 {
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
