//! The context keys that policies ask for.

use super::Policy;

/// The keys that a policy names in conditions and as variables, as written: each spelling once, as AWS lists them.
pub fn context_keys(policy: &Policy) -> impl Iterator<Item = &str> {
    let mut seen = std::collections::HashSet::new();
    policy.statements().iter().flat_map(super::Statement::context_keys).filter(move |key| seen.insert(*key))
}

#[cfg(test)]
mod tests {
    use super::super::Grammar;
    use super::*;

    #[test]
    fn every_spelling_of_a_key_comes_once() {
        let text = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}/${aws:PrincipalTag/t, 'x'}",
             "Condition": {"StringEquals": {"AWS:UserName": ["${aws:userid}", "${aws:username}"]}, "Null": {"aws:SourceVpc": "true"}}},
            {"Effect": "Deny", "Action": "*", "NotResource": "*", "Condition": {"ArnLike": {"aws:SourceArn": "${*}"}}}]}"#;
        let policy = Policy::parse(text, Grammar::Managed).unwrap();
        let mut keys: Vec<&str> = context_keys(&policy).collect();
        keys.sort_unstable();
        let own =
            ["AWS:UserName", "aws:PrincipalTag/t", "aws:SourceArn", "aws:SourceVpc", "aws:userid", "aws:username"];
        assert_eq!(keys, own);
    }

    #[test]
    fn version_2008_has_no_variables() {
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}}"#;
        assert_eq!(context_keys(&Policy::parse(text, Grammar::Identity).unwrap()).count(), 0);
    }
}
