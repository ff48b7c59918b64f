//! Apache Kafka on one machine: the broker itself as a child process.
//!
//! Combined mode (broker and KRaft controller in one process), loopback listeners only,
//! a small heap. One node for `llmobserve up` and most tests; three for fault tests.
//!
//! ```text
//! data_dir/
//!   lock                one instance at a time
//!   server.properties   written anew at each start
//!   data/               the log; formatted once
//!   logs/server.log     what Kafka says   logs/java.log  what Java itself says
//!   tmp/                native libraries that Kafka unpacks; emptied at each start
//! ```

mod broker;
mod directory;
mod error;
mod jars;
mod java;
mod launcher;
mod probe;
mod properties;

use std::path::PathBuf;

pub use broker::Broker;
pub use error::StartError;

/// What a broker needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything of this broker is kept; made when it does not exist.
    pub data_dir: PathBuf,
    /// This node's id and ports. Port 0 = any free one.
    pub node: Node,
    /// All nodes of the cluster, this one included; empty = this node alone.
    pub voters: Vec<Node>,
    /// The cluster's id (22 characters, base64url), needed when there are several nodes;
    /// otherwise generated when the data directory is formatted.
    pub cluster_id: Option<String>,
    /// Java's heap in MiB.
    pub heap_mb: u32,
    /// Directory of Kafka's jars; see [`Broker::start`] for the default.
    pub libs: Option<PathBuf>,
    /// The `java` program; see [`Broker::start`] for the default.
    pub java: Option<PathBuf>,
    /// Further broker settings, by Kafka's names. They win over ours.
    pub properties: Vec<(String, String)>,
    /// Further environment variables of the Java process.
    pub environment: Vec<(String, String)>,
}

impl Config {
    /// A broker of its own in `data_dir`, on `port` (0 = any free one).
    pub fn single(data_dir: impl Into<PathBuf>, port: u16) -> Self {
        Self {
            data_dir: data_dir.into(),
            node: Node {
                id: 1,
                port,
                controller_port: 0,
            },
            voters: Vec::new(),
            cluster_id: None,
            heap_mb: 256,
            libs: None,
            java: None,
            properties: Vec::new(),
            environment: Vec::new(),
        }
    }
}

/// One node of a cluster, on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub id: u16,
    /// Where clients connect.
    pub port: u16,
    /// Where the KRaft quorum talks.
    pub controller_port: u16,
}
