//! What the checks know of AWS: global condition keys here, services from the caller.

/// Knows AWS's services. Without it, checks about actions, resources and service keys do not run.
pub trait Reference {
    /// The service with a prefix in lower case, or `None` if there is none.
    fn service(&self, prefix: &str) -> Option<Service>;
}

/// A service in AWS's Service Authorization Reference.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its actions, without the prefix.
    pub actions: Vec<String>,
    /// The ARNs of its resource types, with placeholders: `arn:${Partition}:s3:::${BucketName}`.
    pub resource_arns: Vec<String>,
    /// Its condition keys, with placeholders (`iam:ResourceTag/${TagKey}`), and their types.
    pub condition_keys: Vec<(String, KeyType)>,
}

/// The type of a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyType {
    /// What its values are.
    pub values: ValueKind,
    /// Whether one request has several.
    pub multivalued: bool,
}

/// The kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ValueKind {
    Arn,
    Bool,
    Date,
    Ip,
    Number,
    Text,
}

const fn one(values: ValueKind) -> KeyType {
    KeyType { values, multivalued: false }
}

const fn many(values: ValueKind) -> KeyType {
    KeyType { values, multivalued: true }
}

/// AWS's global condition keys (AWS: "AWS global condition context keys"); `/` at the end: a tag key follows.
const GLOBAL_KEYS: &[(&str, KeyType)] = &[
    ("aws:AssumedRoot", one(ValueKind::Bool)),
    ("aws:CalledVia", many(ValueKind::Text)),
    ("aws:CalledViaAWSMCP", one(ValueKind::Text)),
    ("aws:CalledViaFirst", one(ValueKind::Text)),
    ("aws:CalledViaLast", one(ValueKind::Text)),
    ("aws:ChatbotSourceArn", one(ValueKind::Arn)),
    ("aws:CurrentTime", one(ValueKind::Date)),
    ("aws:Ec2InstanceSourcePrivateIPv4", one(ValueKind::Ip)),
    ("aws:Ec2InstanceSourceVpc", one(ValueKind::Text)),
    ("aws:EpochTime", one(ValueKind::Date)),
    ("aws:FederatedProvider", one(ValueKind::Text)),
    ("aws:IsMcpServiceAction", one(ValueKind::Bool)),
    ("aws:MultiFactorAuthAge", one(ValueKind::Number)),
    ("aws:MultiFactorAuthPresent", one(ValueKind::Bool)),
    ("aws:PrincipalAccount", one(ValueKind::Text)),
    ("aws:PrincipalArn", one(ValueKind::Arn)),
    ("aws:PrincipalIsAWSService", one(ValueKind::Bool)),
    ("aws:PrincipalOrgID", one(ValueKind::Text)),
    ("aws:PrincipalOrgPaths", many(ValueKind::Text)),
    ("aws:PrincipalServiceName", one(ValueKind::Text)),
    ("aws:PrincipalServiceNamesList", many(ValueKind::Text)),
    ("aws:PrincipalTag/", one(ValueKind::Text)),
    ("aws:PrincipalType", one(ValueKind::Text)),
    ("aws:Referer", one(ValueKind::Text)),
    ("aws:RequestTag/", one(ValueKind::Text)),
    ("aws:RequestedRegion", one(ValueKind::Text)),
    ("aws:ResourceAccount", one(ValueKind::Text)),
    ("aws:ResourceOrgID", one(ValueKind::Text)),
    ("aws:ResourceOrgPaths", many(ValueKind::Text)),
    ("aws:ResourceTag/", one(ValueKind::Text)),
    ("aws:SecureTransport", one(ValueKind::Bool)),
    ("aws:SourceAccount", one(ValueKind::Text)),
    ("aws:SourceArn", one(ValueKind::Arn)),
    ("aws:SourceIdentity", one(ValueKind::Text)),
    ("aws:SourceIp", one(ValueKind::Ip)),
    ("aws:SourceOrgID", one(ValueKind::Text)),
    ("aws:SourceOrgPaths", many(ValueKind::Text)),
    ("aws:SourceOwner", one(ValueKind::Text)),
    ("aws:SourceVpc", one(ValueKind::Text)),
    ("aws:SourceVpcArn", one(ValueKind::Arn)),
    ("aws:SourceVpce", one(ValueKind::Text)),
    ("aws:TagKeys", many(ValueKind::Text)),
    ("aws:TokenIssueTime", one(ValueKind::Date)),
    ("aws:UserAgent", one(ValueKind::Text)),
    ("aws:ViaAWSMCPService", one(ValueKind::Bool)),
    ("aws:ViaAWSService", one(ValueKind::Bool)),
    ("aws:VpcSourceIp", one(ValueKind::Ip)),
    ("aws:VpceAccount", one(ValueKind::Text)),
    ("aws:VpceOrgID", one(ValueKind::Text)),
    ("aws:VpceOrgPaths", many(ValueKind::Text)),
    ("aws:userid", one(ValueKind::Text)),
    ("aws:username", one(ValueKind::Text)),
];

/// The type of a global key, written in any case.
pub(super) fn global_key(key: &str) -> Option<KeyType> {
    let is = |known: &str| match known.strip_suffix('/') {
        Some(_) => {
            key.len() > known.len() && key.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known))
        }
        None => known.eq_ignore_ascii_case(key),
    };
    GLOBAL_KEYS.iter().find(|(known, _)| is(known)).map(|(_, kind)| *kind)
}

/// The type of a condition key, written in any case, if it is known.
pub fn key_type(key: &str, reference: &dyn Reference) -> Option<KeyType> {
    let of_service = || {
        let (prefix, _) = key.split_once(':')?;
        reference.service(&prefix.to_ascii_lowercase())?.condition_key(key)
    };
    global_key(key).or_else(of_service)
}

/// The global keys in AWS's spelling.
pub(super) fn global_keys() -> impl Iterator<Item = &'static str> {
    GLOBAL_KEYS.iter().map(|(key, _)| *key)
}

impl Service {
    /// The type of one of its keys, written in any case and with its placeholder filled.
    pub(super) fn condition_key(&self, key: &str) -> Option<KeyType> {
        let is = |known: &str| match known.split_once("${") {
            None => known.eq_ignore_ascii_case(key),
            Some((before, after)) => {
                let after = after.split_once('}').map_or("", |(_, after)| after);
                let start = key.get(..before.len()).is_some_and(|start| start.eq_ignore_ascii_case(before));
                let end = key.len().checked_sub(after.len()).and_then(|at| key.get(at..));
                start
                    && end.is_some_and(|end| end.eq_ignore_ascii_case(after))
                    && key.len() > before.len() + after.len()
            }
        };
        self.condition_keys.iter().find(|(known, _)| is(known)).map(|(_, kind)| *kind)
    }
}
