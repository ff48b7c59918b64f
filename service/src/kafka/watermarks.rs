//! Where a partition begins and ends.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};

const PAUSE: Duration = Duration::from_millis(100);

/// The offset of a partition's first record, and the one behind its last. While its leader
/// changes brokers say that they do not lead it, which librdkafka hands on: then it is asked
/// again. Blocks up to twice `timeout`.
///
/// # Errors
/// When no broker says it in time.
pub fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    timeout: Duration,
) -> KafkaResult<(i64, i64)> {
    let begun = Instant::now();
    loop {
        match consumer.fetch_watermarks(topic, partition, timeout) {
            Err(error) if begun.elapsed() < timeout && is_moving(&error) => {
                std::thread::sleep(PAUSE);
            }
            answer => return answer,
        }
    }
}

fn is_moving(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(Code::NotLeaderForPartition | Code::LeaderNotAvailable)
    )
}
