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
