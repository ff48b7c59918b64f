//! Ports are looked at before anything is started: a part that fails later because of a
//! port says so in its own words, if at all.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, anyhow};

use crate::exit::Exit;

/// A free port of this machine: `port` itself, or any when it is 0.
///
/// # Errors
/// When it is taken; names `setting`, which chooses another.
pub(super) fn free(what: &str, port: u16, setting: &str) -> anyhow::Result<u16> {
    Ok(claim(what, (Ipv4Addr::LOCALHOST, port).into(), setting)?
        .local_addr()?
        .port())
}

/// The open port at `address`.
///
/// # Errors
/// As [`free`].
pub(super) fn claim(what: &str, address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow!(
                "port {} ({what}) is taken: free it or choose another with {setting}",
                address.port()
            )
            .context(Exit::PortTaken),
            _ => anyhow!(error).context(Exit::Usage),
        })
        .with_context(|| format!("cannot listen on {address}"))
}
