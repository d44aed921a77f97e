//! The rule about the organization.

use super::{Examination, Offender, Verdict};

pub(super) fn has_account(x: &Examination<'_>) -> Verdict {
    let organization = x.subject.organization.filter(|organization| organization.contains(x.id()));
    let wanted = x.values.list("MasterAccountId");
    let management = organization.map(|organization| organization.management_account.to_string());
    let reason = match &management {
        None => Some("the account belongs to no organization".to_owned()),
        Some(management) if !wanted.is_empty() && !wanted.contains(&management.as_str()) => {
            Some(format!("the organization's management account is {management}"))
        }
        Some(_) => None,
    };
    let mend = "aws organizations invite-account-to-organization --target Id=ACCOUNT,Type=ACCOUNT";
    let mend = mend.replace("Id=ACCOUNT", &format!("Id={}", x.id()));
    reason.map(|reason| Offender::new(x.id().root_arn(), reason, mend)).into()
}
