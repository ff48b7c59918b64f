//! The command `keys`: makes, shows and revokes API keys, straight on the control topic. For
//! who runs the cluster; everyone else uses `/api-keys`.

mod expiry;
mod print;

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use service::Problem;
use service::auth::{KeyManager, Keyring, NewKey, Scope, Scopes};
use service::config::KafkaArgs;
use service::control::{Control, Table};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use expiry::Expiry;

/// Until the topic has been read.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest part of a user's name that is kept with a key.
const USER_CHARS_MAX: usize = 64;

/// Settings of the command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// Make a key, and print it: once, it is kept by no one.
    Create(Create),
    /// Show the keys, newest first.
    List(List),
    /// End a key, for good and everywhere within two seconds.
    Revoke(Revoke),
}

impl Command {
    fn kafka(&self) -> &KafkaArgs {
        match self {
            Self::Create(create) => &create.kafka,
            Self::List(list) => &list.kafka,
            Self::Revoke(revoke) => &revoke.kafka,
        }
    }
}

#[derive(Args, Clone, Debug)]
struct Create {
    #[command(flatten)]
    kafka: KafkaArgs,

    /// The tenant that the key is bound to.
    #[arg(
        long,
        required_unless_present = "platform",
        conflicts_with = "platform"
    )]
    tenant: Option<String>,

    /// A platform key, which may name any tenant.
    #[arg(long)]
    platform: bool,

    /// What the key allows: `ingest`, `read`, `admin`. Repeatable.
    #[arg(long, required = true, value_delimiter = ',')]
    scope: Vec<Scope>,

    /// What you call it.
    #[arg(long)]
    name: Option<String>,

    /// From when on it is refused: an instant (RFC 3339), or from now on, such as `90d`, `12h`.
    #[arg(long)]
    expires: Option<Expiry>,

    /// Print the answer of `POST /api-keys` in place of the key alone.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Clone, Debug)]
struct List {
    #[command(flatten)]
    kafka: KafkaArgs,

    /// One tenant's keys only.
    #[arg(long)]
    tenant: Option<String>,

    /// Print the answer of `GET /api-keys` in place of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Clone, Debug)]
struct Revoke {
    #[command(flatten)]
    kafka: KafkaArgs,

    /// The key's id: what stands between `llmo_sk_` and the next `_`.
    id: String,
}

/// Does it, and ends.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let kafka = config.command.kafka();
    let keyring = Keyring::default();
    let tables = vec![Arc::new(keyring.clone()) as Arc<dyn Table>];
    let control = Control::start(kafka, tables, &shutdown);
    tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        read = control.caught_up(READ_TIMEOUT) => read.map_err(|reason| {
            let brokers = &kafka.kafka_brokers;
            anyhow!(reason)
                .context(format!(
                    "{brokers} does not answer as Kafka: is it running, and is \
                     LLMOBSERVE_KAFKA_BROKERS right?"
                ))
                .context(Exit::Unreachable)
        })?,
    }
    let manager = KeyManager::new(keyring, control);
    match config.command.clone() {
        Command::Create(wish) => create(&manager, wish).await,
        Command::List(wanted) => list(&manager, &wanted),
        Command::Revoke(Revoke { id, .. }) => {
            let revoked = manager.operator_revoke(&operator(), &id).await;
            revoked.map_err(failed)
        }
    }
}

async fn create(manager: &KeyManager, wish: Create) -> anyhow::Result<()> {
    if wish.tenant.as_deref() == Some("") {
        return Err(anyhow!("--tenant must not be empty").context(Exit::Usage));
    }
    let key = NewKey {
        name: wish.name,
        scopes: Scopes::of(&wish.scope),
        expires_at: wish.expires.map(|expiry| expiry.0),
    };
    let made = manager
        .operator_create(&operator(), wish.tenant.as_deref(), key)
        .await;
    let (info, key) = made.map_err(failed)?;
    print::created(&info, &key, wish.json)
}

fn list(manager: &KeyManager, wanted: &List) -> anyhow::Result<()> {
    let mut keys = manager.operator_list();
    if let Some(tenant) = &wanted.tenant {
        keys.retain(|key| key.tenant_id.as_ref() == Some(tenant));
    }
    print::list(&keys, wanted.json)
}

/// Who types: kept with what they did.
fn operator() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let plain = user.chars().filter(|c| !c.is_control());
    format!("cli:{}", plain.take(USER_CHARS_MAX).collect::<String>())
}

fn failed(problem: Problem) -> anyhow::Error {
    let exit = match problem.status().as_u16() {
        503 => Exit::Unreachable,
        400..500 => Exit::Usage,
        _ => Exit::Internal,
    };
    anyhow!("{}", problem.detail()).context(exit)
}
