//! Which addresses an identity provider may have.
//!
//! Its URL comes from anyone who may create providers, so fetching from it must not become a way to what only this
//! machine can reach. The address that was checked is the one that is connected to: a name that resolves differently a
//! moment later changes nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

/// Where identity providers may be fetched from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Anywhere but where clouds keep their metadata: link-local addresses and a few others. A development machine's
    /// providers are on loopback and private addresses; public ones lead to public addresses only.
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
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets()[0] == 0 || METADATA.contains(&v4),
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || is_never_v6(v6),
        };
        match self {
            _ if never || address.is_multicast() => false,
            Self::Any => true,
            Self::Public => is_public(address),
            Self::None => false,
        }
    }

    /// Where a document may lead that came from this address: what is public leads to public addresses only, so that no
    /// issuer makes the server look into its own network.
    pub fn from(self, address: IpAddr) -> Self {
        if self == Self::Any && is_public(inner(address)) { Self::Public } else { self }
    }
}

/// Where clouds keep metadata and credentials outside of the link-local addresses: Alibaba Cloud, Oracle Cloud, Azure.
const METADATA: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];

/// `fd00:ec2::/32`, where EC2 has its metadata, its time and its resolver; `fd20:ce::254` of Google Cloud and
/// `fd00:c1::a9fe:a9fe` of Oracle Cloud; and `64:ff9b:1::/48`, the local prefix of NAT64 (RFC 8215): where in such an
/// address the IPv4 address is, only the network knows.
fn is_never_v6(address: Ipv6Addr) -> bool {
    matches!(
        address.segments(),
        [0xfd00, 0xec2, ..]
            | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
            | [0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
            | [0x64, 0xff9b, 1, ..]
    )
}

/// The IPv4 address that an IPv6 address stands for: mapped or compatible (RFC 4291), translated (RFC 2765), by NAT64
/// (RFC 6052) or 6to4 (RFC 3056).
fn inner(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if v6.is_unspecified() || v6.is_loopback() {
        return address;
    }
    let (high, low) = match v6.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => (high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] => (high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return address,
    };
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into()
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            // Shared addresses, those of the IETF's protocols, and those of benchmarks (RFC 6890).
            let special = matches!((a, b, c), (100, 64..128, _) | (192, 0, 0) | (198, 18 | 19, _));
            !(v4.is_private() || v4.is_loopback() || v4.is_documentation() || special || a >= 240)
        }
        // `fec0::/10` was for sites (RFC 3879), `2001:db8::/32` is for documents.
        IpAddr::V6(v6) => {
            let site_or_document = matches!(v6.segments(), [0xfec0..0xff00, ..] | [0x2001, 0xdb8, ..]);
            !(v6.is_loopback() || v6.is_unique_local() || site_or_document)
        }
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
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd00:ec2:0:1::7",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "::ffff:168.63.129.16",
            "64:ff9b::6464:64c8",
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
    fn what_is_public_leads_to_public_addresses_only() {
        for (reach, address, expected) in [
            (Reach::Any, "140.82.112.3", Reach::Public),
            (Reach::Any, "::ffff:140.82.112.3", Reach::Public),
            (Reach::Any, "127.0.0.1", Reach::Any),
            (Reach::Any, "10.1.2.3", Reach::Any),
            (Reach::Any, "fd12::1", Reach::Any),
            (Reach::Public, "140.82.112.3", Reach::Public),
            (Reach::None, "140.82.112.3", Reach::None),
        ] {
            assert_eq!(reach.from(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn loopback_and_private_addresses_can_be_put_out_of_reach() {
        for address in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.0.9",
            "172.16.0.1",
            "100.64.0.1",
            "192.0.0.8",
            "198.19.0.1",
            "fd12::1",
            "fec0::1",
        ] {
            let address = address.parse().unwrap();
            assert!(Reach::Any.allows(address) && !Reach::Public.allows(address), "{address}");
        }
        for address in ["::127.0.0.1", "::ffff:10.1.2.3", "::ffff:0:10.1.2.3", "64:ff9b::7f00:1", "2002:7f00:1::1"] {
            let address = address.parse().unwrap();
            assert!(Reach::Any.allows(address) && !Reach::Public.allows(address), "{address}");
        }
        for address in ["140.82.112.3", "2606:4700::1111", "64:ff9b::8c52:7003", "2002:8c52:7003::1"] {
            let address = address.parse().unwrap();
            assert!(Reach::Public.allows(address) && !Reach::None.allows(address), "{address}");
        }
    }
}
