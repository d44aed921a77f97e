//! The event of a call: what the audit trail knows of it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use super::additions::Additions;
use crate::shapes::{AccountId, Timestamp};

/// What the names of services end with in CloudTrail.
pub(super) const SOURCE_SUFFIX: &str = ".amazonaws.com";

/// One call of an authenticated caller, as one account sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the order of events: microseconds of real time since 1970, each given once.
    pub sequence: u64,
    /// Random bits of the event's id.
    pub random: u64,
    /// When the call came, by the server's clock.
    pub time: Timestamp,
    /// The account that sees the event.
    pub account: AccountId,
    /// The same in the events of all accounts that see the call, if there are several.
    pub shared_id: Option<u64>,
    /// The prefix of the service's actions, such as `iam`.
    pub service: Cow<'static, str>,
    /// The operation.
    pub name: Cow<'static, str>,
    /// The region of the endpoint.
    pub region: String,
    /// The client's address, or the service that called.
    pub source: String,
    /// The client's program.
    pub user_agent: String,
    /// The id in the answer.
    pub request_id: String,
    /// Who called; the calls of one caller share it.
    pub identity: Arc<UserIdentity>,
    /// Whether the operation reads only.
    pub read_only: bool,
    /// Whether CloudTrail counts it among management events, and not among data events.
    pub management: bool,
    /// What the client was answered, if the call failed.
    pub failure: Option<EventFailure>,
    /// The parameters in CloudTrail's form, as JSON.
    pub parameters: Option<String>,
    /// The result in CloudTrail's form, as JSON.
    pub result: Option<String>,
    /// What the call asked permission for.
    pub asked: Vec<Asked>,
    /// What was denied, also if the call went on because enforcement only logs.
    pub denial: Option<EventDenial>,
    /// How long the call took, in microseconds.
    pub micros: u64,
    /// What later versions keep behind it.
    #[serde(skip)]
    pub additions: Additions,
}

/// Who called, as CloudTrail's `userIdentity` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserIdentity {
    /// The kind of principal.
    pub kind: IdentityKind,
    /// The unique id; with the session's name for sessions.
    pub principal_id: Option<String>,
    /// The principal's ARN.
    pub arn: Option<String>,
    /// The principal's account.
    pub account: Option<AccountId>,
    /// The access key that signed.
    pub access_key_id: Option<String>,
    /// The name of a user, or the subject of a federated user.
    pub user_name: Option<String>,
    /// The identity provider of a federated user.
    pub identity_provider: Option<String>,
    /// The service that called, or in whose name.
    pub invoked_by: Option<String>,
    /// The session of temporary credentials.
    pub session: Option<SessionContext>,
}

/// The kinds of `userIdentity`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityKind {
    /// A root user.
    Root,
    /// An IAM user.
    IamUser,
    /// A session of a role.
    AssumedRole,
    /// A session of `GetFederationToken`.
    FederatedUser,
    /// A principal of another account.
    AwsAccount,
    /// An AWS service.
    AwsService,
    /// A user with a SAML response.
    SamlUser,
    /// A user with a token of an identity provider.
    WebIdentityUser,
    /// Anyone else.
    #[default]
    Unknown,
}

impl IdentityKind {
    /// CloudTrail's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "Root",
            Self::IamUser => "IAMUser",
            Self::AssumedRole => "AssumedRole",
            Self::FederatedUser => "FederatedUser",
            Self::AwsAccount => "AWSAccount",
            Self::AwsService => "AWSService",
            Self::SamlUser => "SAMLUser",
            Self::WebIdentityUser => "WebIdentityUser",
            Self::Unknown => "Unknown",
        }
    }
}

/// The session of temporary credentials, as CloudTrail's `sessionContext` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionContext {
    /// Whose permissions the session has, where the principal itself does not say.
    pub issuer: Option<SessionIssuer>,
    /// When the session was made.
    pub created: Timestamp,
    /// Whether it was made with an MFA code.
    pub mfa: bool,
    /// The person behind the session.
    pub source_identity: Option<String>,
    /// How a role was handed to an instance: `2.0` for version 2 of its metadata service.
    pub ec2_role_delivery: Option<String>,
    /// Whether `AssumeRoot` made it.
    pub assumed_root: bool,
}

