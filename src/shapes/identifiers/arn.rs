//! Amazon Resource Names, account ids, and the kinds of IAM resources.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::shapes::{Partition, Pattern, Text, texts};

static STS_ARN: Pattern =
    Pattern::new(r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+");
static SERIAL: Pattern = Pattern::new(r"[\w+=/:,.@-]+");
static STS_SERIAL: Pattern = Pattern::new(r"[\w+=/:,.@-]*");

texts! {
    /// Any ARN (`arnType` of IAM).
    Arn = Text::length(20, 2048);
    /// Any ARN as STS takes it (`arnType` of STS).
    SessionArn = Text::length(20, 2048).matching(&STS_ARN);
    /// The serial number or ARN of an MFA device (`serialNumberType` of IAM).
    SerialNumber = Text::length(9, 256).matching(&SERIAL);
    /// The same as STS takes it (`serialNumberType` of STS).
    SessionSerialNumber = Text::length(9, 256).matching(&STS_SERIAL);
}

/// An AWS account: twelve digits within a partition.
///
/// Kept as one number, so that what older versions wrote means an account of the partition `aws`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(u64);

/// The distance between the same account numbers in two partitions.
const PARTITION_STEP: u64 = 10_000_000_000_000;

impl AccountId {
    /// The account of requests that name none, such as those with the development credentials `test`.
    pub const DEFAULT: Self = Self(0);

    /// The account of callers that belong to none: anonymous ones, and services of AWS. It equals no account that
    /// anything can belong to, and nothing is ever stored in it.
    pub const ANONYMOUS: Self = Self(1_000_000_000_001);

    /// AWS itself, which ARNs call `aws`. Here it holds what belongs to no single customer: delegation requests, which
    /// one account makes and another decides.
    pub const AWS: Self = Self(1_000_000_000_000);

    /// Reads exactly twelve digits: an account of the partition `aws`.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok().map(Self)).flatten()
    }

    /// The account with this number in the partition `aws`, if it has at most twelve digits.
    pub fn from_number(number: u64) -> Option<Self> {
        (number < 1_000_000_000_000).then_some(Self(number))
    }

    /// The account with the same number in another partition.
    pub fn in_partition(self, partition: Partition) -> Self {
        Self(partition.number() * PARTITION_STEP + self.number())
    }

    /// The partition that it is of.
    pub fn partition(self) -> Partition {
        Partition::from_number(self.0 / PARTITION_STEP).unwrap_or_default()
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0 % PARTITION_STEP
    }

    /// The ARN of its root user.
    pub fn root_arn(self) -> String {
        format!("arn:{}:iam::{self}:root", self.partition())
    }

    /// The text that identifies it among all accounts of all partitions: twelve digits, `aws-cn:` and twelve digits, …
    pub fn qualified(self) -> String {
        match self.partition() {
            Partition::Aws => self.to_string(),
            partition => format!("{partition}:{self}"),
        }
    }

    /// Reads what [`AccountId::qualified`] writes.
    pub fn parse_qualified(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some((partition, number)) => Some(Self::parse(number)?.in_partition(Partition::parse(partition)?)),
            None if text == "aws" => Some(Self::AWS),
            None => Self::parse(text),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            number if number == Self::AWS.0 => f.write_str("aws"),
            number if number == Self::ANONYMOUS.0 => f.write_str("anonymous"),
            mut number => {
                let mut digits = [b'0'; 12];
                for digit in digits.iter_mut().rev() {
                    *digit += (number % 10) as u8;
                    number /= 10;
                }
                f.write_str(str::from_utf8(&digits).unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.qualified())
    }
}

/// The kinds of IAM resources that have ARNs of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// An IAM user.
    User,
    /// An IAM group.
    Group,
    /// An IAM role.
    Role,
    /// An instance profile.
    InstanceProfile,
    /// A customer-managed policy.
    Policy,
    /// A virtual MFA device.
    MfaDevice,
    /// A server certificate.
    ServerCertificate,
    /// A SAML provider.
    SamlProvider,
    /// An OpenID Connect provider.
    OidcProvider,
    /// A request for delegated permissions.
    DelegationRequest,
}

