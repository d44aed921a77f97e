//! What the editor edits: a managed policy, an inline policy, or a role's trust policy.

use iam_policy::Grammar;
use serde_json::{Value, json};

use crate::console::pages::parts::{path, plain, shown, with_query};
use crate::console::visit::Visit;
use crate::error::Error;

/// The kinds of documents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A managed policy; its owner is the ARN.
    Managed,
    /// An inline policy of a user.
    User,
    /// An inline policy of a group.
    Group,
    /// An inline policy of a role.
    Role,
    /// The trust policy of a role.
    Trust,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Managed, Self::User, Self::Group, Self::Role, Self::Trust];

    /// The word in URLs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Trust => "trust",
        }
    }

    /// The entry of the menu.
    pub fn section(self) -> &'static str {
        match self {
            Self::Managed => "policies",
            Self::User => "users",
            Self::Group => "groups",
            Self::Role | Self::Trust => "roles",
        }
    }

    /// What its documents are checked as.
    pub fn grammar(self) -> Grammar {
        match self {
            Self::Managed => Grammar::Managed,
            Self::User | Self::Group | Self::Role => Grammar::Identity,
            Self::Trust => Grammar::Trust,
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The parameter with the owner.
    fn owner(self) -> &'static str {
        match self {
            Self::Managed => "PolicyArn",
            Self::User => "UserName",
            Self::Group => "GroupName",
            Self::Role | Self::Trust => "RoleName",
        }
    }

    /// Whether documents of this kind have a name.
    pub fn is_inline(self) -> bool {
        matches!(self, Self::User | Self::Group | Self::Role)
    }
}

/// A document.
pub struct Subject {
    /// The kind.
    pub kind: Kind,
    /// The ARN of a managed policy, or the name of the entity.
    pub owner: String,
    /// The name of an inline policy; empty for a new one.
    pub name: String,
}

impl Subject {
    /// What a request is about.
    pub fn read(visit: &Visit) -> Option<Self> {
        let kind = Kind::parse(visit.sent.field("kind"))?;
        let owner = visit.sent.field("owner").to_owned();
        let name = if kind.is_inline() { visit.sent.field("name").to_owned() } else { String::new() };
        (!owner.is_empty()).then_some(Self { kind, owner, name })
    }

    /// The place of the editor for this document.
    pub fn editor(&self) -> String {
        let mut query = vec![("kind", self.kind.word()), ("owner", self.owner.as_str())];
        if !self.name.is_empty() {
            query.push(("name", &self.name));
        }
        with_query("/console/policy-editor", &query)
    }

    /// The page of what has the document.
    pub fn page(&self) -> String {
        path(self.kind.section(), &self.owner)
    }

    /// The heading.
    pub fn title(&self) -> String {
        match self.kind {
            Kind::Managed => format!("Policy {}", self.owner.rsplit('/').next().unwrap_or_default()),
            Kind::Trust => format!("Trust policy of role {}", self.owner),
            kind if self.name.is_empty() => format!("New inline policy of {} {}", kind.word(), self.owner),
            kind => format!("Inline policy {} of {} {}", self.name, kind.word(), self.owner),
        }
    }

    /// The operation that saves it.
    pub fn operation(&self) -> &'static str {
        match self.kind {
            Kind::Managed => "iam:CreatePolicyVersion",
            Kind::User => "iam:PutUserPolicy",
            Kind::Group => "iam:PutGroupPolicy",
            Kind::Role => "iam:PutRolePolicy",
            Kind::Trust => "iam:UpdateAssumeRolePolicy",
        }
    }

    /// Its parameters besides the document.
    pub fn parameters(&self) -> Vec<(&'static str, &str)> {
        let mut parameters = vec![(self.kind.owner(), self.owner.as_str())];
        match self.kind {
            Kind::Managed => parameters.push(("SetAsDefault", "true")),
            Kind::Trust => {}
            _ if self.name.is_empty() => {}
            _ => parameters.push(("PolicyName", &self.name)),
        }
        parameters
    }

    /// What the button says.
    pub fn button(&self) -> &'static str {
        match self.kind {
            Kind::Managed => "Save as a new version in force",
            Kind::Trust => "Save the trust policy",
            _ => "Save the policy",
        }
    }

    /// The document in force; empty for a policy that does not exist yet.
    ///
    /// # Errors
    /// Those of the operations that read it.
    pub async fn document(&self, visit: &Visit) -> Result<String, Error> {
        let owner = (self.kind.owner(), self.owner.as_str());
        let named = [owner, ("PolicyName", self.name.as_str())];
        let document = match self.kind {
            Kind::Managed => {
                let policy = visit.iam("GetPolicy", &[owner]).await?;
                let version = policy.get("Policy").map(|policy| shown(policy, "DefaultVersionId")).unwrap_or_default();
                let found = visit.iam("GetPolicyVersion", &[owner, ("VersionId", &version)]).await?;
                found.get("PolicyVersion").map(|version| shown(version, "Document")).unwrap_or_default()
            }
            Kind::Trust => {
                let role = visit.iam("GetRole", &[owner]).await?;
                role.get("Role").map(|role| shown(role, "AssumeRolePolicyDocument")).unwrap_or_default()
            }
            _ if self.name.is_empty() => String::new(),
            Kind::User => shown(&visit.iam("GetUserPolicy", &named).await?, "PolicyDocument"),
            Kind::Group => shown(&visit.iam("GetGroupPolicy", &named).await?, "PolicyDocument"),
            Kind::Role => shown(&visit.iam("GetRolePolicy", &named).await?, "PolicyDocument"),
        };
        Ok(plain(&document))
    }
}

/// The document with one more statement; `None` if it has no statements to add to.
pub fn with_statement(document: &str, statement: Value) -> Option<String> {
    let mut document: Value = match document {
        "" => json!({"Version": "2012-10-17", "Statement": []}),
        document => serde_json::from_str(document).ok()?,
    };
    let statements = document.get_mut("Statement")?;
    match statements {
        Value::Array(all) => all.push(statement),
        Value::Object(_) => *statements = Value::Array(vec![statements.take(), statement]),
        _ => return None,
    }
    serde_json::to_string_pretty(&document).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_joins_the_others() {
        let added = |document: &str| {
            let text = with_statement(document, json!({"Sid": "new"}))?;
            let document: Value = serde_json::from_str(&text).unwrap();
            let statements = document.get("Statement").and_then(Value::as_array).unwrap().iter();
            Some(statements.map(|statement| shown(statement, "Sid")).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(added("").as_deref(), Some("new"));
        assert_eq!(added(r#"{"Statement": {"Sid": "a"}}"#).as_deref(), Some("a new"));
        assert_eq!(added(r#"{"Statement": [{"Sid": "a"}, {"Sid": "b"}]}"#).as_deref(), Some("a b new"));
        for none in ["{}", "[]", "{", r#"{"Statement": "x"}"#] {
            assert_eq!(added(none), None, "{none}");
        }
    }
}
