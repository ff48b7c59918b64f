//! A route behind authentication.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use service::auth::{Access, Authenticator, Binding, Caller, Scope};
use service::config::{AuthArgs, AuthMode, JwtArgs};
use tower::ServiceExt;

use crate::issuer::Issuer;

/// Settings for tokens of this issuer.
pub fn jwt(issuer: &Issuer) -> JwtArgs {
    JwtArgs {
        jwt_jwks: Some(issuer.jwks_url()),
        jwt_issuer: Some(issuer.name.clone()),
        jwt_ask_pause_seconds: 1,
        ..JwtArgs::default()
    }
}

/// Behind these settings.
pub fn required(jwt: JwtArgs) -> Authenticator {
    let args = AuthArgs {
        auth: Some(AuthMode::Required),
        insecure_allow_remote: false,
        bootstrap_key_file: None,
        jwt,
    };
    Authenticator::from_args(&args, AuthMode::Required).unwrap()
}

/// Whom the request would come from: id, tenant (`*` = any), scopes.
async fn who(caller: Caller) -> String {
    let tenant = match caller.binding() {
        Binding::Bound(tenant) => tenant.as_str(),
        Binding::Platform => "*",
    };
    let scopes = Scope::ALL.into_iter();
    let scopes: Vec<&str> = scopes
        .filter(|scope| caller.require(*scope).is_ok())
        .map(Scope::name)
        .collect();
    let sees = match caller.read_access(&[]) {
        Ok(Access::Tenant(tenant)) => tenant.to_string(),
        Ok(Access::All(_)) => "all".to_owned(),
        Err(problem) => problem.code().to_owned(),
    };
    format!("{} {tenant} {} {sees}", caller.key_id(), scopes.join("+"))
}

/// Status and text of a request with this credential.
pub async fn ask(authenticator: &Authenticator, credential: &str) -> (u16, String) {
    let router = authenticator.protect(Router::new().route("/", get(who)));
    let request = Request::get("/").header("authorization", format!("Bearer {credential}"));
    let request = request.body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 10_000)
        .await
        .unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
