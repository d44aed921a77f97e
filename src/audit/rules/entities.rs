//! Rules about users, groups and roles with their policies, and about server certificates.

use super::{Examination, Offender, Verdict, command};
use crate::account::{Account, Entity, Grantee, Group, ManagedPolicy, Permissions, Reference, Role, User};
use crate::catalogue::managed_policies as aws;
use crate::shapes::{ArnParts, Kind, Partition};

/// A user, group or role, which can have policies.
pub(super) struct Holder<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub arn: String,
    pub permissions: &'a Permissions,
    /// Whether AWS alone may change it.
    is_protected: bool,
}

impl<'a> Holder<'a> {
    fn of<G: Grantee>(account: &'a Account) -> impl Iterator<Item = Self> {
        G::table(account).iter().map(|grantee| Self {
            kind: G::KIND,
            name: grantee.name(),
            arn: grantee.arn(account.id),
            permissions: grantee.permissions(),
            is_protected: grantee.must_be_modifiable().is_err(),
        })
    }

    /// What is wrong with an attached policy, and the command that detaches it.
    pub fn offends_by_attached(&self, policy: &str) -> Offender {
        let kind = self.kind.arn_type();
        let template = format!("aws iam detach-{kind}-policy --{kind}-name {{}} --policy-arn {{}}");
        let reason = format!("the policy {policy} is attached to it");
        Offender::new(&self.arn, reason, command(&template, [self.name, policy]))
    }

    /// What is wrong with an inline policy, and the command that deletes it.
    pub fn offends_by_inline(&self, name: &str) -> Offender {
        let kind = self.kind.arn_type();
        let template = format!("aws iam delete-{kind}-policy --{kind}-name {{}} --policy-name {{}}");
        Offender::new(&self.arn, format!("it has the inline policy {name}"), command(&template, [self.name, name]))
    }
}

impl<'a> Examination<'a> {
    /// All users, groups and roles.
    pub(super) fn holders(&self) -> impl Iterator<Item = Holder<'a>> + use<'a> {
        let account = self.account();
        Holder::of::<User>(account).chain(Holder::of::<Group>(account)).chain(Holder::of::<Role>(account))
    }

    /// Those who have a policy of a kind attached, each an offender.
    pub(super) fn attached(&self, is_meant: impl Fn(&Holder<'_>, &str) -> bool) -> Verdict {
        let offenders = self.holders().flat_map(|holder| {
            let policies = holder.permissions.attached.iter().filter(|policy| is_meant(&holder, policy));
            policies.map(|policy| holder.offends_by_attached(policy)).collect::<Vec<_>>()
        });
        offenders.collect::<Vec<_>>().into()
    }

    fn partition(&self) -> Partition {
        self.id().partition()
    }

    /// Who has a policy attached.
    fn has<G: Grantee>(&self, policy: &str) -> Vec<&'a G> {
        self.account().referrers::<G>(&Reference::AttachedPolicy(policy.to_owned())).collect()
    }

    fn has_members(&self, group: &Group) -> bool {
        self.account().referrers::<User>(&Reference::Group(group.key())).next().is_some()
    }
}

pub(super) fn users_have_no_policies(x: &Examination<'_>) -> Verdict {
    let users = x.holders().filter(|holder| holder.kind == Kind::User);
    let offenders = users.flat_map(|user| {
        let attached = user.permissions.attached.iter().map(|policy| user.offends_by_attached(policy));
        let inline = user.permissions.inline.keys().map(|name| user.offends_by_inline(name));
        attached.chain(inline).collect::<Vec<_>>()
    });
    offenders.collect::<Vec<_>>().into()
}

pub(super) fn nothing_has_inline_policies(x: &Examination<'_>) -> Verdict {
    let offenders = x.holders().flat_map(|holder| {
        holder.permissions.inline.keys().map(|name| holder.offends_by_inline(name)).collect::<Vec<_>>()
    });
    offenders.collect::<Vec<_>>().into()
}

pub(super) fn no_forbidden_policies(x: &Examination<'_>) -> Verdict {
    let (forbidden, exceptions) = (x.values.list("policyArns"), x.values.list("exceptionList"));
    x.attached(|holder, policy| {
        let name = policy.rsplit('/').next().unwrap_or_default();
        let is_aws = ArnParts::parse(policy).is_some_and(|arn| arn.account == "aws");
        (forbidden.contains(&policy) || (is_aws && forbidden.contains(&name))) && !is_excepted(holder, &exceptions)
    })
}

/// Exceptions are written `users:[ann;bob]`, `groups:[…]` and `roles:[…]`.
fn is_excepted(holder: &Holder<'_>, exceptions: &[&str]) -> bool {
    let names = exceptions.iter().filter_map(|exception| {
        let (kind, names) = exception.split_once(":[")?;
        (kind.strip_suffix('s') == Some(holder.kind.arn_type())).then(|| names.trim_end_matches(']'))
    });
    names.flat_map(|names| names.split(';')).any(|name| name.trim() == holder.name)
}

