//! Facts that only the upstream knows.
//!
//! [`questions`](crate::questions::Asked) is a pure function of the request and of the facts given to it. What is missing
//! comes back as a [`Need`]. The caller looks it up at the upstream, puts the answer into [`Facts`] and asks
//! again; the answer then appears in the questions, as their resource or under its condition keys.

use std::collections::HashMap;

/// A fact that only the upstream knows. ARNs name the account and region to ask in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// The tags of this resource: `aws:ResourceTag/K`, and the service's own key for the same. Answer: [`Fact::Tags`].
    Tags {
        /// The resource's ARN.
        resource: String,
    },
    /// The tags of an object in S3: `s3:ExistingObjectTag/K`. Answer: [`Fact::Tags`].
    ObjectTags {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The version; none is the current one.
        version: Option<String>,
    },
    /// The tags of a bucket, if access control by tags is on for it: `s3:BucketTag/K`, `aws:ResourceTag/K`. Answer:
    /// [`Fact::Tags`], or [`Fact::Missing`] if it is off.
    BucketTags {
        /// The bucket.
        bucket: String,
    },
    /// The partition key of a table, or of one of its indexes: `dynamodb:LeadingKeys`. Answer: [`Fact::Texts`], the names
    /// of the attributes of the partition key in their order (an index may have up to four).
    KeySchema {
        /// The table's ARN.
        table: String,
        /// The index, by name.
        index: Option<String>,
    },
    /// The KMS key that an alias stands for. Answer: [`Fact::Text`], the key's ARN.
    KeyOfAlias {
        /// The alias's ARN.
        alias: String,
    },
    /// The aliases of a KMS key: `kms:ResourceAliases`. Answer: [`Fact::Texts`], names such as `alias/app`.
    AliasesOfKey {
        /// The key's ARN.
        key: String,
    },
    /// What a KMS key is: `kms:KeySpec`, `kms:KeyUsage`, `kms:KeyOrigin`, `kms:MultiRegion`, `kms:MultiRegionKeyType`.
    /// Answer: [`Fact::Tags`], the condition keys with their values.
    KeyProperties {
        /// The key's ARN.
        key: String,
    },
    /// The key that encrypted the ciphertext of a request that names none. The answer of the call itself names it, so
    /// the call has to run before it can be decided. Answer: [`Fact::Text`], the key's ARN.
    KeyOfCiphertext,
    /// The whole ARN of a secret, with the six characters at its end. Answer: [`Fact::Text`].
    SecretArn {
        /// The name, or an ARN with or without those characters, as the request has it.
        id: String,
        /// The account to ask in.
        account: String,
        /// The region to ask in.
        region: String,
    },
    /// The resource that an opaque token of an earlier answer stands for, such as a shard iterator. No read of the
    /// upstream answers this. Answer: [`Fact::Text`], the resource's ARN, or [`Fact::Missing`]: the question is then
    /// about all resources.
    ResourceOfToken {
        /// The operation that takes the token, such as `GetRecords`.
        operation: String,
        /// The token.
        token: String,
    },
}

/// What a need turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The upstream knows nothing of it.
    Missing,
    /// One text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Names with their values.
    Tags(Vec<(String, String)>),
}

/// The facts that are known.
#[derive(Clone, Debug, Default)]
pub struct Facts(HashMap<Need, Fact>);

impl Facts {
    /// No facts.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds the answer to a need.
    pub fn insert(&mut self, need: Need, fact: Fact) {
        self.0.insert(need, fact);
    }

    /// The answer to a need, if it is known.
    pub fn get(&self, need: &Need) -> Option<&Fact> {
        self.0.get(need)
    }
}

/// When a need has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matters {
    /// Always: the question's resource depends on it.
    Always,
    /// If a policy mentions a condition key that begins with one of these, without regard to case.
    ToKeys(&'static [&'static str]),
}

impl Need {
    /// When the need has to be answered.
    pub fn matters(&self) -> Matters {
        match self {
            Self::KeyOfAlias { .. } | Self::KeyOfCiphertext | Self::SecretArn { .. } | Self::ResourceOfToken { .. } => {
                Matters::Always
            }
            Self::Tags { .. } => Matters::ToKeys(TAG_KEYS),
            Self::ObjectTags { .. } => Matters::ToKeys(&["s3:ExistingObjectTag/"]),
            Self::BucketTags { .. } => Matters::ToKeys(&["s3:BucketTag/", "aws:ResourceTag/"]),
            Self::KeySchema { .. } => Matters::ToKeys(KEY_SCHEMA_KEYS),
            Self::AliasesOfKey { .. } => Matters::ToKeys(&["kms:ResourceAliases"]),
            Self::KeyProperties { .. } => Matters::ToKeys(KEY_PROPERTY_KEYS),
        }
    }
}

/// The prefixes under which services see the tags of a resource.
const TAG_KEYS: &[&str] = &[
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "ecr:ResourceTag/",
    "ecs:ResourceTag/",
    "secretsmanager:ResourceTag/",
    "ssm:resourceTag/",
];

const KEY_SCHEMA_KEYS: &[&str] = &[
    "dynamodb:LeadingKeys",
    "dynamodb:FirstPartitionKeyValues",
    "dynamodb:SecondPartitionKeyValues",
    "dynamodb:ThirdPartitionKeyValues",
    "dynamodb:FourthPartitionKeyValues",
];

const KEY_PROPERTY_KEYS: &[&str] = &[
    "kms:CustomerMasterKeySpec",
    "kms:CustomerMasterKeyUsage",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:MultiRegion",
];
