use std::str::FromStr;

use anyhow::{Context, ensure};
use clap::Args;

use crate::auth::Scopes;

/// JWTs of an OpenID Connect issuer (Clerk, Auth0, Keycloak, …): RS256, ES256, EdDSA. Without
/// `jwt_jwks` none is accepted.
#[derive(Args, Clone, Debug)]
pub struct JwtArgs {
    /// The issuer's public keys (JWKS): a URL, such as `https://…/.well-known/jwks.json`, or
    /// the path of a file. Read again every few minutes and when a token names an unknown key.
    #[arg(long, env = "LLMOBSERVE_JWT_JWKS")]
    pub jwt_jwks: Option<String>,

    /// The issuer, exactly as in the tokens' `iss`. Required with JWKS.
    #[arg(long, env = "LLMOBSERVE_JWT_ISSUER")]
    pub jwt_issuer: Option<String>,

    /// Audiences, one of which a token's `aud` must name, separated by commas. None set = any
    /// or none: Clerk's session tokens have no `aud`.
    #[arg(long, env = "LLMOBSERVE_JWT_AUDIENCE", value_delimiter = ',')]
    pub jwt_audience: Vec<String>,

    /// Origins or clients, one of which a token's `azp` must be, separated by commas. None
    /// set = any or none.
    #[arg(long, env = "LLMOBSERVE_JWT_AUTHORIZED_PARTIES", value_delimiter = ',')]
    pub jwt_authorized_parties: Vec<String>,

    /// Claim that names the tenant; dots lead into objects (Clerk organisations: `o.id`). A
    /// token without it is refused.
    #[arg(long, env = "LLMOBSERVE_JWT_TENANT_CLAIM", default_value = "sub")]
    pub jwt_tenant_claim: String,

    /// Claim that names the caller's role or roles: a text or a list of texts (Clerk
    /// organisations: `o.rol`).
    #[arg(long, env = "LLMOBSERVE_JWT_ROLE_CLAIM")]
    pub jwt_role_claim: Option<String>,

    /// What roles allow beyond reading, such as `admin=ingest+admin,writer=ingest`.
    #[arg(long, env = "LLMOBSERVE_JWT_ROLES", value_delimiter = ',')]
    pub jwt_roles: Vec<RoleScopes>,

    /// By how many seconds the issuer's clock and ours may differ.
    #[arg(
        long,
        env = "LLMOBSERVE_JWT_LEEWAY_SECONDS",
        default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(..=300)
    )]
    pub jwt_leeway_seconds: u64,

    /// Seconds after which the keys are read again.
    #[arg(
        long,
        env = "LLMOBSERVE_JWT_REFRESH_SECONDS",
        default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(10..=86_400)
    )]
    pub jwt_refresh_seconds: u64,

    /// Seconds between two questions for keys that we do not know, which anyone can name, and
    /// after a question without an answer.
    #[arg(
        long,
        env = "LLMOBSERVE_JWT_ASK_PAUSE_SECONDS",
        default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub jwt_ask_pause_seconds: u64,
}

impl Default for JwtArgs {
    fn default() -> Self {
        Self {
            jwt_jwks: None,
            jwt_issuer: None,
            jwt_audience: Vec::new(),
            jwt_authorized_parties: Vec::new(),
            jwt_tenant_claim: "sub".to_owned(),
            jwt_role_claim: None,
            jwt_roles: Vec::new(),
            jwt_leeway_seconds: 10,
            jwt_refresh_seconds: 300,
            jwt_ask_pause_seconds: 10,
        }
    }
}

impl JwtArgs {
    /// Where the keys are and who signs, when tokens are accepted. An empty setting is none.
    ///
    /// # Errors
    /// When the settings do not fit together.
    pub(crate) fn issuer(&self) -> anyhow::Result<Option<(&str, &str)>> {
        let set = |value: &'_ Option<String>| value.as_deref().is_some_and(|set| !set.is_empty());
        if !set(&self.jwt_jwks) {
            ensure!(
                !set(&self.jwt_issuer),
                "LLMOBSERVE_JWT_ISSUER is set and LLMOBSERVE_JWT_JWKS is not: without the \
                 issuer's keys no token can be verified"
            );
            return Ok(None);
        }
        let issuer = self.jwt_issuer.as_deref().filter(|set| !set.is_empty());
        let issuer = issuer.context(
            "LLMOBSERVE_JWT_JWKS needs LLMOBSERVE_JWT_ISSUER, exactly as in the tokens' `iss`",
        )?;
        ensure!(
            !self.jwt_tenant_claim.is_empty(),
            "LLMOBSERVE_JWT_TENANT_CLAIM must not be empty"
        );
        ensure!(
            self.jwt_roles.is_empty() || set(&self.jwt_role_claim),
            "LLMOBSERVE_JWT_ROLES needs LLMOBSERVE_JWT_ROLE_CLAIM"
        );
        Ok(self.jwt_jwks.as_deref().map(|jwks| (jwks, issuer)))
    }
}

/// What one role allows beyond reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleScopes {
    /// As the issuer names it.
    pub role: String,
    /// What it allows.
    pub scopes: Scopes,
}

impl FromStr for RoleScopes {
    type Err = String;

    /// Reads `role=scope+scope`. The last `=` counts: roles may hold one.
    fn from_str(text: &str) -> Result<Self, String> {
        let (role, scopes) = text
            .trim()
            .rsplit_once('=')
            .filter(|(role, _)| !role.is_empty())
            .ok_or_else(|| format!("{text:?} is not role=scope+scope"))?;
        let scopes: Vec<&str> = scopes.split('+').map(str::trim).collect();
        Ok(Self {
            role: role.to_owned(),
            scopes: Scopes::parse(&scopes)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::auth::Scope;

    #[test]
    fn roles_map_to_scopes() {
        let mapped: RoleScopes = " org:admin=admin+ingest".parse().unwrap();
        assert_eq!(mapped.role, "org:admin");
        assert_eq!(mapped.scopes, Scopes::of(&[Scope::Admin, Scope::Ingest]));
        for bad in ["", "admin", "=admin", "admin=", "admin=root"] {
            assert!(bad.parse::<RoleScopes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_and_issuer_go_together() {
        let args = |jwks: Option<&str>, issuer: Option<&str>| JwtArgs {
            jwt_jwks: jwks.map(ToOwned::to_owned),
            jwt_issuer: issuer.map(ToOwned::to_owned),
            ..JwtArgs::default()
        };
        assert!(args(None, None).issuer().unwrap().is_none());
        assert!(args(Some(""), Some("")).issuer().unwrap().is_none());
        assert!(args(Some("keys.json"), None).issuer().is_err());
        assert!(args(None, Some("https://i")).issuer().is_err());
        let both = args(Some("keys.json"), Some("https://i"));
        assert_eq!(both.issuer().unwrap(), Some(("keys.json", "https://i")));
    }
}