fn aws_policy(partition: Partition, name: &str) -> String {
    format!("arn:{partition}:iam::aws:policy/{name}")
}

pub(super) fn support_is_given(x: &Examination<'_>) -> Verdict {
    let policy = aws_policy(x.partition(), "AWSSupportAccess");
    let mend = command("aws iam attach-role-policy --role-name ROLE --policy-arn {}", [&policy]);
    let is_missing = x.has::<Role>(&policy).is_empty();
    is_missing.then(|| Offender::new(policy, "no role has it", mend)).into()
}

pub(super) fn cloudshell_is_not_given(x: &Examination<'_>) -> Verdict {
    let policy = aws_policy(x.partition(), "AWSCloudShellFullAccess");
    x.attached(|_, attached| attached == policy)
}

pub(super) fn policy_is_in_use(x: &Examination<'_>) -> Verdict {
    let usage = x.values.list("policyUsageType");
    let counts = |kind: &str| usage.iter().any(|usage| *usage == kind || *usage == "ANY");
    let is_in_use = |policy: &str| {
        (counts("IAM_USER") && !x.has::<User>(policy).is_empty())
            || (counts("IAM_ROLE") && !x.has::<Role>(policy).is_empty())
            || (counts("IAM_GROUP") && x.has::<Group>(policy).into_iter().any(|group| x.has_members(group)))
    };
    let unused = x.values.list("policyARN").into_iter().filter(|policy| !is_in_use(policy));
    let offender = |policy: &str| {
        let (kind, name) = match usage.first() {
            Some(&"IAM_USER") => ("user", "USER"),
            Some(&"IAM_ROLE") => ("role", "ROLE"),
            _ => ("group", "GROUP"),
        };
        let template = format!("aws iam attach-{kind}-policy --{kind}-name {name} --policy-arn {{}}");
        Offender::new(policy, "nothing has it", command(&template, [policy]))
    };
    unused.map(offender).collect::<Vec<_>>().into()
}

/// Roles that AWS alone may change have the policies that AWS wants.
pub(super) fn roles_have_policies(x: &Examination<'_>) -> Verdict {
    let required = x.values.list("managedPolicyArns");
    let roles = x.holders().filter(|holder| holder.kind == Kind::Role && !holder.is_protected);
    let offenders = roles.flat_map(|role| {
        let missing = required.iter().filter(|policy| !role.permissions.attached.iter().any(|one| one == *policy));
        let offender = |policy: &&str| {
            let mend = command("aws iam attach-role-policy --role-name {} --policy-arn {}", [role.name, policy]);
            Offender::new(&role.arn, format!("it lacks the policy {policy}"), mend)
        };
        missing.map(offender).collect::<Vec<_>>()
    });
    offenders.collect::<Vec<_>>().into()
}

pub(super) fn users_are_in_groups(x: &Examination<'_>) -> Verdict {
    let required = x.values.list("groupNames");
    let offenders = x.account().users.iter().flat_map(|user| {
        let join = |group: &str| {
            let mend = command("aws iam add-user-to-group --user-name {} --group-name {}", [&user.name, group]);
            let reason =
                if required.is_empty() { "it is in no group".to_owned() } else { format!("it is not in {group}") };
            Offender::new(x.arn(&**user), reason, mend)
        };
        match required.is_empty() {
            true => user.groups.is_empty().then(|| join("GROUP")).into_iter().collect::<Vec<_>>(),
            false => {
                let missing = required.iter().filter(|group| !user.groups.contains(&crate::account::name_key(group)));
                missing.map(|group| join(group)).collect()
            }
        }
    });
    offenders.collect::<Vec<_>>().into()
}

pub(super) fn groups_have_users(x: &Examination<'_>) -> Verdict {
    let empty = x.account().groups.iter().filter(|group| !x.has_members(group));
    let offender = |group: &Group| {
        let mend = command("aws iam add-user-to-group --group-name {} --user-name USER", [&group.name]);
        Offender::new(x.arn(group), "it has no members", mend)
    };
    empty.map(|group| offender(group)).collect::<Vec<_>>().into()
}

pub(super) fn certificates_are_valid(x: &Examination<'_>) -> Verdict {
    let certificates = &x.account().server_certificates;
    let expired = certificates.iter().filter(|certificate| certificate.expires <= x.subject.now);
    let offenders = expired.map(|certificate| {
        let template = "aws iam delete-server-certificate --server-certificate-name {}";
        let reason = format!("it expired at {}", certificate.expires);
        Offender::new(x.arn(&**certificate), reason, command(template, [&certificate.name]))
    });
    offenders.collect::<Vec<_>>().into()
}

/// The document of one of AWS's policies.
pub(super) fn aws_document(arn: &str) -> Option<std::sync::Arc<str>> {
    aws::get(arn).map(|policy| policy.document())
}

/// Whether a policy is a permissions boundary.
pub(super) fn is_boundary(x: &Examination<'_>, policy: &ManagedPolicy) -> bool {
    x.account().count_referrers(&Reference::PermissionsBoundary(x.arn(policy))) > 0
}
