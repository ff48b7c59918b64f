use anyhow::Context;
use axum::http::{HeaderValue, Uri};
use clap::Args;
use serde::Serialize;
use service::config::AuthMode;

/// Settings of the dashboard.
#[derive(Args, Clone, Debug, Default)]
pub struct DashboardArgs {
    /// OpenID Connect issuer (`https://…`) where people sign in to the dashboard. The tokens
    /// it gives must be ones that `LLMOBSERVE_JWT_…` accepts.
    #[arg(
        long,
        env = "LLMOBSERVE_OIDC_ISSUER",
        requires = "oidc_client_id",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub oidc_issuer: Option<String>,
    /// The dashboard's client id at that issuer: a public client with PKCE that may redirect
    /// to `<dashboard>/app/signed-in`.
    #[arg(long, env = "LLMOBSERVE_OIDC_CLIENT_ID", requires = "oidc_issuer")]
    pub oidc_client_id: Option<String>,
    /// What the dashboard asks the issuer for.
    #[arg(
        long,
        env = "LLMOBSERVE_OIDC_SCOPE",
        default_value = "openid profile email"
    )]
    pub oidc_scope: String,
    /// Where applications reach the proxy, as the dashboard tells them; port 9000 of its own
    /// host when absent.
    #[arg(long, env = "LLMOBSERVE_PUBLIC_PROXY_URL")]
    pub public_proxy_url: Option<String>,
}

/// `GET /app/config.json`: what a browser may know before anyone signed in.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PublicConfig {
    auth: &'static str,
    oidc: Option<Oidc>,
    proxy_url: Option<String>,
    version: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Oidc {
    issuer: String,
    client_id: String,
    scope: String,
}

impl DashboardArgs {
    pub(super) fn public(&self, mode: AuthMode) -> PublicConfig {
        let (issuer, client_id) = (&self.oidc_issuer, &self.oidc_client_id);
        PublicConfig {
            auth: match mode {
                AuthMode::Off => "off",
                AuthMode::Required => "required",
            },
            oidc: issuer
                .clone()
                .zip(client_id.clone())
                .map(|(issuer, client_id)| Oidc {
                    issuer,
                    client_id,
                    scope: self.oidc_scope.clone(),
                }),
            proxy_url: self.public_proxy_url.clone(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Scripts, styles, fonts and data from here only; the issuer may be asked for tokens.
    ///
    /// # Errors
    /// When the issuer is no `https` or `http` address.
    pub(super) fn content_security_policy(&self) -> anyhow::Result<HeaderValue> {
        let issuer = match &self.oidc_issuer {
            Some(issuer) => format!(" {}", origin(issuer)?),
            None => String::new(),
        };
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
             img-src 'self'; connect-src 'self'{issuer}; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'"
        );
        HeaderValue::from_str(&policy).context("LLMOBSERVE_OIDC_ISSUER")
    }
}

fn origin(issuer: &str) -> anyhow::Result<String> {
    let uri: Uri = issuer
        .parse()
        .with_context(|| format!("LLMOBSERVE_OIDC_ISSUER: {issuer} is no address"))?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme @ ("https" | "http")), Some(authority))
            if !authority.as_str().contains(['\'', ';', ',', '@']) =>
        {
            Ok(format!("{scheme}://{authority}"))
        }
        _ => anyhow::bail!("LLMOBSERVE_OIDC_ISSUER must begin with https://"),
    }
}
