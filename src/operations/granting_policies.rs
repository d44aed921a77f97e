//! Which policies of an entity grant access to a service.

use serde::{Deserialize, Serialize};

use super::service_access::grants;
use super::{Access, Context, Listing, Members, Paging, Target, operations};
use crate::account::Granting;
use crate::error::{Code, Result};
use crate::shapes::{Arn, Kind, Marker, ServiceNamespaces};

/// Lists, for each of some services, the policies of a user, group or role that grant access to it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesGrantingServiceAccess {
    marker: Option<Marker>,
    arn: Arn,
    service_namespaces: ServiceNamespaces,
}

/// A service and the policies that grant access to it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServicePolicies {
    service_namespace: String,
    policies: Vec<GrantingShape>,
}

/// A policy in an answer. An inline policy has no ARN but an owner, a managed one the reverse.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GrantingShape {
    policy_name: String,
    policy_type: &'static str,
    policy_arn: Option<String>,
    entity_type: Option<&'static str>,
    entity_name: Option<String>,
}

impl GrantingShape {
    fn of(granting: &Granting<'_>) -> Self {
        let Some(name) = granting.inline else {
            return Self {
                policy_name: granting.source.id.to_string(),
                policy_type: "MANAGED",
                policy_arn: granting.source.arn.as_deref().map(str::to_owned),
                entity_type: None,
                entity_name: None,
            };
        };
        let (kind, owner) = granting.owner;
        let entity_type = match kind {
            Kind::User => "USER",
            Kind::Group => "GROUP",
            _ => "ROLE",
        };
        Self {
            policy_name: name.to_owned(),
            policy_type: "INLINE",
            policy_arn: None,
            entity_type: Some(entity_type),
            entity_name: Some(owner.to_owned()),
        }
    }
}

impl Listing for ListPoliciesGrantingServiceAccess {
    type Item = ServicePolicies;

    const MEMBERS: &'static str = "PoliciesGrantingServiceAccess";
    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &None)
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::Arn(self.arn.as_str().into()))
    }

    fn members<'a>(&'a self, cx: &'a Context<'_>, after: Option<&'a str>) -> Result<Members<'a, ServicePolicies>> {
        let granting = cx.account.granting(cx.account.identity(&self.arn)?);
        let mut namespaces: Vec<&str> = self.service_namespaces.iter().map(|namespace| &**namespace).collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        let namespaces = namespaces.into_iter().filter(move |namespace| after.is_none_or(|after| *namespace > after));
        Ok(Box::new(namespaces.map(move |namespace| {
            let policies = granting.iter().filter(|granting| grants(granting, namespace)).map(GrantingShape::of);
            (
                namespace.to_owned(),
                ServicePolicies { service_namespace: namespace.to_owned(), policies: policies.collect() },
            )
        })))
    }
}

operations!(Iam: ListPoliciesGrantingServiceAccess);
