use std::path::PathBuf;
use std::time::Duration;

use engines::kafka::{Broker, Config};

use crate::supervise::Part;

/// Long: a first start on a busy machine, or a log to check after a crash.
const READY_TIMEOUT: Duration = Duration::from_secs(120);

/// The broker of this machine.
pub(super) struct Kafka {
    config: Config,
}

impl Kafka {
    /// Keeps `port` when it is started again.
    pub(super) fn new(data_dir: PathBuf, port: u16) -> Self {
        Self {
            config: Config::single(data_dir, port),
        }
    }
}

impl Part for Kafka {
    type Running = Broker;

    fn name(&self) -> &'static str {
        "kafka"
    }

    async fn start(&self) -> anyhow::Result<Broker> {
        let broker = Broker::start(self.config.clone()).await?;
        broker.wait_ready(READY_TIMEOUT).await?;
        Ok(broker)
    }

    async fn ended(&self, broker: &Broker) -> String {
        broker.exited().await.to_string()
    }

    async fn stop(&self, broker: Broker) {
        broker.stop().await;
    }
}
