use std::path::PathBuf;

use clap::Args;

/// The certificate that the process shows on its HTTP ports. With both set they speak HTTPS
/// only; with neither, plain HTTP. Read once, at the start.
#[derive(Args, Clone, Debug, Default)]
pub struct TlsArgs {
    /// PEM file with the certificate and its chain, the server's own first.
    #[arg(long, env = "LLMOBSERVE_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    #[arg(long, env = "LLMOBSERVE_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}
