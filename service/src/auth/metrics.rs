//! Names of what authentication measures.

use metrics::{counter, describe_counter};

/// Requests without a valid credential, by `reason`.
const REFUSED: &str = "llmobserve_auth_refused_total";
/// How often the issuer's keys were asked for, by `outcome` (`ok`, `failed`).
const ISSUER_ASKED: &str = "llmobserve_jwks_requests_total";

/// Why a request was refused.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reason {
    /// No `Authorization: Bearer`.
    NoCredential,
    /// An API key that is unknown, wrong or has ended.
    Key,
    /// A JWT that is not valid.
    Token,
}

pub(super) fn describe() {
    describe_counter!(REFUSED, "Requests without a valid credential");
    describe_counter!(ISSUER_ASKED, "How often the issuer's keys were asked for");
}

pub(super) fn refused(reason: Reason) {
    let reason = match reason {
        Reason::NoCredential => "no_credential",
        Reason::Key => "key",
        Reason::Token => "token",
    };
    counter!(REFUSED, "reason" => reason).increment(1);
}

pub(super) fn issuer_asked(succeeded: bool) {
    let outcome = if succeeded { "ok" } else { "failed" };
    counter!(ISSUER_ASKED, "outcome" => outcome).increment(1);
}
