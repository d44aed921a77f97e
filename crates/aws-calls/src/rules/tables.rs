//! The tables that are part of the program.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use aws_reference::operations::{self, Service};

use super::Rules;

/// The tables by the services' names.
const TABLES: &[(&str, &str)] = &[
    ("apigateway", include_str!("../../data/rules/apigateway.toml")),
    ("apigatewaymanagementapi", include_str!("../../data/rules/apigatewaymanagementapi.toml")),
    ("apigatewayv2", include_str!("../../data/rules/apigatewayv2.toml")),
    ("bedrock-runtime", include_str!("../../data/rules/bedrock-runtime.toml")),
    ("cloudformation", include_str!("../../data/rules/cloudformation.toml")),
    ("cloudwatch", include_str!("../../data/rules/cloudwatch.toml")),
    ("dynamodb", include_str!("../../data/rules/dynamodb.toml")),
    ("dynamodbstreams", include_str!("../../data/rules/dynamodbstreams.toml")),
    ("ec2", include_str!("../../data/rules/ec2.toml")),
    ("ecr", include_str!("../../data/rules/ecr.toml")),
    ("ecs", include_str!("../../data/rules/ecs.toml")),
    ("eks", include_str!("../../data/rules/eks.toml")),
    ("events", include_str!("../../data/rules/events.toml")),
    ("firehose", include_str!("../../data/rules/firehose.toml")),
    ("kinesis", include_str!("../../data/rules/kinesis.toml")),
    ("kms", include_str!("../../data/rules/kms.toml")),
    ("lambda", include_str!("../../data/rules/lambda.toml")),
    ("logs", include_str!("../../data/rules/logs.toml")),
    ("pipes", include_str!("../../data/rules/pipes.toml")),
    ("rds", include_str!("../../data/rules/rds.toml")),
    ("scheduler", include_str!("../../data/rules/scheduler.toml")),
    ("secretsmanager", include_str!("../../data/rules/secretsmanager.toml")),
    ("sns", include_str!("../../data/rules/sns.toml")),
    ("sqs", include_str!("../../data/rules/sqs.toml")),
    ("ssm", include_str!("../../data/rules/ssm.toml")),
    ("stepfunctions", include_str!("../../data/rules/stepfunctions.toml")),
];

/// The names of the services that have a table.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(name, _)| *name)
}

/// The rules of a service. They are read when the service is first called.
pub fn of_service(service: &Service) -> Arc<Rules> {
    static READ: LazyLock<RwLock<HashMap<&'static str, Arc<Rules>>>> = LazyLock::new(RwLock::default);
    let name = service.summary.name;
    // A table is in the map whole or not at all, so a panic elsewhere does not matter.
    if let Some(rules) = READ.read().unwrap_or_else(PoisonError::into_inner).get(name) {
        return Arc::clone(rules);
    }
    let rules = Arc::new(read(service));
    READ.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(&rules));
    rules
}

/// The name and the rules of the service whose resources these are, by the namespace of their ARNs.
pub fn of_prefix(prefix: &str) -> Option<(&'static str, Arc<Rules>)> {
    let name = if prefix == "states" { "stepfunctions" } else { prefix };
    let (name, _) = TABLES.iter().find(|(table, _)| *table == name)?;
    Some((name, of_service(&*operations::service(name)?)))
}

#[expect(clippy::expect_used, reason = "the tables are part of the program, and a test reads all of them")]
fn read(service: &Service) -> Rules {
    let table = TABLES.iter().find(|(name, _)| *name == service.summary.name).map(|(_, text)| *text);
    let prefix = service.summary.prefix;
    let mut rules = match table {
        Some(table) => Rules::read_table(prefix, table).expect("the tables are right"),
        // The reference may not know the service yet: then nothing is known of its operations.
        None => Rules::read_table(prefix, "").unwrap_or_else(|_| Rules::empty(prefix)),
    };
    rules.derive(service);
    rules
}

#[cfg(test)]
mod tests {
    use crate::ask::{Code, Form};

    const WORDS: &str = include_str!("../../data/README.md");

    /// The names in the first column of the table under a heading.
    fn names(heading: &str) -> Vec<&'static str> {
        let (_, table) = WORDS.split_once(heading).unwrap();
        let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
        let rows = rows.take_while(|line| line.starts_with('|'));
        rows.flat_map(|row| row.split('|').nth(1).unwrap().split(','))
            .map(|name| name.trim().trim_matches('`'))
            .collect()
    }

    #[test]
    fn the_documented_forms_and_codes_exist() {
        assert!(names("## Forms").iter().all(|name| name.parse::<Form>().is_ok()));
        assert!(names("## Code").iter().all(|name| name.parse::<Code>().is_ok()));
        assert_eq!((names("## Forms").len(), names("## Code").len()), (14, 19));
    }
}
