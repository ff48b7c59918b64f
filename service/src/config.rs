//! Settings, as groups that a role's own `clap` command flattens. Each field is a flag
//! and an environment variable `LLMOBSERVE_…`; its documentation is the manual.

mod auth;
mod clickhouse;
mod http;
mod jwt;
mod kafka;
mod limits;
mod log;
mod origin;
mod per_tenant;
mod reader;
mod retention;
mod secret;
mod tls;

pub use self::clickhouse::ClickHouseArgs;
pub use auth::{AuthArgs, AuthMode};
pub use http::{HttpArgs, MetricsArgs};
pub use jwt::{JwtArgs, RoleScopes};
pub use kafka::{KafkaArgs, Properties};
pub use limits::{LimitArgs, Rates, TenantRates};
pub use log::{LogArgs, LogFormat};
pub use origin::Origin;
pub use per_tenant::{Own, PerTenant};
pub use reader::ReaderArgs;
pub use retention::{Days, RetentionArgs, TenantRetention};
pub use secret::SecretFile;
pub use tls::TlsArgs;
