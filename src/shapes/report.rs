//! The parameters of reports.

use super::{Pattern, Text, enums, lists, texts};

static NAMESPACE: Pattern = Pattern::new(r"[\w-]*");
static ENTITY_PATH: Pattern = Pattern::new(r"^o-[0-9a-z]{10,32}\/r-[0-9a-z]{4,32}[0-9a-z-\/]*");
static ORGANIZATIONS_POLICY: Pattern = Pattern::new(r"^p-[0-9a-zA-Z_]{8,128}$");

texts! {
    /// The id of a report's job (`jobIDType`).
    JobId = Text::length(36, 36);
    /// The namespace of a service, such as `iam` (`serviceNamespaceType`).
    ServiceNamespace = Text::length(1, 64).matching(&NAMESPACE);
    /// The path of an organization's root, unit or account (`organizationsEntityPathType`).
    OrganizationsEntityPath = Text::length(19, 427).matching(&ENTITY_PATH);
    /// The id of a policy of the organization (`organizationsPolicyIdType`).
    OrganizationsPolicyId = Text::length(0, usize::MAX).matching(&ORGANIZATIONS_POLICY);
}

lists! {
    /// Namespaces of services (`serviceNamespaceListType`).
    ServiceNamespaces = [ServiceNamespace; 1..=200];
}

enums! {
    /// How detailed a report of service access is (`AccessAdvisorUsageGranularityType`).
    Granularity { ServiceLevel = "SERVICE_LEVEL", ActionLevel = "ACTION_LEVEL" }
    /// The order of a report (`sortKeyType`).
    SortKey {
        NamespaceAscending = "SERVICE_NAMESPACE_ASCENDING",
        NamespaceDescending = "SERVICE_NAMESPACE_DESCENDING",
        TimeAscending = "LAST_AUTHENTICATED_TIME_ASCENDING",
        TimeDescending = "LAST_AUTHENTICATED_TIME_DESCENDING",
    }
}
