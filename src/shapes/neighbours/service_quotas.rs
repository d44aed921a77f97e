//! Parameters of Service Quotas.

use super::{Pattern, Text, enums, numbers, texts};

static SERVICE: Pattern = Pattern::new("[a-zA-Z][a-zA-Z0-9-]{1,63}");
static QUOTA: Pattern = Pattern::new("[a-zA-Z][a-zA-Z0-9-]{1,128}");
static TOKEN: Pattern = Pattern::new("[a-zA-Z0-9/+]*={0,2}");

texts! {
    /// A service, such as `iam` (`ServiceCode`).
    ServiceCode = Text::length(1, 63).matching(&SERVICE);
    /// A quota of a service, such as `L-FE177D64` (`QuotaCode`).
    QuotaCode = Text::length(1, 128).matching(&QUOTA);
    /// Where the next page of a listing begins (`NextToken`).
    QuotasNextToken = Text::length(0, 2048).matching(&TOKEN);
}

numbers! {
    /// The most members of a page.
    QuotasPageSize = 1..=100;
}

enums! {
    /// What quotas are applied to (`AppliedLevelEnum`).
    AppliedLevel { Account = "ACCOUNT", Resource = "RESOURCE", All = "ALL" }
}
