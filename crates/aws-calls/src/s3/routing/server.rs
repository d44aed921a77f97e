//! Servers that take a request for another one than S3 does.

use super::address::Target;
use super::route::{Operation, Routed};
use super::routes::{Level, level_of};
use crate::s3::refusal::Refusal;

/// The server that runs a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// moto.
    Moto,
    /// ministack.
    Ministack,
    /// LocalStack.
    Localstack,
    /// Any other one.
    Other,
}

/// The sub-resources that moto 5 and ministack 1.5 know. They run what they do not know without the sub-resource: they
/// delete a bucket instead of its metrics.
struct Known {
    method: &'static str,
    level: Level,
    both: &'static [&'static str],
    moto: &'static [&'static str],
    ministack: &'static [&'static str],
}

const KNOWN: &[Known] = &[
    Known {
        method: "GET",
        level: Level::Bucket,
        both: &[
            "accelerate",
            "acl",
            "cors",
            "encryption",
            "lifecycle",
            "list-type",
            "location",
            "logging",
            "notification",
            "object-lock",
            "ownershipControls",
            "policy",
            "publicAccessBlock",
            "replication",
            "tagging",
            "uploads",
            "versioning",
            "versions",
            "website",
        ],
        moto: &["inventory", "policyStatus"],
        ministack: &[],
    },
    Known {
        method: "PUT",
        level: Level::Bucket,
        both: &[
            "accelerate",
            "acl",
            "cors",
            "encryption",
            "lifecycle",
            "logging",
            "notification",
            "object-lock",
            "ownershipControls",
            "policy",
            "publicAccessBlock",
            "replication",
            "tagging",
            "versioning",
            "website",
        ],
        moto: &["inventory"],
        ministack: &["requestPayment"],
    },
    Known {
        method: "DELETE",
        level: Level::Bucket,
        both: &[
            "cors",
            "encryption",
            "lifecycle",
            "ownershipControls",
            "policy",
            "publicAccessBlock",
            "replication",
            "tagging",
            "website",
        ],
        moto: &[],
        ministack: &[],
    },
    Known { method: "POST", level: Level::Bucket, both: &["delete"], moto: &[], ministack: &[] },
    Known {
        method: "GET",
        level: Level::Object,
        both: &["acl", "attributes", "legal-hold", "tagging", "uploadId"],
        moto: &[],
        ministack: &["annotation", "retention"],
    },
    Known {
        method: "PUT",
        level: Level::Object,
        both: &["acl", "legal-hold", "retention", "tagging", "uploadId"],
        moto: &[],
        ministack: &["annotation"],
    },
    Known {
        method: "DELETE",
        level: Level::Object,
        both: &["tagging", "uploadId"],
        moto: &[],
        ministack: &["annotation"],
    },
    Known {
        method: "POST",
        level: Level::Object,
        both: &["restore", "uploadId", "uploads"],
        moto: &["select"],
        ministack: &[],
    },
];

/// Sub-resources that AWS added since 2024, by level. A server that is older would run the request without them.
const RECENT: &[(Level, &str)] = &[
    (Level::Bucket, "abac"),
    (Level::Bucket, "metadataAnnotationTable"),
    (Level::Bucket, "metadataConfiguration"),
    (Level::Bucket, "metadataInventoryTable"),
    (Level::Bucket, "metadataJournalTable"),
    (Level::Bucket, "metadataTable"),
    (Level::Object, "annotation"),
    (Level::Object, "encryption"),
    (Level::Object, "renameObject"),
];

/// Buckets of these names are not to be had in path style, because the server has pages of its own there.
const MINISTACK_PAGES: &[&str] = &[
    "BatchExecute",
    "BeginTransaction",
    "CommitTransaction",
    "Execute",
    "RollbackTransaction",
    "health",
    "login",
    "logout",
    "oauth2",
    "restapis",
    "v2",
];

impl Server {
    fn knows(self, method: &str, level: Level, sub_resource: &str) -> bool {
        let line = KNOWN.iter().find(|known| known.method == method && known.level == level);
        let own = |known: &Known| match self {
            Self::Moto => known.moto,
            Self::Ministack => known.ministack,
            Self::Localstack | Self::Other => &[],
        };
        match self {
            Self::Moto | Self::Ministack => {
                line.is_some_and(|known| known.both.contains(&sub_resource) || own(known).contains(&sub_resource))
            }
            Self::Localstack | Self::Other => !RECENT.contains(&(level, sub_resource)),
        }
    }

    fn has_page(self, bucket: &str) -> bool {
        match self {
            Self::Moto => bucket.starts_with("moto-api"),
            Self::Ministack => MINISTACK_PAGES.contains(&bucket) || bucket.starts_with("iceberg"),
            Self::Localstack => ["health", "restapis"].contains(&bucket),
            Self::Other => false,
        }
    }
}

