//! Whether a bucket's policy is public (AWS: "The meaning of 'public'" in the guide to Block Public Access).

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde_json::Value;

/// Keys by which a policy for everybody can still be for few, if it wants fixed values of them.
const LIMITING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Operators that want one of their values.
const POSITIVE: &[&str] = &["arnequals", "arnlike", "stringequals", "stringequalsignorecase", "stringlike"];

/// Whether a bucket's policy is public: AWS takes it to be, unless each statement that allows is for fixed principals, or
/// wants fixed values of what limits it. A policy that cannot be read is public.
pub fn is_public(policy: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(policy) else { return true };
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().any(allows_everybody),
        Some(statement) => allows_everybody(statement),
        None => true,
    }
}

fn allows_everybody(statement: &Value) -> bool {
    match statement.get("Effect").and_then(Value::as_str) {
        Some("Deny") => return false,
        Some("Allow") => {}
        _ => return true,
    }
    let is_fixed = statement.get("Principal").is_some_and(is_fixed_principal);
    !is_fixed && !statement.get("Condition").is_some_and(limits)
}

fn is_fixed_principal(principal: &Value) -> bool {
    let Value::Object(kinds) = principal else { return false };
    !kinds.is_empty() && kinds.values().all(|names| all(names, is_fixed))
}

/// Whether one of the conditions limits the statement. All of them must hold, so one is enough.
fn limits(condition: &Value) -> bool {
    let Value::Object(operators) = condition else { return false };
    operators.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        // `ForAllValues` and `IfExists` hold as well where the key is absent.
        let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
        let Value::Object(keys) = keys else { return false };
        keys.iter().any(|(key, values)| {
            let key = key.to_ascii_lowercase();
            match key.as_str() {
                "aws:sourceip" => operator == "ipaddress" && all(values, is_narrow),
                "s3:dataaccesspointarn" => POSITIVE.contains(&operator) && all(values, is_of_fixed_account),
                key => POSITIVE.contains(&operator) && LIMITING.contains(&key) && all(values, is_fixed),
            }
        })
    })
}

/// Whether there are values and all of them are so.
fn all(values: &Value, is_so: impl Fn(&str) -> bool) -> bool {
    match values {
        Value::String(text) => is_so(text),
        Value::Array(texts) => !texts.is_empty() && texts.iter().all(|text| text.as_str().is_some_and(&is_so)),
        _ => false,
    }
}

/// AWS: "values that don't contain a wildcard or an IAM policy variable".
fn is_fixed(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?']) && !text.contains("${")
}

/// AWS: an access point's ARN may have a wildcard for the name if the account is fixed.
fn is_of_fixed_account(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(4);
    let account = parts.next().unwrap_or_default();
    is_fixed(account) && parts.next().is_some_and(|resource| resource.starts_with("accesspoint/"))
}

/// AWS: networks broader than /8, in IPv6 than /32, are as good as all of the internet.
fn is_narrow(text: &str) -> bool {
    let network = IpNet::from_str(text).or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.is_ok_and(|network| match network {
        IpNet::V4(network) => network.prefix_len() >= 8,
        IpNet::V6(network) => network.prefix_len() >= 32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(principal: &str, condition: &str) -> bool {
        let condition = if condition.is_empty() { String::new() } else { format!(", \"Condition\": {condition}") };
        is_public(&format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {principal}, "Action": "s3:GetObject", "Resource": "*"{condition}}}]}}"#
        ))
    }

    #[test]
    fn fixed_principals_are_not_everybody() {
        for principal in [
            r#"{"AWS": "111122223333"}"#,
            r#"{"AWS": ["arn:aws:iam::111122223333:role/r"]}"#,
            r#"{"Service": "logging.s3.amazonaws.com"}"#,
            r#"{"CanonicalUser": "c"}"#,
        ] {
            assert!(!of(principal, ""), "{principal}");
        }
        for principal in
            [r#""*""#, r#"{"AWS": "*"}"#, r#"{"AWS": ["111122223333", "*"]}"#, r#"{"AWS": "${aws:userid}"}"#, "{}"]
        {
            assert!(of(principal, ""), "{principal}");
        }
    }

    #[test]
    fn fixed_values_limit_everybody() {
        let limited = [
            r#"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#,
            r#"{"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}"#,
            r#"{"StringLike": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}"#,
            r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.7", "2001:db8::/32"]}}"#,
            r#"{"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}"#,
            r#"{"StringLike": {"s3:prefix": "*"}, "ArnEquals": {"AWS:SourceArn": "arn:aws:sns:us-east-1:1:t"}}"#,
        ];
        for condition in limited {
            assert!(!of("\"*\"", condition), "{condition}");
        }
        let open = [
            r#"{"StringLike": {"aws:SourceVpc": "vpc-*"}}"#,
            r#"{"StringEquals": {"aws:userid": "${aws:userid}"}}"#,
            r#"{"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}"#,
            r#"{"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}"#,
            r#"{"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}"#,
            r#"{"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/1"]}}"#,
            r#"{"IpAddress": {"aws:SourceIp": "2001::/16"}}"#,
            r#"{"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
            r#"{"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/a"}}"#,
            r#"{"StringEquals": {"aws:SourceVpc": []}}"#,
            r#"{"StringEquals": {"s3:prefix": "a"}}"#,
            r#"{"Bool": {"aws:SecureTransport": "true"}}"#,
        ];
        for condition in open {
            assert!(of("\"*\"", condition), "{condition}");
        }
    }

    #[test]
    fn one_public_statement_is_enough() {
        let deny = r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#;
        let private = r#"{"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:*", "Resource": "*"}"#;
        let not = r#"{"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "s3:*", "Resource": "*"}"#;
        assert!(!is_public(&format!("{{\"Statement\": [{deny}, {private}]}}")));
        assert!(is_public(&format!("{{\"Statement\": [{private}, {not}]}}")));
        assert!(!is_public(&format!("{{\"Statement\": {private}}}")));
        for unreadable in ["", "[]", "{}", r#"{"Statement": ["a"]}"#] {
            assert!(is_public(unreadable), "{unreadable}");
        }
    }
}
