//! What is known of a request besides its parameters: the facts behind condition keys.

use std::net::IpAddr;

use crate::audit::TlsDetails;
use crate::shapes::Timestamp;

/// Facts of one request.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    /// The id in the answer and in the log.
    pub request_id: String,
    /// When the request came: `aws:CurrentTime`, `aws:EpochTime`.
    pub now: Timestamp,
    /// The client's address: `aws:SourceIp`.
    pub source_ip: IpAddr,
    /// `aws:UserAgent`.
    pub user_agent: Option<String>,
    /// `aws:Referer`.
    pub referer: Option<String>,
    /// The region of the endpoint: `aws:RequestedRegion`.
    pub region: String,
    /// The TLS connection on which it came, for the audit trail.
    pub tls: Option<TlsDetails>,
}

impl RequestFacts {
    /// The client's address as text.
    pub fn source(&self) -> String {
        match self.source_ip {
            // Each call has it in several places, and the standard library takes its time.
            IpAddr::V4(address) => {
                let mut text = String::with_capacity(15);
                for (place, octet) in address.octets().into_iter().enumerate() {
                    if place > 0 {
                        text.push('.');
                    }
                    for power in [100, 10, 1] {
                        if octet >= power || power == 1 {
                            text.push(char::from(b'0' + octet / power % 10));
                        }
                    }
                }
                text
            }
            IpAddr::V6(address) => address.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_everywhere() {
        for address in ["0.0.0.0", "127.0.0.1", "10.20.109.255", "203.0.113.9", "100.99.9.200", "::1", "2001:db8::7"] {
            let facts = RequestFacts {
                request_id: String::new(),
                now: Timestamp::default(),
                source_ip: address.parse().unwrap(),
                user_agent: None,
                referer: None,
                region: String::new(),
                tls: None,
            };
            assert_eq!(facts.source(), address);
        }
    }
}