impl Routed<'_> {
    /// Refuses a request that this server would take for another one than what is asked permission for.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub fn check_for(&self, server: Server, method: &str) -> Result<(), Refusal> {
        let (Target::Bucket { bucket } | Target::Object { bucket, .. }) = &self.target else { return Ok(()) };
        if matches!(self.operation, Operation::Control { .. }) {
            return Ok(());
        }
        // Behind the gateway there is another host name, and the first element of the key would be a bucket.
        if bucket.name().is_none() {
            return Err(unknown("Access points are not served by the upstream under its own host name.".to_owned()));
        }
        // A preflight needs no permission, and so must not reach anything but a bucket.
        if let Some(name) = bucket.name().filter(|name| server.has_page(name)) {
            return Err(unknown(format!("The upstream has pages of its own where the bucket {name} would be.")));
        }
        if self.operation == Operation::Preflight {
            return Ok(());
        }
        let sub_resource = self.query.sub_resource()?;
        if let Some(level) = level_of(&self.target)
            && !sub_resource.is_empty()
            && !server.knows(method, level, sub_resource)
        {
            return Err(unknown(format!("The upstream does not know ?{sub_resource}, and would do something else.")));
        }
        if server == Server::Other && self.target.has_dot_elements() {
            return Err(unknown("The upstream may take a key with dots between slashes for another one.".to_owned()));
        }
        Ok(())
    }
}

fn unknown(message: String) -> Refusal {
    Refusal::new(501, "NotImplemented", message)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::super::routes::ROUTES;
    use super::*;
    use crate::Request;
    use crate::s3::Hosts;

    fn passes(server: Server, method: &str, path: &str, query: &str) -> bool {
        let headers = HeaderMap::new();
        let request = Request { method, path, query, headers: &headers, body: None };
        Routed::of(&request, &Hosts::default()).unwrap().check_for(server, method).is_ok()
    }

    #[test]
    fn what_a_server_does_not_know_does_not_reach_it() {
        use Server::{Localstack, Ministack, Moto, Other};
        assert!(passes(Moto, "DELETE", "/app", ""));
        assert!(passes(Moto, "GET", "/app/k", "tagging&versionId=v"));
        for (method, path, query) in [
            ("DELETE", "/app", "metrics&id=i"),
            ("GET", "/app/k", "retention"),
            ("DELETE", "/app/k", "annotation&annotationName=n"),
            ("PUT", "/app/k", "encryption"),
            ("GET", "/app", "analytics"),
        ] {
            assert!(!passes(Moto, method, path, query), "{method} {path}?{query}");
        }
        assert!(passes(Ministack, "GET", "/app/k", "retention"));
        assert!(!passes(Ministack, "GET", "/app", "policyStatus"));
        assert!(!passes(Ministack, "GET", "/app", "requestPayment"));
        assert!(passes(Localstack, "DELETE", "/app", "metrics&id=i"));
        assert!(!passes(Other, "PUT", "/app/k", "encryption"));
        assert!(passes(Other, "PUT", "/app", "encryption"));
    }

    #[test]
    fn pages_of_servers_are_no_buckets() {
        assert!(!passes(Server::Moto, "GET", "/moto-api/data.json", ""));
        assert!(!passes(Server::Ministack, "GET", "/restapis/a/b/_user_request_/c", ""));
        assert!(passes(Server::Other, "GET", "/moto-api/data.json", ""));
        assert!(!passes(Server::Moto, "OPTIONS", "/moto-api/seed", "a=1"));
        assert!(passes(Server::Moto, "OPTIONS", "/app/k", ""));
    }

    #[test]
    fn access_points_do_not_become_buckets() {
        let mut headers = HeaderMap::new();
        let host = "ap-111122223333.s3-accesspoint.eu-central-1.amazonaws.com";
        headers.insert("host", http::HeaderValue::from_static(host));
        for method in ["GET", "OPTIONS"] {
            let request = Request { method, path: "/bucket/key", query: "", headers: &headers, body: None };
            let routed = Routed::of(&request, &Hosts::default()).unwrap();
            for server in [Server::Moto, Server::Ministack, Server::Localstack, Server::Other] {
                assert!(routed.check_for(server, method).is_err(), "{method} {server:?}");
            }
        }
    }

    #[test]
    fn keys_with_dots_reach_servers_that_keep_them() {
        assert!(passes(Server::Moto, "GET", "/app/a/../b", ""));
        assert!(!passes(Server::Other, "GET", "/app/a/../b", ""));
    }

    #[test]
    fn tables_name_sub_resources_of_s3() {
        for known in KNOWN {
            for name in known.both.iter().chain(known.moto).chain(known.ministack) {
                let is_route = ROUTES.iter().any(|route| {
                    route.method == known.method && route.level == known.level && route.sub_resource == *name
                });
                assert!(is_route, "{} {name}", known.method);
            }
        }
    }
}
