//! Settings, as groups that a role's own `clap` command flattens. Each field is a flag
//! and an environment variable `LLMOBSERVE_…`; its documentation is the manual.

mod auth;
mod clickhouse;
mod http;
mod kafka;
mod log;
mod retention;
mod secret;

pub use self::clickhouse::ClickHouseArgs;
pub use auth::{AuthArgs, AuthMode};
pub use http::{HttpArgs, MetricsArgs};
pub use kafka::{KafkaArgs, Properties};
pub use log::{LogArgs, LogFormat};
pub use retention::{Days, RetentionArgs, TenantRetention};
pub use secret::SecretFile;
