//! The operations of AWS's services and what their requests look like, as botocore's service models have them.

mod shape;
mod uri;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

pub use shape::{Kind, Location, Member, Shape};
pub use uri::{Segment, Uri};

use crate::archive::{Archive, Place};
use crate::index::{Index, ignoring_case};
use crate::recent::Recent;
use shape::Shapes;

const INDEX: Index = Index::new(include_str!("../../data/operations.tsv"));
const TABLES: Archive = Archive::new(include_bytes!("../../data/operations.json.gz"));

/// The protocols of AWS's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// awsJson 1.0 and 1.1: the operation in `X-Amz-Target`, JSON in the body.
    Json,
    /// rpc-v2-cbor: the operation in the path, CBOR in the body.
    Cbor,
    /// The operation as `Action` in a form, the answer in XML.
    Query,
    /// As [`Query`](Self::Query), with other names of parameters and other errors.
    Ec2,
    /// The operation by method and path, JSON in the body.
    RestJson,
    /// The operation by method and path, XML in the body.
    RestXml,
}

impl Protocol {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "json" => Self::Json,
            "cbor" => Self::Cbor,
            "query" => Self::Query,
            "ec2" => Self::Ec2,
            "rest-json" => Self::RestJson,
            "rest-xml" => Self::RestXml,
            _ => return None,
        })
    }
}

/// What is known of a service without reading its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The name that botocore gives it: `stepfunctions`.
    pub name: &'static str,
    /// The service in the scope of credentials: `states`. Several services may have the same.
    pub signing_name: &'static str,
    /// The prefix of its actions in policies: `states`.
    pub prefix: &'static str,
    /// The first label or labels of its host: `states`.
    pub endpoint_prefix: &'static str,
    /// What comes before the operation in `X-Amz-Target` and in the path of rpc-v2-cbor: `AWSStepFunctions`. Empty if
    /// it speaks neither.
    pub target_prefix: &'static str,
    /// The version of awsJson: `1.0` or `1.1`. Empty if not known.
    pub json_version: &'static str,
    /// The version of the API: `2016-11-23`.
    pub api_version: &'static str,
    /// The namespace of its XML, or empty.
    pub xml_namespace: &'static str,
    /// Whether it once spoke the Query protocol and still sends clients the codes of that time.
    pub query_compatible: bool,
    protocols: &'static str,
    tables: Place,
}

/// A service with its operations.
#[derive(Debug)]
pub struct Service {
    /// What is known without the operations.
    pub summary: &'static Summary,
    operations: Vec<Arc<Operation>>,
    shapes: Shapes,
}

/// An operation of a service.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// The name: `PutObject`.
    pub name: String,
    /// The HTTP method.
    #[serde(default = "post")]
    pub method: String,
    /// The template of path and query: `/{Bucket}/{Key+}?tagging`.
    #[serde(default = "root")]
    pub uri: Uri,
    /// Whether AWS takes the call without a signature.
    #[serde(default)]
    pub no_auth: bool,
    /// What SDKs put before the host: `sync-`.
    #[serde(default)]
    pub host_prefix: Option<String>,
    /// The shape of the input; none if it has no members.
    #[serde(default)]
    input: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

fn root() -> Uri {
    Uri::from("/".to_owned())
}

#[derive(Deserialize)]
struct Tables {
    operations: Vec<Arc<Operation>>,
    shapes: Shapes,
}

/// Every service, in the order of the names.
pub fn services() -> &'static [Summary] {
    static SERVICES: LazyLock<Vec<Summary>> = LazyLock::new(|| INDEX.lines().filter_map(Summary::parse).collect());
    &SERVICES
}

/// The service of that name.
pub fn service(name: &str) -> Option<Arc<Service>> {
    static RECENT: Recent<Service, 24> = Recent::new();
    let place = services().binary_search_by(|summary| ignoring_case(summary.name, name)).ok()?;
    let summary = services().get(place).filter(|summary| summary.name == name)?;
    Some(RECENT.get_or_make(summary.name, || Arc::new(summary.service())))
}

/// The services whose credentials have this service in their scope, in the order of the names.
pub fn signed_as(signing_name: &str) -> &'static [&'static Summary] {
    static SERVICES: LazyLock<Groups> = LazyLock::new(|| group(|summary| summary.signing_name));
    SERVICES.get(signing_name).map_or(&[], Vec::as_slice)
}

/// The services with this prefix of their operations in `X-Amz-Target` and in the paths of rpc-v2-cbor.
pub fn with_target_prefix(prefix: &str) -> &'static [&'static Summary] {
    static SERVICES: LazyLock<Groups> = LazyLock::new(|| group(|summary| summary.target_prefix));
    SERVICES.get(prefix).filter(|_| !prefix.is_empty()).map_or(&[], Vec::as_slice)
}

/// The services that speak the Query protocol or that of EC2.
pub fn with_forms() -> &'static [&'static Summary] {
    static SERVICES: LazyLock<Vec<&Summary>> = LazyLock::new(|| {
        services().iter().filter(|summary| summary.speaks(Protocol::Query) || summary.speaks(Protocol::Ec2)).collect()
    });
    &SERVICES
}

/// Services by one of their names.
type Groups = HashMap<&'static str, Vec<&'static Summary>>;

fn group(name: impl Fn(&Summary) -> &'static str) -> Groups {
    let mut groups = Groups::new();
    for summary in services() {
        groups.entry(name(summary)).or_default().push(summary);
    }
    groups
}

impl Summary {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self {
            name: columns.next()?,
            signing_name: columns.next()?,
            prefix: columns.next()?,
            endpoint_prefix: columns.next()?,
            protocols: columns.next()?,
            target_prefix: columns.next()?,
            json_version: columns.next()?,
            api_version: columns.next()?,
            xml_namespace: columns.next()?,
            query_compatible: columns.next()? == "yes",
            tables: Place::parse(&mut columns)?,
        })
    }

    /// The protocols that the service speaks; the one that botocore prefers is the first.
    pub fn protocols(&self) -> impl Iterator<Item = Protocol> + use<> {
        self.protocols.split(',').filter_map(Protocol::parse)
    }

    /// Whether the service speaks the protocol.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols().any(|spoken| spoken == protocol)
    }

    #[expect(clippy::expect_used, reason = "the tables are part of the program, and a test reads all of them")]
    fn service(&'static self) -> Service {
        let Tables { operations, shapes } =
            serde_json::from_str(&TABLES.read(self.tables)).expect("the tables have this form");
        Service { summary: self, operations, shapes }
    }
}

impl Service {
    /// The operations, sorted by name.
    pub fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    /// The operation of that name, in this case.
    pub fn operation(&self, name: &str) -> Option<&Arc<Operation>> {
        let position = self.operations.binary_search_by(|operation| operation.name.as_str().cmp(name)).ok()?;
        self.operations.get(position)
    }

    /// The shape of an operation's input; none if it has no members.
    pub fn input(&self, operation: &Operation) -> Option<&Shape> {
        self.shape(operation.input.as_deref()?)
    }

    /// The shape of that name.
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }
}

#[cfg(test)]
mod tests;
