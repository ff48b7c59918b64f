//! Settings of the role; their documentation is the manual.

mod lists;
mod report;
mod upstream;

use clap::builder::Resettable;
use clap::{Args, Command, FromArgMatches as _};
use service::config::{AuthArgs, HttpArgs, KafkaArgs, MetricsArgs};

pub use lists::{Base, HostPort, List, Named};
pub(crate) use lists::{Place, Scheme, plain};
pub use report::ReportArgs;
pub use upstream::{OnDisconnect, UpstreamArgs};

/// Everything that `llmobserve proxy` can be told.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// The broker and the topics.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// The port for operators.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// Who may call.
    #[command(flatten)]
    pub auth: AuthArgs,
    /// The proxy's own.
    #[command(flatten)]
    pub settings: Settings,
}

/// The proxy's own settings.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("bind", |arg| arg.default_value("127.0.0.1:9000")))]
pub struct Settings {
    /// The HTTP interface.
    #[command(flatten)]
    pub http: HttpArgs,
    /// Where calls may go, and for how long.
    #[command(flatten)]
    pub upstream: UpstreamArgs,
    /// What becomes of events.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// For tests, and whoever composes the role by hand.
impl Default for Settings {
    fn default() -> Self {
        let command = Self::augment_args(Command::new("defaults"));
        // The environment is none of a default's business.
        let command = command.mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.get_matches_from(["defaults"]);
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}
