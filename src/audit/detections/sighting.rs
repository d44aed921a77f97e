//! What a server has seen that the others on its database need to know: each call comes to one of them, and what is worth a
//! look may be several calls.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Detection;
use crate::shapes::Timestamp;

/// What a server has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sighting {
    /// A request with wrong credentials.
    Failure {
        /// The client's address.
        address: IpAddr,
        /// When.
        time: Timestamp,
    },
    /// A principal was denied an action with which permissions are gained.
    Attempt {
        /// The account, with its partition.
        account: String,
        /// The principal.
        subject: String,
        /// The action.
        action: String,
        /// When.
        time: Timestamp,
    },
    /// Credentials of an instance were fetched.
    Fetched {
        /// Their access key id.
        key: String,
        /// The client's address.
        address: IpAddr,
        /// When.
        time: Timestamp,
    },
    /// Something was reported.
    Reported {
        /// The account, with its partition.
        account: Option<String>,
        /// What makes it the same as an earlier detection of its kind; `None` if each is reported.
        subject: Option<String>,
        /// The detection.
        detection: Box<Detection>,
    },
}
