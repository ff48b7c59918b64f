//! Questions about one topic, asked again and again.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::{Error, Polled, blocking, ping, topic_id};

/// Looks at a topic over a client that does nothing else. Clones share it.
#[derive(Clone)]
pub struct Observer {
    client: Arc<BaseConsumer<Polled>>,
    topic: String,
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Observer").field(&self.topic).finish()
    }
}

impl Observer {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When the configuration is not one of librdkafka's.
    pub fn new(config: &ClientConfig, topic: &str) -> Result<Self, Error> {
        Ok(Self {
            client: Arc::new(config.create_with_context(Polled)?),
            topic: topic.to_owned(),
        })
    }

    /// The topic's id now.
    ///
    /// # Errors
    /// As [`topic_id()`].
    pub async fn topic_id(&self) -> Result<String, Error> {
        self.ask(topic_id).await
    }

    /// Whether the brokers answer.
    ///
    /// # Errors
    /// As [`ping()`].
    pub async fn ping(&self) -> Result<(), String> {
        let asked = self.ask(|client, topic| Ok(ping(client, topic))).await;
        asked.map_err(|error| error.to_string())?
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&rdkafka::client::Client<Polled>, &str) -> Result<T, Error>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        let Self { client, topic } = self.clone();
        blocking(move || {
            // What the client has to say of its connections, nobody else would take away.
            while client.poll(Duration::ZERO).is_some() {}
            question(client.client(), &topic)
        })
        .await
    }
}
