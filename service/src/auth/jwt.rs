//! JWTs of the configured issuer: whose they are, when they can be believed.
//!
//! A key verifies one algorithm, which its own type decides and never the token: `none` and
//! HMAC with a public key as the secret do not exist here.

mod claims;
mod fetch;
mod keys;
mod refresh;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};

use super::caller::Caller;
use crate::Problem;
use crate::config::JwtArgs;

use claims::{Claims, Reading};
use keys::Found;
use refresh::{Issuer, Schedule};

/// Longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 16 << 10;
/// When to come again while the issuer's keys are not here.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Verifies tokens. Clones share the keys.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    issuer: Issuer,
    validation: Arc<Validation>,
    reading: Arc<Reading>,
}

/// Why a token is not believed.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Its key is not among those that we have; the issuer may have a newer one.
    UnknownKey,
    /// It is not valid, and this is why.
    Invalid(&'static str),
}

impl Tokens {
    /// `None` when no issuer is configured. Begins to read the issuer's keys: from a URL in
    /// the background, for as long as a clone of this lives.
    ///
    /// # Errors
    /// When the settings do not fit together, or a file holds no keys.
    pub(super) fn from_args(args: &JwtArgs) -> anyhow::Result<Option<Self>> {
        let Some((jwks, name)) = args.issuer()? else {
            return Ok(None);
        };
        let schedule = Schedule {
            interval: Duration::from_secs(args.jwt_refresh_seconds),
            pause: Duration::from_secs(args.jwt_ask_pause_seconds),
        };
        signature::install();
        let lists = [&args.jwt_audience, &args.jwt_authorized_parties];
        if lists.iter().all(|list| list.iter().all(String::is_empty)) {
            tracing::warn!(
                "every token of {name} is accepted, whomever it was made for: set \
                 LLMOBSERVE_JWT_AUTHORIZED_PARTIES or LLMOBSERVE_JWT_AUDIENCE"
            );
        }
        Ok(Some(Self {
            issuer: Issuer::start(jwks, schedule)?,
            validation: Arc::new(validation(args, name)),
            reading: Arc::new(Reading::new(args)),
        }))
    }

    /// Whom the token makes of a request.
    pub(super) fn verify(&self, token: &str) -> Result<Caller, Refusal> {
        const MALFORMED: Refusal =
            Refusal::Invalid("the credential is neither an API key nor a JWT");
        if token.len() > TOKEN_BYTES_MAX {
            return Err(MALFORMED);
        }
        let header = decode_header(token).map_err(|_| MALFORMED)?;
        check_header(&header)?;
        let keys = self.issuer.keys().ok_or(Refusal::UnknownKey)?;
        let key = match keys.find(header.kid.as_deref(), header.alg) {
            Found::Key(key) => key,
            Found::Unknown => return Err(Refusal::UnknownKey),
            Found::Unfit(why) => return Err(Refusal::Invalid(why)),
        };
        let mut validation = Validation::clone(&self.validation);
        validation.algorithms = vec![key.algorithm];
        let token = decode::<Claims>(token, &key.key, &validation);
        let claims = token
            .map_err(|error| Refusal::Invalid(why(error.kind())))?
            .claims;
        self.reading.caller(&claims).map_err(Refusal::Invalid)
    }

    /// Waits for newer keys, when it is time to ask for them. Whether there may be some.
    pub(super) async fn newer_keys(&self) -> bool {
        self.issuer.newer_keys().await
    }

    /// What the caller hears.
    pub(super) fn problem(&self, refusal: &Refusal) -> Problem {
        match refusal {
            Refusal::Invalid(why) => Problem::unauthorized(*why),
            Refusal::UnknownKey if self.issuer.keys().is_some() => Problem::unauthorized(
                "the token is signed with a key that the issuer does not publish",
            ),
            Refusal::UnknownKey => Problem::unavailable(
                "issuer_unavailable",
                "the issuer's keys could not be read yet, so tokens cannot be verified; API keys can",
                RETRY_AFTER,
            ),
        }
    }
}

fn validation(args: &JwtArgs, issuer: &str) -> Validation {
    // The algorithm is the key's; see `verify`.
    let mut validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.leeway = args.jwt_leeway_seconds;
    validation.validate_nbf = true;
    validation.set_issuer(&[issuer]);
    let mut required = vec!["exp", "iss"];
    let audience: Vec<&String> = args.jwt_audience.iter().filter(|a| !a.is_empty()).collect();
    if audience.is_empty() {
        validation.validate_aud = false;
    } else {
        validation.set_audience(&audience);
        required.push("aud");
    }
    validation.set_required_spec_claims(&required);
    validation
}

/// The issuer may sign other things with the same key, such as notices of a logout.
fn check_header(header: &jsonwebtoken::Header) -> Result<(), Refusal> {
    let typ = header.typ.as_deref().unwrap_or("JWT");
    let typ = typ.strip_prefix("application/").unwrap_or(typ);
    if !["JWT", "at+jwt"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(typ))
    {
        return Err(Refusal::Invalid(
            "the token is not one of access: its `typ` is another",
        ));
    }
    if header.crit.is_some() {
        return Err(Refusal::Invalid(
            "the token demands an extension (`crit`) that is not supported",
        ));
    }
    Ok(())
}

fn why(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet (`nbf`)",
        ErrorKind::InvalidIssuer => "the token is of another issuer",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
            "the token lacks a claim: `exp`, `iss`, and `aud` where an audience is set"
        }
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        _ => "the token is not valid",
    }
}
