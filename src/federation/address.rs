//! Which addresses an identity provider may have.
//!
//! Its URL comes from whoever may create providers, so fetching from it must not become a way to what only this machine
//! can reach. The address that was checked is the one that is connected to: a name that resolves differently a moment
//! later changes nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

/// Where identity providers may be fetched from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Anywhere but link-local addresses, where clouds keep their metadata. A development machine's providers are on
    /// loopback and private addresses.
    #[default]
    Any,
    /// Public addresses only.
    Public,
    /// Nowhere: only keys in the configuration count.
    None,
}

impl Reach {
    /// Whether an address may be connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        let address = inner(address);
        let never = match address {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets()[0] == 0,
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || v6 == EC2_METADATA,
        };
        match self {
            _ if never || address.is_multicast() => false,
            Self::Any => true,
            Self::Public => is_public(address),
            Self::None => false,
        }
    }
}

/// `fd00:ec2::254`, where EC2 has its metadata.
const EC2_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The IPv4 address that an IPv6 address stands for: mapped, or translated by NAT64 (RFC 6052).
fn inner(address: IpAddr) -> IpAddr {
    let address = address.to_canonical();
    match address {
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into(),
            _ => address,
        },
        IpAddr::V4(_) => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(v4.is_private() || v4.is_loopback() || shared || a >= 240)
        }
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unique_local()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_addresses_are_out_of_reach() {
        let never = [
            "169.254.169.254",
            "169.254.170.2",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fd00:ec2::254",
            "fe80::1",
            "0.0.0.0",
            "::",
            "255.255.255.255",
            "224.0.0.1",
            "ff02::1",
        ];
        for address in never {
            assert!(!Reach::Any.allows(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn loopback_and_private_addresses_can_be_put_out_of_reach() {
        for address in ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "100.64.0.1", "fd12::1"] {
            let address = address.parse().unwrap();
            assert!(Reach::Any.allows(address) && !Reach::Public.allows(address), "{address}");
        }
        for address in ["140.82.112.3", "2606:4700::1111"] {
            let address = address.parse().unwrap();
            assert!(Reach::Public.allows(address) && !Reach::None.allows(address), "{address}");
        }
    }
}
