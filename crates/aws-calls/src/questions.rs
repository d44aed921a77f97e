//! What a call asks permission for.

use crate::needs::Need;

/// What the questions of a call depend on besides the request: who asks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The partition of the caller: `aws`.
    pub partition: String,
    /// The region in the credential scope: `eu-central-1`.
    pub region: String,
    /// The caller's account, twelve digits.
    pub account: String,
}

/// The questions of a call. All must be allowed; the first that is not gives the sentence, so the main action is first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// At least one.
    pub questions: Vec<Question>,
    /// What only the upstream knows and no fact has answered yet. A need that [always matters](Need::matters) must be
    /// answered before the questions can be decided; any other only if a policy mentions one of its keys. Put the
    /// answers into the facts and ask again.
    pub needs: Vec<Need>,
}

/// One action on one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// The action with its prefix: `s3:GetObject`.
    pub action: String,
    /// The ARN, or `*` where the action has no resource or it is not known.
    pub resource: String,
    /// The type of the resource in the service authorization reference: `queue`. None: `*`, or a resource of S3.
    pub resource_type: Option<String>,
    /// Other ARNs under which policies know the same resource: a statement that names one of them names the resource.
    pub spellings: Vec<String>,
    /// Condition keys that the request gives, in AWS's spelling. A key without values was sent and is empty.
    pub keys: Vec<(String, Vec<String>)>,
    /// The account that owns the resource.
    pub owner: Owner,
    /// Whether another account's resource policy can allow the action at all. If not, a caller from elsewhere is denied.
    pub across_accounts: bool,
    /// How AWS's sentence of denial differs from the usual.
    pub sentence: Sentence,
    /// The element of the request that this question is about, where AWS answers the others and reports this one.
    pub part: Option<String>,
    /// How sure it is that AWS asks this.
    pub mapping: Mapping,
}

/// Who owns a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    /// The caller's account.
    #[default]
    Caller,
    /// The account that the ARN, queue URL or registry names.
    Account(String),
    /// The account that created this bucket.
    Bucket(String),
}

/// What differs from `User: … is not authorized to perform: {action} on resource: {resource} because …`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// The action as AWS writes it: `sqs:sendmessage`, `SNS:Publish`. None: as in the policy.
    pub action: Option<String>,
    /// What AWS names as the resource.
    pub resource: Shown,
}

/// The resource in a sentence of denial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// `on resource: {the question's resource}`.
    #[default]
    Resource,
    /// `on resource: {this text}`.
    Text(String),
    /// `on the resource associated with this ciphertext`.
    Ciphertext,
    /// No words about a resource.
    Nothing,
}

/// How sure a mapping is; the surest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mapping {
    /// A table says so.
    #[default]
    Exact,
    /// Operation, action and resource have fitting names.
    Derived,
    /// The operation exists; its resource is unknown, so the question is about `*`.
    Assumed,
}
