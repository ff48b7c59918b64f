//! The broker's settings as Kafka reads them.

use std::path::Path;

use super::{Config, Node};

/// `server.properties` for one node that listens on loopback addresses only.
pub(super) fn server(config: &Config, node: Node, voters: &[Node], log_dir: &Path) -> String {
    let replicas = voters.len().min(3);
    let in_sync_min = replicas.div_ceil(2);
    let quorum: Vec<_> = voters
        .iter()
        .map(|voter| format!("{}@127.0.0.1:{}", voter.id, voter.controller_port))
        .collect();
    let mut text = format!(
        "process.roles=broker,controller\n\
         node.id={id}\n\
         controller.quorum.voters={quorum}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         controller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={log_dir}\n\
         default.replication.factor={replicas}\n\
         min.insync.replicas={in_sync_min}\n\
         offsets.topic.replication.factor={replicas}\n\
         transaction.state.log.replication.factor={replicas}\n\
         transaction.state.log.min.isr={in_sync_min}\n\
         share.coordinator.state.topic.replication.factor={replicas}\n\
         share.coordinator.state.topic.min.isr={in_sync_min}\n",
        id = node.id,
        quorum = quorum.join(","),
        port = node.port,
        controller_port = node.controller_port,
        log_dir = escape(&log_dir.to_string_lossy()),
    );
    text.push_str(ONE_MACHINE);
    for (name, value) in &config.properties {
        text.push_str(&format!("{name}={}\n", escape(value)));
    }
    text
}

/// What does not depend on the node. In the order: topics, groups, start-up, memory and idling.
///
/// - A broker that was killed may register again only after its old session has expired;
///   the session is short (default 9 s), so that a restart takes seconds.
/// - The cleaner's buffer is on the heap, 128 MiB by default.
const ONE_MACHINE: &str = "\
auto.create.topics.enable=false
log.message.timestamp.type=LogAppendTime
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=2
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=4194304
metadata.max.idle.interval.ms=5000
num.network.threads=2
num.io.threads=4
background.threads=2
";

/// `log4j2.properties`: one rolling file, at most `LOG_FILES` × `LOG_FILE_BYTES_MAX` on disk.
pub(super) fn log4j2(log_file: &Path) -> String {
    let file = escape(&log_file.to_string_lossy());
    format!(
        "status=ERROR\n\
         appender.file.type=RollingFile\n\
         appender.file.name=FILE\n\
         appender.file.fileName={file}\n\
         appender.file.filePattern={file}.%i\n\
         appender.file.layout.type=PatternLayout\n\
         appender.file.layout.pattern=%d{{ISO8601}} %p %c{{1}}: %m%n\n\
         appender.file.policies.type=Policies\n\
         appender.file.policies.size.type=SizeBasedTriggeringPolicy\n\
         appender.file.policies.size.size={LOG_FILE_BYTES_MAX}\n\
         appender.file.strategy.type=DefaultRolloverStrategy\n\
         appender.file.strategy.max={LOG_FILES}\n\
         rootLogger.level=INFO\n\
         rootLogger.appenderRef.file.ref=FILE\n\
         logger.config.name=org.apache.kafka.common.config.AbstractConfig\n\
         logger.config.level=WARN\n"
    )
}

const LOG_FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
const LOG_FILES: u32 = 3;

/// A value in a Java properties file: a backslash starts an escape.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n")
}
