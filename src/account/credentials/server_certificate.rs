//! Server certificates: what load balancers and the like serve TLS with.

use serde::{Deserialize, Serialize};

use crate::account::{Entity, name_key};
use crate::shapes::{Path, TagSet, Timestamp};

/// A server certificate. Its private key is checked when it is uploaded and then forgotten: no operation gives it out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerCertificate {
    /// In the spelling it was given.
    pub name: String,
    /// The path.
    pub path: Path,
    /// `ASCA…`; stays when the certificate is renamed.
    pub id: String,
    /// When it was uploaded.
    pub uploaded: Timestamp,
    /// Until when it is valid.
    pub expires: Timestamp,
    /// The certificate, as it was uploaded.
    pub body: String,
    /// The certificates between it and the root, as they were uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Tags, sorted by key.
    #[serde(default)]
    pub tags: TagSet,
}

impl Entity for ServerCertificate {
    fn key(&self) -> String {
        name_key(&self.name)
    }
}

tagged_resource!(ServerCertificate, ServerCertificate);
