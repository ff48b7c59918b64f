use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Why an administrative question to Kafka got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client or the connection.
    #[error("Kafka: {0}")]
    Client(#[from] KafkaError),
    /// The brokers' answer about one topic.
    #[error("Kafka topic {topic}: {code}")]
    Topic {
        /// The topic's name.
        topic: String,
        /// What the brokers said.
        code: RDKafkaErrorCode,
    },
    /// A new topic did not become visible in time.
    #[error("Kafka topic {0}: not visible yet")]
    NotVisible(String),
    /// Kafka before 2.8, or a broker that only speaks its protocol.
    #[error("Kafka topic {0}: the brokers give it no id; Apache Kafka 2.8 or newer is needed")]
    NoTopicId(String),
    /// The process is ending.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// Whether asking again may help: false for wrong settings and missing rights.
    pub fn is_retryable(&self) -> bool {
        use RDKafkaErrorCode as Code;
        match self {
            Self::Client(KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_)) => false,
            Self::Topic { code, .. } => !matches!(
                code,
                Code::TopicAuthorizationFailed
                    | Code::ClusterAuthorizationFailed
                    | Code::InvalidReplicationFactor
                    | Code::InvalidPartitions
                    | Code::InvalidConfig
                    | Code::InvalidTopic
                    | Code::PolicyViolation
            ),
            Self::Client(_) | Self::NotVisible(_) | Self::Interrupted => true,
            Self::NoTopicId(_) => false,
        }
    }
}
