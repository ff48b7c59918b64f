//! Which parts are ours, and how everyone reaches them. Made before anything is started,
//! so that a taken port or a wrong setting stops nothing half-way.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use service::config::{KafkaArgs, ReaderArgs};

use super::config::{Config, settings};
use super::directory::Directory;
use super::password::{self, Passwords};
use super::ports;
use crate::migrate;

/// The user for questions of our own ClickHouse, unless the operator names one.
const READER: &str = "llmobserve_reader";

#[derive(Debug)]
pub(super) struct Plan {
    /// Our own broker or the one that the settings name.
    pub(super) kafka: KafkaArgs,
    /// The port of our own broker.
    pub(super) own_kafka_port: Option<u16>,
    /// Our own ClickHouse or the one that the settings name, and how long data is kept.
    pub(super) migrate: migrate::Config,
    /// The port of our own ClickHouse.
    pub(super) own_clickhouse_port: Option<u16>,
    /// Of our own ClickHouse.
    passwords: Passwords,
    /// Where the aggregator tells how it is.
    pub(super) aggregator_port: u16,
    /// Where the proxy listens, who may call it, and where it tells how it is.
    pub(super) proxy: SocketAddr,
    pub(super) proxy_auth_flags: Vec<String>,
    pub(super) proxy_metrics_port: u16,
}

impl Plan {
    /// # Errors
    /// When a port is taken, a setting cannot be read, or the password cannot be kept.
    pub(super) fn new(config: &Config, directory: &Directory) -> anyhow::Result<Self> {
        let (brokers, own_kafka_port) = match config.kafka_brokers() {
            Some(brokers) => (brokers.to_owned(), None),
            None => {
                let port = ports::free("Kafka", config.kafka_port, "LLMOBSERVE_KAFKA_PORT")?;
                (format!("{}:{port}", Ipv4Addr::LOCALHOST), Some(port))
            }
        };
        let (url, own_clickhouse_port, passwords) = match config.clickhouse_url() {
            Some(url) => (url.to_owned(), None, Passwords::default()),
            None => {
                let setting = "LLMOBSERVE_CLICKHOUSE_PORT";
                let port = ports::free("ClickHouse", config.clickhouse_port, setting)?;
                let passwords = password::prepare(config.auth_mode()?, directory)?;
                let url = format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
                (url, Some(port), passwords)
            }
        };
        let flags = clickhouse_flags(&url, passwords.owner.as_ref());
        let mut migrate: migrate::Config = settings("migrate", &flags)?;
        if own_clickhouse_port.is_some() {
            // Our own engine is started with its users.
            migrate.reader = ReaderArgs::default();
        }
        let proxy = ports::claim("proxy", config.proxy_address(), "LLMOBSERVE_PROXY_PORT")?;
        let proxy = proxy.local_addr()?;
        Ok(Self {
            kafka: settings("kafka", &kafka_flags(&brokers))?,
            own_kafka_port,
            migrate,
            own_clickhouse_port,
            passwords,
            aggregator_port: ports::free("the aggregator", 0, "another run")?,
            proxy,
            proxy_auth_flags: config.auth_flags()?,
            proxy_metrics_port: ports::free("the proxy", 0, "another run")?,
        })
    }

    /// For every part that uses Kafka.
    pub(super) fn kafka_flags(&self) -> Vec<String> {
        kafka_flags(&self.kafka.kafka_brokers)
    }

    /// For every part that uses ClickHouse.
    pub(super) fn clickhouse_flags(&self) -> Vec<String> {
        clickhouse_flags(self.clickhouse_url(), self.passwords.owner.as_ref())
    }

    /// For the query API.
    pub(super) fn query_api_flags(&self) -> Vec<String> {
        let mut flags = self.kafka_flags();
        flags.extend(self.clickhouse_flags());
        flags.extend(self.reader_flags());
        flags
    }

    /// For our own ClickHouse: its users.
    pub(super) fn user_flags(&self) -> Vec<String> {
        let mut flags = flag("--password-file", self.passwords.owner.as_ref());
        flags.extend(self.reader_flags());
        flags
    }

    /// The user for questions, which our own ClickHouse always has.
    fn reader_flags(&self) -> Vec<String> {
        let file = self.passwords.reader.as_ref();
        let mut flags = flag("--clickhouse-reader-password-file", file);
        let named = std::env::var_os("LLMOBSERVE_CLICKHOUSE_READER_USER").is_some();
        if self.own_clickhouse_port.is_some() && !named {
            flags.extend(["--clickhouse-reader-user", READER].map(str::to_owned));
        }
        flags
    }

    pub(super) fn clickhouse_url(&self) -> &str {
        &self.migrate.clickhouse.clickhouse_url
    }
}

fn kafka_flags(brokers: &str) -> Vec<String> {
    vec!["--kafka-brokers".to_owned(), brokers.to_owned()]
}

fn clickhouse_flags(url: &str, password_file: Option<&PathBuf>) -> Vec<String> {
    let mut flags = flag("--clickhouse-password-file", password_file);
    flags.extend(["--clickhouse-url".to_owned(), url.to_owned()]);
    flags
}

fn flag(name: &str, path: Option<&PathBuf>) -> Vec<String> {
    path.map_or_else(Vec::new, |path| {
        vec![name.to_owned(), path.to_string_lossy().into_owned()]
    })
}
