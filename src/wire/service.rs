//! The services that are answered here, as data.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::protocol::{AwsJson, AwsQuery, Ec2Query, Protocol, RestJson};
use super::validation::Wording;

/// A service of AWS that is answered here.
#[derive(Clone, Copy)]
pub struct Service(&'static Definition);

struct Definition {
    /// The name in credential scopes.
    signing_name: &'static str,
    /// The prefix of the service's actions.
    prefix: &'static str,
    /// The version of the API.
    version: &'static str,
    /// The namespace of its answers in XML.
    namespace: &'static str,
    /// What comes before the operation in `X-Amz-Target`; empty for protocols without that header.
    target: &'static str,
    protocol: &'static dyn Protocol,
    wording: Wording,
    /// Whether it answers from the one region of its partition, whatever region a client signs for.
    is_global: bool,
    /// Whether the server behind the gateway answers in its place, if there is one.
    yields_to_upstream: bool,
}

impl Service {
    /// AWS Identity and Access Management.
    pub const IAM: Self = Self(&Definition {
        signing_name: "iam",
        prefix: "iam",
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
        target: "",
        protocol: &AwsQuery,
        wording: Wording::Iam,
        is_global: true,
        yields_to_upstream: false,
    });

    /// AWS Security Token Service.
    pub const STS: Self = Self(&Definition {
        signing_name: "sts",
        prefix: "sts",
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        target: "",
        protocol: &AwsQuery,
        wording: Wording::Sts,
        is_global: false,
        yields_to_upstream: false,
    });

    /// AWS Organizations.
    pub const ORGANIZATIONS: Self = Self(&Definition {
        signing_name: "organizations",
        prefix: "organizations",
        version: "2016-11-28",
        namespace: "",
        target: "AWSOrganizationsV20161128",
        protocol: &AwsJson("application/x-amz-json-1.1"),
        wording: Wording::Organizations,
        is_global: true,
        yields_to_upstream: false,
    });

    /// IAM Access Analyzer.
    pub const ACCESS_ANALYZER: Self = Self(&Definition {
        signing_name: "access-analyzer",
        prefix: "access-analyzer",
        version: "2019-11-01",
        namespace: "",
        target: "",
        protocol: &RestJson,
        wording: Wording::Fields,
        is_global: false,
        yields_to_upstream: false,
    });

    /// Access Troubleshooter of IAM.
    pub const IAM_TOOLBOX: Self = Self(&Definition {
        signing_name: "iam",
        prefix: "iam",
        version: "2018-05-10",
        namespace: "",
        target: "",
        protocol: &RestJson,
        wording: Wording::Sts,
        is_global: true,
        yields_to_upstream: false,
    });

    /// AWS CloudTrail.
    pub const CLOUDTRAIL: Self = Self(&Definition {
        signing_name: "cloudtrail",
        prefix: "cloudtrail",
        version: "2013-11-01",
        namespace: "",
        target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
        protocol: &AwsJson("application/x-amz-json-1.1"),
        wording: Wording::Sts,
        is_global: false,
        yields_to_upstream: false,
    });

    /// The AWS Resource Groups Tagging API.
    pub const TAGGING: Self = Self(&Definition {
        signing_name: "tagging",
        prefix: "tag",
        version: "2017-01-26",
        namespace: "",
        target: "ResourceGroupsTaggingAPI_20170126",
        protocol: &AwsJson("application/x-amz-json-1.1"),
        wording: Wording::Sts,
        is_global: false,
        yields_to_upstream: false,
    });

    /// Service Quotas.
    pub const SERVICE_QUOTAS: Self = Self(&Definition {
        signing_name: "servicequotas",
        prefix: "servicequotas",
        version: "2019-06-24",
        namespace: "",
        target: "ServiceQuotasV20190624",
        protocol: &AwsJson("application/x-amz-json-1.1"),
        wording: Wording::Sts,
        is_global: false,
        yields_to_upstream: false,
    });

    /// Amazon EC2: which regions there are, and nothing else.
    pub const EC2: Self = Self(&Definition {
        signing_name: "ec2",
        prefix: "ec2",
        version: "2016-11-15",
        namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
        target: "",
        protocol: &Ec2Query,
        wording: Wording::Sts,
        is_global: false,
        yields_to_upstream: true,
    });

    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::IAM,
        Self::STS,
        Self::ORGANIZATIONS,
        Self::ACCESS_ANALYZER,
        Self::IAM_TOOLBOX,
        Self::CLOUDTRAIL,
        Self::TAGGING,
        Self::SERVICE_QUOTAS,
        Self::EC2,
    ];

    /// The name in credential scopes, such as `access-analyzer`.
    pub fn signing_name(self) -> &'static str {
        self.0.signing_name
    }

    /// The prefix of the service's actions.
    pub fn prefix(self) -> &'static str {
        self.0.prefix
    }

    /// The version of the API.
    pub fn version(self) -> &'static str {
        self.0.version
    }

    /// The namespace of the service's answers in XML.
    pub fn namespace(self) -> &'static str {
        self.0.namespace
    }

    /// What comes before the operation in `X-Amz-Target`; `None` for protocols without that header.
    pub fn target(self) -> Option<&'static str> {
        Some(self.0.target).filter(|target| !target.is_empty())
    }

    /// The protocol of its requests and answers.
    pub fn protocol(self) -> &'static dyn Protocol {
        self.0.protocol
    }

    /// Whether it answers from the one region of its partition, whatever region a client signs for.
    pub fn is_global(self) -> bool {
        self.0.is_global
    }

    /// Whether the server behind the gateway answers in its place, if there is one: what is known here is only a part
    /// that identity tools ask for.
    pub fn yields_to_upstream(self) -> bool {
        self.0.yields_to_upstream
    }

    /// How it words what is wrong with parameters.
    pub(super) fn wording(self) -> Wording {
        self.0.wording
    }
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        // Two services of IAM have one signing name.
        (self.signing_name(), self.version()) == (other.signing_name(), other.version())
    }
}

impl Eq for Service {}

impl Hash for Service {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.signing_name(), self.version()).hash(state);
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.signing_name())
    }
}
