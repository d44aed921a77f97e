//! Which policies of an entity grant access to a service.

use serde::{Deserialize, Serialize};

use crate::account::{Granting, Subject};
use crate::call::{Access, AccountRef, Context, Listing, Members, Paging, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::iam::reports::service_grants::{grants, is_namespace, subject, subject_target, unsupported};
use crate::shapes::{Arn, ArnParts, Kind, Marker, ServiceNamespaces};

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
        Access::to(subject_target(&self.arn))
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, ServicePolicies>> {
        let granting = cx.account.granting(self.identity(cx)?);
        let mut namespaces: Vec<&str> = Vec::new();
        for namespace in self.service_namespaces.iter() {
            if !namespaces.contains(&&**namespace) {
                namespaces.push(namespace);
            }
        }
        let unknown: Vec<&str> = namespaces.iter().copied().filter(|namespace| !is_namespace(namespace)).collect();
        if !unknown.is_empty() {
            let message = format!("Invalid service namespace: [{}]", unknown.join(", "));
            return Err(Error::new(Code::InvalidInput, message));
        }
        // In the order of the request, so a page's marker holds the place.
        let places = namespaces.into_iter().enumerate().map(|(place, namespace)| (format!("{place:03}"), namespace));
        let places = places.filter(move |(place, _)| after.is_none_or(|after| place.as_str() > after));
        Ok(Box::new(places.map(move |(place, namespace)| {
            let policies = granting.iter().filter(|granting| grants(granting, namespace)).map(GrantingShape::of);
            (place, ServicePolicies { service_namespace: namespace.to_owned(), policies: policies.collect() })
        })))
    }
}

impl ListPoliciesGrantingServiceAccess {
    fn identity<'a>(&'a self, cx: &'a Context<'_, impl AccountRef>) -> Result<Subject<'a>> {
        if ArnParts::parse(&self.arn).is_some_and(|parts| parts.service == "iam" && parts.resource == "root") {
            let message = format!("Could not extract entity from ARN : {}", self.arn);
            return Err(Error::new(Code::InvalidInput, message));
        }
        match subject(cx, &self.arn)? {
            Subject::Policy(arn) => Err(unsupported(arn)),
            identity => Ok(identity),
        }
    }
}

operations!(IAM: query ListPoliciesGrantingServiceAccess);
