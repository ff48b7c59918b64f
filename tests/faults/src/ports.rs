//! Ports that stay ours while a process that listens on one is away.

use std::net::TcpListener;
use std::ops::Range;

/// Below the range from which systems take the ports of outgoing connections (Linux:
/// 32768 on): there a restarted process could find its port in use.
const RANGE: Range<u16> = 10_000..32_000;

/// Free ports in a row, one after the other asked for.
#[derive(Debug)]
pub(crate) struct Ports {
    next: u16,
}

impl Ports {
    pub(crate) fn new() -> Self {
        Self {
            next: fastrand::u16(RANGE),
        }
    }

    pub(crate) fn take(&mut self) -> u16 {
        loop {
            let port = self.next;
            self.next = if port + 1 < RANGE.end {
                port + 1
            } else {
                RANGE.start
            };
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    }
}