/// The role or user behind a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionIssuer {
    /// `Role`, `IAMUser` or `Root`.
    pub kind: IssuerKind,
    /// Its unique id.
    pub principal_id: String,
    /// Its ARN.
    pub arn: String,
    /// Its account.
    pub account: AccountId,
    /// Its name; the root user has none.
    pub user_name: Option<String>,
}

/// The kinds of session issuers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IssuerKind {
    /// A role.
    Role,
    /// An IAM user.
    IamUser,
    /// A root user.
    Root,
}

impl IssuerKind {
    /// CloudTrail's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::IamUser => "IAMUser",
            Self::Root => "Root",
        }
    }
}

/// What the client was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFailure {
    /// CloudTrail's code, such as `NoSuchEntityException`.
    pub code: String,
    /// The message of the answer.
    pub message: Option<String>,
}

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The action, such as `iam:GetUser`.
    pub action: String,
    /// The resource: an ARN, or `*`.
    pub resource: String,
}

/// What was denied, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDenial {
    /// What.
    pub asked: Asked,
    /// The layer of policies that denies it, or had to allow it and does not.
    pub layer: Option<String>,
    /// What the layer lacks or says.
    pub reason: String,
    /// Whether the call went on all the same, because enforcement only logs.
    pub let_through: bool,
    /// Under which the decision can be looked up.
    pub authorization_id: Option<String>,
}

impl Event {
    /// The event's id. Its first bits are the event's real time, so that it can be found by its id.
    pub fn id(&self) -> Uuid {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.random.to_be_bytes());
        random[8..].copy_from_slice(&self.sequence.to_be_bytes()[6..]);
        Builder::from_unix_timestamp_millis(self.sequence / 1000, &random).into_uuid()
    }

    /// The first of the sequence numbers that an event with this id can have; the last is 999 more.
    pub fn sequence_of(id: Uuid) -> Option<u64> {
        let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
        seconds.checked_mul(1_000_000)?.checked_add(u64::from(nanoseconds / 1000))
    }

    /// The service's name in CloudTrail.
    pub fn source_name(&self) -> String {
        format!("{}{SOURCE_SUFFIX}", self.service)
    }

    /// The name under which the caller is looked up: of a user, a session, or `root`.
    pub fn user_name(&self) -> Option<&str> {
        let identity = &self.identity;
        match identity.kind {
            IdentityKind::Root => Some("root"),
            IdentityKind::AssumedRole | IdentityKind::FederatedUser => {
                identity.principal_id.as_deref()?.split_once(':').map(|(_, session)| session)
            }
            IdentityKind::AwsService => identity.invoked_by.as_deref(),
            IdentityKind::AwsAccount => None,
            _ => identity.user_name.as_deref(),
        }
    }

    /// About how many bytes it takes in memory.
    pub fn size(&self) -> usize {
        let texts = [&self.parameters, &self.result].into_iter().flatten().map(String::len).sum::<usize>();
        texts + self.user_agent.len() + self.additions.size() + 1024
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An event of the user alice.
    pub fn example(sequence: u64, name: &str) -> Event {
        let account = AccountId::parse("123456789012").unwrap();
        Event {
            sequence,
            random: sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            time: Timestamp::from_seconds(1_769_862_896),
            account,
            shared_id: None,
            service: "iam".into(),
            name: name.to_owned().into(),
            region: "us-east-1".to_owned(),
            source: "127.0.0.1".to_owned(),
            user_agent: "aws-cli/2.15".to_owned(),
            request_id: "0e8d4e4e-0000-4000-8000-000000000000".to_owned(),
            identity: Arc::new(UserIdentity {
                kind: IdentityKind::IamUser,
                principal_id: Some("AIDACKCEVSQ6C2EXAMPLE".to_owned()),
                arn: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
                account: Some(account),
                access_key_id: Some("AKIAIOSFODNN7EXAMPLE".to_owned()),
                user_name: Some("alice".to_owned()),
                ..UserIdentity::default()
            }),
            read_only: true,
            management: true,
            failure: None,
            parameters: Some(r#"{"userName":"bob"}"#.to_owned()),
            result: None,
            asked: Vec::new(),
            denial: None,
            micros: 50,
            additions: Additions::default(),
        }
    }

    #[test]
    fn an_id_leads_back_to_its_events_place() {
        let event = example(1_769_862_896_123_456, "GetUser");
        let first = Event::sequence_of(event.id()).unwrap();
        assert!((first..first + 1000).contains(&event.sequence), "{first}");
        assert_eq!(Event::sequence_of(Uuid::nil()), None);
    }
}
