use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::ensure;
use clap::{Args, ValueEnum};

use super::jwt::JwtArgs;

/// Who may call.
#[derive(Args, Clone, Debug)]
pub struct AuthArgs {
    /// `off` = anyone on this machine (the default of `up`); `required` = an API key or a JWT
    /// (the default of everything else).
    #[arg(long, env = "LLMOBSERVE_AUTH", value_enum)]
    pub auth: Option<AuthMode>,

    /// Listen on a non-loopback address although authentication is off: anyone who reaches
    /// the port then reads and writes everything.
    #[arg(
        long,
        env = "LLMOBSERVE_INSECURE_ALLOW_REMOTE",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub insecure_allow_remote: bool,

    /// File of the first admin key. Made with a new key when it does not exist.
    #[arg(long, env = "LLMOBSERVE_BOOTSTRAP_KEY_FILE")]
    pub bootstrap_key_file: Option<PathBuf>,

    #[command(flatten)]
    pub jwt: JwtArgs,
}

/// Whether callers must prove who they are.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// A trusted machine: every caller may do everything.
    Off,
    /// `Authorization: Bearer …` on every request.
    Required,
}

impl AuthArgs {
    /// The mode in force, for a role whose default is `default`.
    pub fn mode(&self, default: AuthMode) -> AuthMode {
        self.auth.unwrap_or(default)
    }

    /// Refuses to open a machine to the network without authentication.
    ///
    /// # Errors
    /// When authentication is off and `bind` is not a loopback address.
    pub fn check_bind(&self, default: AuthMode, bind: SocketAddr) -> anyhow::Result<()> {
        let open = self.mode(default) == AuthMode::Off && !bind.ip().is_loopback();
        ensure!(
            !open || self.insecure_allow_remote,
            "refusing to listen on {bind} with authentication off: anyone on the network could \
             read and write everything. Set LLMOBSERVE_AUTH=required, bind to 127.0.0.1, or \
             accept the risk with --insecure-allow-remote"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn args(auth: Option<AuthMode>, insecure_allow_remote: bool) -> AuthArgs {
        AuthArgs {
            auth,
            insecure_allow_remote,
            bootstrap_key_file: None,
            jwt: JwtArgs::default(),
        }
    }

    #[test]
    fn an_open_port_needs_a_password_or_a_deliberate_decision() {
        let local = "127.0.0.1:8000".parse().unwrap();
        let remote = "0.0.0.0:8000".parse().unwrap();
        let check = |args: AuthArgs, default, bind| args.check_bind(default, bind).is_ok();
        assert!(check(args(None, false), AuthMode::Off, local));
        assert!(!check(args(None, false), AuthMode::Off, remote));
        assert!(!check(
            args(Some(AuthMode::Off), false),
            AuthMode::Required,
            remote
        ));
        assert!(check(
            args(Some(AuthMode::Off), true),
            AuthMode::Required,
            remote
        ));
        assert!(check(args(None, false), AuthMode::Required, remote));
        assert!(check(
            args(None, false),
            AuthMode::Off,
            "[::1]:1".parse().unwrap()
        ));
    }
}
