//! The context keys that policies ask for.

use super::Policy;

/// The keys that the policies name in conditions and as variables, as first written, each once.
pub fn context_keys<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let statements = policies.into_iter().flat_map(Policy::statements);
    let keys = statements.flat_map(super::Statement::context_keys);
    keys.filter(|key| seen.insert(key.to_ascii_lowercase())).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Grammar;
    use super::*;

    #[test]
    fn keys_of_conditions_and_variables_once_each() {
        let text = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}/${aws:PrincipalTag/t, 'x'}",
             "Condition": {"StringEquals": {"AWS:UserName": "${aws:userid}"}, "Null": {"aws:SourceVpc": "true"}}},
            {"Effect": "Deny", "Action": "*", "NotResource": "*", "Condition": {"ArnLike": {"aws:SourceArn": "${*}"}}}]}"#;
        let policy = Policy::parse(text, Grammar::Managed).unwrap();
        let expected = ["aws:username", "aws:PrincipalTag/t", "aws:userid", "aws:SourceVpc", "aws:SourceArn"];
        assert_eq!(context_keys([&policy]), expected);
    }

    #[test]
    fn version_2008_has_no_variables() {
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}}"#;
        assert!(context_keys([&Policy::parse(text, Grammar::Identity).unwrap()]).is_empty());
    }
}
