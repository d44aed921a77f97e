//! The service-linked roles that `CreateServiceLinkedRole` can make: one for each service principal.

use aws_reference::Index;

use crate::shapes::Partition;

const INDEX: Index = Index::new(include_str!("../../data/service-linked-roles.tsv"));

/// The role that a service defines for itself in every account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLinkedRole {
    /// The service principal, which alone may assume the role: `elasticloadbalancing.amazonaws.com`.
    pub service: &'static str,
    /// The name without suffix: `AWSServiceRoleForElasticLoadBalancing`.
    pub role_name: &'static str,
    /// The name of the AWS-managed policy that is attached to the role.
    pub policy_name: &'static str,
    /// Whether an account may have several such roles, distinguished by a `CustomSuffix`.
    pub takes_suffix: bool,
    /// The description that the service gives the role when it makes it itself, where that is known.
    pub description: Option<&'static str>,
}

/// The role of the service with that principal, which is case-sensitive.
pub fn get(service: &str) -> Option<ServiceLinkedRole> {
    INDEX.get(service).and_then(ServiceLinkedRole::parse).filter(|role| role.service == service)
}

/// All roles, in the order of the service principals.
pub fn iter() -> impl Iterator<Item = ServiceLinkedRole> {
    INDEX.lines().filter_map(ServiceLinkedRole::parse)
}

impl ServiceLinkedRole {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self {
            service: columns.next()?,
            role_name: columns.next()?,
            policy_name: columns.next()?,
            takes_suffix: columns.next()? == "yes",
            description: columns.next().filter(|description| !description.is_empty()),
        })
    }

    /// The role's path: `/aws-service-role/elasticloadbalancing.amazonaws.com/`.
    pub fn path(&self) -> String {
        format!("/aws-service-role/{}/", self.service)
    }

    /// The ARN of the attached policy.
    pub fn policy_arn(&self, partition: Partition) -> String {
        format!("arn:{partition}:iam::aws:policy/aws-service-role/{}", self.policy_name)
    }

    /// The trust policy, as `GetRole` shows it: only the service may assume the role.
    pub fn trust_policy(&self) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}}"#,
            self.service
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::managed_policies;
    use super::*;
    use serde_json::{Value, json};
    use std::collections::HashSet;

    #[test]
    fn every_line_is_a_role_in_order_and_found() {
        let services: Vec<_> = iter().map(|role| role.service).collect();
        assert_eq!(services.len(), 306);
        assert_eq!(INDEX.lines().count(), services.len(), "a line of the table was not understood");
        assert!(services.is_sorted_by(|one, next| one < next));
        for role in iter() {
            assert_eq!(get(role.service), Some(role));
        }
    }

    #[test]
    fn every_role_has_a_name_and_a_policy_of_its_own() {
        let names: HashSet<_> = iter().map(|role| role.role_name).collect();
        let policies: HashSet<_> = iter().map(|role| role.policy_name).collect();
        assert_eq!((names.len(), policies.len()), (iter().count(), iter().count()));
    }

    #[test]
    fn every_role_is_named_as_aws_names_them() {
        for role in iter() {
            assert!(role.service.ends_with(".amazonaws.com"), "{}", role.service);
            assert!(role.role_name.starts_with("AWSServiceRoleFor"), "{}", role.role_name);
            assert!(role.role_name.len() <= 64, "{}", role.role_name);
        }
    }

    #[test]
    fn every_attached_policy_is_one_of_awss_for_service_linked_roles() {
        for role in iter() {
            let policy = managed_policies::get(&role.policy_arn(Partition::Aws))
                .unwrap_or_else(|| panic!("{}", role.policy_arn(Partition::Aws)));
            assert_eq!(policy.path, "/aws-service-role/");
        }
    }

    #[test]
    fn only_the_service_is_trusted() {
        for role in iter() {
            let trust: Value = serde_json::from_str(&role.trust_policy()).unwrap();
            let statement =
                json!({"Effect": "Allow", "Principal": {"Service": role.service}, "Action": "sts:AssumeRole"});
            assert_eq!(trust, json!({"Version": "2012-10-17", "Statement": [statement]}));
        }
    }

    #[test]
    fn a_role_has_what_aws_shows() {
        let role = get("autoscaling.amazonaws.com").unwrap();
        assert_eq!(role.role_name, "AWSServiceRoleForAutoScaling");
        assert_eq!(role.policy_name, "AutoScalingServiceRolePolicy");
        assert_eq!(role.path(), "/aws-service-role/autoscaling.amazonaws.com/");
        assert!(role.takes_suffix);
        assert!(role.description.unwrap().starts_with("Default Service-Linked Role enables access"));

        let role = get("elasticloadbalancing.amazonaws.com").unwrap();
        assert!(!role.takes_suffix);
        assert_eq!(role.description, Some("Allows ELB to call AWS services on your behalf."));
        assert_eq!(get("config.amazonaws.com").unwrap().description, None);
    }

    #[test]
    fn a_principal_is_compared_to_the_letter() {
        for service in ["Autoscaling.amazonaws.com", "autoscaling", "autoscaling.amazonaws.com.cn", ""] {
            assert_eq!(get(service), None, "{service}");
        }
    }
}
