use std::fmt;

use clap::Args;
use rdkafka::ClientConfig;
use schemas::topics;

/// The connection to Kafka, and the topics.
#[derive(Args, Clone, Debug)]
pub struct KafkaArgs {
    /// Addresses of one or more brokers, `host:port`, separated by commas.
    #[arg(
        long,
        env = "LLMOBSERVE_KAFKA_BROKERS",
        default_value = "127.0.0.1:9092"
    )]
    pub kafka_brokers: String,

    /// Any property of librdkafka as `name=value`, such as `security.protocol=sasl_ssl`.
    /// Repeatable; several in one value are separated by `;` or a newline. Wins over ours.
    #[arg(
        long,
        env = "LLMOBSERVE_KAFKA_CONFIG",
        hide_env_values = true,
        value_parser = Properties::parse
    )]
    pub kafka_config: Vec<Properties>,

    /// File of such properties, one a line, `#` begins a comment: for secrets such as
    /// `sasl.password`. Wins over the others.
    #[arg(long, env = "LLMOBSERVE_KAFKA_CONFIG_FILE", value_parser = Properties::read)]
    pub kafka_config_file: Option<Properties>,

    /// Topic of the usage events.
    #[arg(long, env = "LLMOBSERVE_EVENTS_TOPIC", default_value = topics::EVENTS)]
    pub events_topic: String,

    /// Topic of records that could not be processed.
    #[arg(long, env = "LLMOBSERVE_DEAD_LETTER_TOPIC", default_value = topics::DEAD_LETTERS)]
    pub dead_letter_topic: String,

    /// Compacted topic of API keys, tenants and settings.
    #[arg(long, env = "LLMOBSERVE_CONTROL_TOPIC", default_value = topics::CONTROL)]
    pub control_topic: String,

    /// Partitions of a new events topic. An existing topic is never changed.
    #[arg(
        long,
        env = "LLMOBSERVE_TOPIC_PARTITIONS",
        default_value_t = 4,
        value_parser = clap::value_parser!(i32).range(1..=10_000)
    )]
    pub topic_partitions: i32,

    /// Replicas of new topics; absent = 3, or as many as there are brokers when fewer.
    #[arg(
        long,
        env = "LLMOBSERVE_TOPIC_REPLICATION",
        value_parser = clap::value_parser!(i32).range(1..=32)
    )]
    pub topic_replication: Option<i32>,

    /// Hours that a new events or dead-letter topic keeps its records.
    #[arg(long, env = "LLMOBSERVE_KAFKA_RETENTION_HOURS", default_value_t = 7 * 24)]
    pub kafka_retention_hours: u32,
}

impl KafkaArgs {
    /// The defaults, at the given brokers.
    pub fn at(brokers: impl Into<String>) -> Self {
        Self {
            kafka_brokers: brokers.into(),
            kafka_config: Vec::new(),
            kafka_config_file: None,
            events_topic: topics::EVENTS.to_owned(),
            dead_letter_topic: topics::DEAD_LETTERS.to_owned(),
            control_topic: topics::CONTROL.to_owned(),
            topic_partitions: 4,
            topic_replication: None,
            kafka_retention_hours: 7 * 24,
        }
    }

    /// The same with every topic's name prefixed: a test's own topics on a shared broker.
    #[must_use]
    pub fn with_topic_prefix(mut self, prefix: &str) -> Self {
        for topic in [
            &mut self.events_topic,
            &mut self.dead_letter_topic,
            &mut self.control_topic,
        ] {
            *topic = format!("{prefix}{topic}");
        }
        self
    }

    /// Settings for one client; `role` names it in the brokers' logs. A role that sets more
    /// calls [`Self::overlay`] afterwards, so that the operator's properties win.
    pub fn client(&self, role: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("client.id", format!("llmobserve-{role}"))
            .set("bootstrap.servers", &self.kafka_brokers)
            .set("socket.keepalive.enable", "true")
            // A broker that was away is found again within a second, not ten.
            .set("reconnect.backoff.max.ms", "1000")
            .set("topic.metadata.refresh.interval.ms", "30000");
        self.overlay(&mut config);
        config
    }

    /// Puts the operator's own properties over what a role has set.
    pub fn overlay(&self, config: &mut ClientConfig) {
        for properties in self.kafka_config.iter().chain(&self.kafka_config_file) {
            for (name, value) in &properties.0 {
                config.set(name, value);
            }
        }
    }
}

/// Properties as `name=value`; the values may be secret and are not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    /// Reads `a=b;c=d`, or a line each.
    ///
    /// # Errors
    /// When a part is not `name=value`; the message does not repeat it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::from_parts(text.split(['\n', ';']))
    }

    /// Reads a properties file: a line each, `#` begins a comment.
    ///
    /// # Errors
    /// When the file cannot be read or a line is not `name=value`.
    pub fn read(path: &str) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the file {path}: {error}"))?;
        Self::from_parts(text.lines())
    }

    fn from_parts<'a>(parts: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut properties = Vec::new();
        for (i, part) in parts.enumerate() {
            let part = part.trim();
            if part.is_empty() || part.starts_with('#') {
                continue;
            }
            match part.split_once('=') {
                Some((name, value)) if !name.trim().is_empty() => {
                    properties.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                _ => return Err(format!("property {} is not name=value", i + 1)),
            }
        }
        Ok(Self(properties))
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn properties_come_one_a_line_or_between_semicolons() {
        let parsed = Properties::parse("a=1; b = x=y \n\n c=").unwrap();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(parsed.0, [pair("a", "1"), pair("b", "x=y"), pair("c", "")]);
        assert!(
            Properties::parse("secret")
                .unwrap_err()
                .starts_with("property 1 is not")
        );
    }

    #[test]
    fn the_operators_properties_win_and_their_values_are_not_printed() {
        let mut args = KafkaArgs::at("one:9092");
        args.kafka_config = vec![Properties::parse("bootstrap.servers=two:9092").unwrap()];
        args.kafka_config_file = Some(Properties::parse("sasl.password=hunter2").unwrap());
        let client = args.client("ingest");
        assert_eq!(client.get("bootstrap.servers"), Some("two:9092"));
        assert_eq!(client.get("sasl.password"), Some("hunter2"));
        assert!(!format!("{args:?}").contains("hunter2"));
    }
}
