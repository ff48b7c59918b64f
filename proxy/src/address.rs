//! Which addresses calls may go to: those of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Azure's host agent: a public number, but never on the internet.
const AZURE_AGENT: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// How far an address reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anyone's, on the internet.
    Public,
    /// This machine's or this network's: for hosts that the operator listed.
    Private,
    /// Link-local (where clouds keep credentials), multicast, or no host's at all.
    Special,
}

/// How far `address` reaches, whatever notation hides it.
pub(crate) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(v4: Ipv4Addr) -> Reach {
    let [a, b, c, _] = v4.octets();
    if v4.is_loopback() || v4.is_private() || (a == 100 && b & 0xc0 == 64) {
        return Reach::Private;
    }
    let special = v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && b & 0xfe == 18)
        || v4 == AZURE_AGENT;
    if special {
        Reach::Special
    } else {
        Reach::Public
    }
}

fn reach_v6(v6: Ipv6Addr) -> Reach {
    if v6.is_loopback() || v6.is_unique_local() {
        return Reach::Private;
    }
    if let Some(v4) = embedded(v6) {
        return reach_v4(v4);
    }
    let [a, b, ..] = v6.segments();
    let global = a & 0xe000 == 0x2000;
    // Teredo tunnels, and what is for documentation.
    let special = (a, b) == (0x2001, 0) || (a, b) == (0x2001, 0x0db8);
    if global && !special {
        Reach::Public
    } else {
        Reach::Special
    }
}

/// The IPv4 address inside: `::ffff:a.b.c.d`, NAT64, 6to4.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let joined = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff | 0) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(joined(g, h)),
        (0x2002, ..) => Some(joined(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_internet_is_public() {
        let cases = [
            ("8.8.8.8", Reach::Public),
            ("2606:4700::1", Reach::Public),
            ("::ffff:8.8.8.8", Reach::Public),
            ("127.0.0.1", Reach::Private),
            ("127.1.2.3", Reach::Private),
            ("10.1.2.3", Reach::Private),
            ("172.31.0.1", Reach::Private),
            ("192.168.1.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("100.100.100.200", Reach::Private),
            ("::1", Reach::Private),
            ("fd00:ec2::254", Reach::Private),
            ("::ffff:127.0.0.1", Reach::Private),
            ("::ffff:10.0.0.1", Reach::Private),
            ("64:ff9b::7f00:1", Reach::Private),
            ("2002:7f00:1::", Reach::Private),
            ("169.254.169.254", Reach::Special),
            ("::ffff:169.254.169.254", Reach::Special),
            ("64:ff9b::a9fe:a9fe", Reach::Special),
            ("168.63.129.16", Reach::Special),
            ("192.0.0.192", Reach::Special),
            ("0.0.0.0", Reach::Special),
            ("255.255.255.255", Reach::Special),
            ("224.0.0.1", Reach::Special),
            ("198.18.0.1", Reach::Special),
            ("fe80::1", Reach::Special),
            ("fec0::1", Reach::Special),
            ("ff02::1", Reach::Special),
            ("::", Reach::Special),
            ("2001::1", Reach::Special),
            ("2001:db8::1", Reach::Special),
        ];
        for (address, expected) in cases {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        }
    }
}