impl Kind {
    /// The resource type in the ARN.
    pub fn arn_type(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::InstanceProfile => "instance-profile",
            Self::Policy => "policy",
            Self::MfaDevice => "mfa",
            Self::ServerCertificate => "server-certificate",
            Self::SamlProvider => "saml-provider",
            Self::OidcProvider => "oidc-provider",
            Self::DelegationRequest => "delegation-request",
        }
    }

    /// The part of an action's name that stands for the kind: `iam:Tag{…}`.
    pub fn action_part(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
            Self::InstanceProfile => "InstanceProfile",
            Self::Policy => "Policy",
            Self::MfaDevice => "MFADevice",
            Self::ServerCertificate => "ServerCertificate",
            Self::SamlProvider => "SAMLProvider",
            Self::OidcProvider => "OpenIDConnectProvider",
            Self::DelegationRequest => "DelegationRequest",
        }
    }

    /// What AWS's denials call a resource of this kind, for the kinds that they name otherwise than by ARN.
    pub fn in_denials(self) -> Option<&'static str> {
        match self {
            Self::User | Self::Group | Self::Role | Self::Policy => Some(self.arn_type()),
            Self::InstanceProfile => Some("instance profile"),
            Self::MfaDevice
            | Self::ServerCertificate
            | Self::SamlProvider
            | Self::OidcProvider
            | Self::DelegationRequest => None,
        }
    }

    /// The ARN of the resource of this kind: `path` begins and ends with a slash.
    pub fn arn(self, account: AccountId, path: &str, name: &str) -> String {
        format!("arn:{}:iam::{account}:{}{path}{name}", account.partition(), self.arn_type())
    }
}

/// The parts of an ARN: `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArnParts<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'a str,
    /// The service's prefix.
    pub service: &'a str,
    /// Empty for IAM.
    pub region: &'a str,
    /// The owner: twelve digits, or `aws`.
    pub account: &'a str,
    /// All that follows the fifth colon.
    pub resource: &'a str,
}

impl<'a> ArnParts<'a> {
    /// Splits an ARN at its first five colons.
    pub fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let parts = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (!parts.partition.is_empty() && !parts.service.is_empty() && !parts.resource.is_empty()).then_some(parts)
    }

    /// The account, when it is one of a known partition.
    pub fn account_id(&self) -> Option<AccountId> {
        Some(AccountId::parse(self.account)?.in_partition(Partition::parse(self.partition)?))
    }

    /// Path (`/a/b/`) and name of an IAM resource of this kind.
    pub fn path_and_name(&self, kind: Kind) -> Option<(&'a str, &'a str)> {
        if self.service != "iam" || !self.region.is_empty() {
            return None;
        }
        let rest = self.resource.strip_prefix(kind.arn_type())?;
        let slash = rest.rfind('/')?;
        let (path, name) = rest.split_at_checked(slash + 1)?;
        (path.starts_with('/') && !name.is_empty()).then_some((path, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_are_twelve_digits() {
        assert_eq!(AccountId::parse("000000000000").map(|a| a.to_string()).as_deref(), Some("000000000000"));
        for wrong in ["", "123", "1234567890123", "12345678901x", "+12345678901"] {
            assert_eq!(AccountId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_account_is_of_one_partition() {
        let account = AccountId::parse("123456789012").unwrap();
        let chinese = account.in_partition(Partition::AwsCn);
        assert_ne!(account, chinese);
        assert_eq!((chinese.number(), chinese.partition()), (123_456_789_012, Partition::AwsCn));
        assert_eq!(chinese.to_string(), "123456789012");
        assert_eq!(Kind::User.arn(chinese, "/", "a"), "arn:aws-cn:iam::123456789012:user/a");
        for (account, text) in [(account, "123456789012"), (chinese, "aws-cn:123456789012"), (AccountId::AWS, "aws")] {
            assert_eq!(account.qualified(), text);
            assert_eq!(AccountId::parse_qualified(text), Some(account));
        }
        let parts = ArnParts::parse("arn:aws-cn:iam::123456789012:user/a").unwrap();
        assert_eq!(parts.account_id(), Some(chinese));
        assert_eq!(ArnParts::parse("arn:aws-xx:iam::123456789012:user/a").unwrap().account_id(), None);
    }

    #[test]
    fn arns_give_path_and_name() {
        let parts = ArnParts::parse("arn:aws:iam::123456789012:role/a/b/R").unwrap();
        assert_eq!(parts.path_and_name(Kind::Role), Some(("/a/b/", "R")));
        assert_eq!(parts.path_and_name(Kind::User), None);
        assert_eq!(ArnParts::parse("arn:aws:iam::123456789012"), None);
        assert_eq!(ArnParts::parse("arn:aws:iam::123456789012:role/").unwrap().path_and_name(Kind::Role), None);
    }
}
