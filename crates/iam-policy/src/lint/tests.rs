//! The checks, one by one.

use super::*;

/// S3 and IAM as far as the tests need them.
struct Known;

impl Reference for Known {
    fn service(&self, prefix: &str) -> Option<Service> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let text = KeyType { values: ValueKind::Text, multivalued: false };
        match prefix {
            "s3" => Some(Service {
                actions: texts(&["GetObject", "PutObject", "ListBucket"]),
                resource_arns: texts(&["arn:${Partition}:s3:::${Bucket}", "arn:${Partition}:s3:::${Bucket}/${Key}"]),
                condition_keys: vec![("s3:prefix".to_owned(), text)],
            }),
            "iam" => Some(Service {
                actions: texts(&["PassRole", "GetUser", "CreateServiceLinkedRole"]),
                resource_arns: texts(&["arn:${Partition}:iam::${Account}:role/${Role}"]),
                condition_keys: vec![("iam:ResourceTag/${TagKey}".to_owned(), text)],
            }),
            "resource-explorer-2" => Some(Service {
                resource_arns: texts(&["arn:${Partition}:resource-explorer-2:${Region}:${Account}:view/${Name}/${Id}"]),
                ..Service::default()
            }),
            "sqs" => Some(Service {
                actions: texts(&["SendMessage"]),
                resource_arns: texts(&["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]),
                condition_keys: Vec::new(),
            }),
            "sts" => Some(Service { actions: texts(&["AssumeRole"]), ..Service::default() }),
            _ => None,
        }
    }
}

/// The codes found in a statement's elements, as an identity policy.
fn codes(elements: &str) -> Vec<&'static str> {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{{{elements}}}]}}"#);
    lint(&text, Grammar::Identity, &Known).iter().map(|finding| finding.code.as_str()).collect()
}

const ALLOW: &str = r#""Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*""#;

fn condition(condition: &str) -> Vec<&'static str> {
    codes(&format!(r#"{ALLOW}, "Condition": {condition}"#))
}

#[test]
fn a_good_policy_has_no_findings() {
    assert_eq!(codes(ALLOW), [""; 0]);
    assert_eq!(condition(r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#), [""; 0]);
    assert_eq!(condition(r#"{"StringLike": {"s3:prefix": "${aws:username}/*"}}"#), [""; 0]);
    assert_eq!(condition(r#"{"StringEquals": {"iam:ResourceTag/Team": "a", "token.example.com:sub": "x"}}"#), [""; 0]);
}

#[test]
fn structure() {
    let whole = |text: &str| lint(text, Grammar::Identity, &Known).first().map(|finding| finding.code.as_str());
    assert_eq!(whole("{"), Some("JSON_SYNTAX_ERROR"));
    assert_eq!(whole("[]"), Some("JSON_SYNTAX_ERROR"));
    assert_eq!(whole(r#"{"Version": "2012-10-17"}"#), Some("MISSING_STATEMENT"));
    assert_eq!(whole(&format!(r#"{{"Statement": [{{{ALLOW}}}]}}"#)), Some("MISSING_VERSION"));
    assert_eq!(whole(&format!(r#"{{"Version": "2012", "Statement": [{{{ALLOW}}}]}}"#)), Some("INVALID_VERSION"));
    assert_eq!(codes(r#""Action": "s3:GetObject", "Resource": "*""#), ["MISSING_EFFECT"]);
    assert_eq!(codes(&ALLOW.replace("\"Allow\"", "\"allow\"")), ["INVALID_EFFECT"]);
    assert_eq!(codes(&ALLOW.replace("Resource", "Resorce")), ["MISSING_RESOURCE", "INVALID_POLICY_ELEMENT"]);
    assert_eq!(codes(&format!(r#"{ALLOW}, "Sid": "a b""#)), ["UNSUPPORTED_SID"]);
    assert_eq!(codes(&format!(r#"{ALLOW}, "Sid": """#)), ["EMPTY_SID_VALUE"]);
    assert_eq!(codes(&format!(r#"{ALLOW}, "Principal": "*""#)), ["UNSUPPORTED_PRINCIPAL"]);
    assert_eq!(codes(&format!(r#"{ALLOW}}}, {{"Sid": "B", {ALLOW}"#)), ["REDUNDANT_STATEMENT"]);
}

#[test]
fn a_finding_shows_where_and_what() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\"Effect\": \"Allow\",\n    \"Action\": \"s3:GetObjct\", \
        \"Resource\": \"*\"}]\n}";
    let findings = lint(text, Grammar::Identity, &Known);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].position, Position { line: 4, column: 15 });
    assert_eq!(findings[0].message, "s3 has no action \"GetObjct\"; did you mean GetObject?");
}

#[test]
fn actions_and_resources() {
    let action = |action: &str| codes(&ALLOW.replace("\"s3:GetObject\"", action));
    assert_eq!(action("\"s4:GetObject\""), ["INVALID_SERVICE_IN_ACTION"]);
    assert_eq!(action("\"s3:Fly*\""), ["INVALID_ACTION"]);
    assert_eq!(action("\"GetObject\""), ["INVALID_ACTION"]);
    assert_eq!(action("[]"), ["EMPTY_ARRAY_ACTION", "MALFORMED_POLICY_DOCUMENT"]);
    assert_eq!(action("[\"s3:*\", \"s3:GetObject\"]"), ["REDUNDANT_ACTION"]);
    assert_eq!(action("[\"s3:Get*\", \"s3:PutObject\"]"), [""; 0]);
    let resource = |resource: &str| codes(&ALLOW.replace("\"arn:aws:s3:::b/*\"", resource));
    assert_eq!(resource("\"bucket\""), ["INVALID_ARN_PREFIX"]);
    assert_eq!(resource("\"arn:aws:s3:b\""), ["MISSING_ARN_FIELD"]);
    assert_eq!(resource("\"arn:awz:s3:::b\""), ["INVALID_PARTITION"]);
    assert_eq!(resource("\"arn:aws:S3:::b\""), ["INVALID_ARN_SERVICE_CASE"]);
    assert_eq!(resource("\"arn:aws:s3:eu-west-1::b\""), ["ARN_REGION_NOT_ALLOWED"]);
    assert_eq!(resource("\"arn:aws:s3::111122223333:b\""), ["ARN_ACCOUNT_NOT_ALLOWED"]);
    assert_eq!(resource("\"arn:aws:iam::1234:role/r\""), ["INVALID_ARN_ACCOUNT"]);
    assert_eq!(resource("\"arn:aws:iam::111122223333:rolle/r\""), ["INVALID_ARN_RESOURCE"]);
    assert_eq!(resource("\"arn:aws:sqs:eu-west-1:111122223333:q\""), [""; 0]);
    assert_eq!(resource("\"arn:aws:sqs:us-gov-east-1:*:q\""), [""; 0]);
    assert_eq!(resource("\"arn:aws:sqs:eu-wset-1:111122223333:q\""), ["INVALID_ARN_REGION"]);
    assert_eq!(resource("\"arn:aws:sqs:Ireland:111122223333:q\""), ["INVALID_ARN_REGION"]);
    assert_eq!(resource("\"arn:aws:sqs::111122223333:q\""), ["MISSING_ARN_REGION"]);
    assert_eq!(resource("\"arn:aws:sqs:*::q\""), ["MISSING_ARN_ACCOUNT"]);
    assert_eq!(resource("\"arn:aws:resource-explorer-2:*::view/AWSServiceViewForX/service-view\""), [""; 0]);
    assert_eq!(resource("\"arn:aws:s?s:*:*:q\""), ["WILDCARD_IN_SERVICE_NAME"]);
    assert_eq!(resource("[\"arn:aws:s3:::*\", \"arn:aws:s3:::b\"]"), ["REDUNDANT_RESOURCE"]);
    assert_eq!(resource("[\"arn:aws:s3:::b\", \"arn:aws:s3:::b/*\"]"), [""; 0]);
}

#[test]
fn conditions() {
    let cases = [
        (r#"{"StringIs": {"aws:SourceVpc": "a"}}"#, "INVALID_CONDITION_OPERATOR"),
        (r#"{"NullIfExists": {"aws:SourceVpc": "true"}}"#, "NULL_WITH_IF_EXISTS"),
        (r#"{"ForAnyValue:Null": {"aws:TagKeys": "true"}}"#, "NULL_WITH_QUALIFIER"),
        (r#"{"StringEquals": {"SourceVpc": "a"}}"#, "INVALID_CONDITION_KEY_FORMAT"),
        (r#"{"StringEquals": {"aws:SourceVpx": "a"}}"#, "INVALID_GLOBAL_CONDITION_KEY"),
        (r#"{"StringEquals": {"s3:prefx": "a"}}"#, "INVALID_SERVICE_CONDITION_KEY"),
        (r#"{"StringEquals": {"aws:SourceIp": "203.0.113.1"}}"#, "TYPE_MISMATCH"),
        (r#"{"Bool": {"aws:SecureTransport": "yes"}}"#, "TYPE_MISMATCH_BOOLEAN"),
        (r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/99"}}"#, "TYPE_MISMATCH_IP_RANGE"),
        (r#"{"IpAddress": {"aws:SourceIp": "203.0.113.9/24"}}"#, "IMPROVE_IP_RANGE"),
        (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, "PRIVATE_IP_ADDRESS"),
        (r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}}"#, "PRIVATE_IP_ADDRESS_SUBSET"),
        (r#"{"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "fd00::/8"]}}"#, "PRIVATE_NOT_IP_ADDRESS"),
        (r#"{"NotIpAddress": {"aws:sourceip": ["172.16.0.0/12", "2001:db8::/32"]}}"#, "PRIVATE_NOT_IP_ADDRESS_SUBSET"),
        (r#"{"StringEquals": {"aws:TagKeys": "a"}}"#, "MISSING_QUALIFIER"),
        (r#"{"ForAllValues:StringEquals": {"aws:SourceVpc": "a"}}"#, "FORALLVALUES_WITH_SINGLE_VALUED_KEY"),
        (r#"{"StringEquals": {"aws:UserAgent": "a*"}}"#, "WILDCARD_WITHOUT_LIKE_OPERATOR"),
        (
            r#"{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}"#,
            "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
        ),
        (r#"{"Bool": {"aws:SecureTransport": ["true", "false"]}}"#, "INVALID_CONDITION_MULTIPLE_BOOLEAN"),
        (r#"{"NumericLessThan": {"aws:MultiFactorAuthAge": ["1", "2"]}}"#, "REDUNDANT_CONDITION_VALUE_NUM"),
        (r#"{"Bool": {"aws:SecureTransport": "${aws:ViaAWSService}"}}"#, "INVALID_VARIABLE_FOR_OPERATOR"),
        (r#"{"StringEquals": {"aws:SourceVpc": "a", "AWS:sourcevpc": "a"}}"#, "DUPLICATE_KEYS_WITH_DIFFERENT_CASE"),
        (r#"{"StringEquals": {"aws:SourceVpc": []}}"#, "EMPTY_ARRAY_CONDITION"),
        (r#"{"ForAllValues:StringEquals": {"aws:TagKeys": []}}"#, "EMPTY_ARRAY_CONDITION_FORALLVALUES"),
        (r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": []}}"#, "EMPTY_ARRAY_CONDITION_FORANYVALUE"),
        (r#"{"StringEqualsIfExists": {"aws:SourceVpc": []}}"#, "EMPTY_ARRAY_CONDITION_IFEXISTS"),
        (r#"{"DateLessThan": {"aws:CurrentTime": "1790000000"}}"#, "INVALID_DATE_VALUE"),
        (r#"{"StringLike": {"s3:prefix": "${aws:username"}}"#, "MISSING_BRACE_IN_VARIABLE"),
        (r#"{"StringLike": {"s3:prefix": "${aws:username, 'x}"}}"#, "MISSING_QUOTE_IN_VARIABLE"),
        (r#"{"StringLike": {"s3:prefix": "${}"}}"#, "EMPTY_VARIABLE"),
        (r#"{"ArnLike": {"aws:SourceArn": "${aws:username }"}}"#, "UNSUPPORTED_SPACE_IN_VARIABLE"),
        (r#"{"StringEquals": {"aws:SourceVpc": null}}"#, "DATA_TYPE_MISMATCH"),
        (r#"{}"#, "EMPTY_OBJECT_CONDITION"),
    ];
    for (text, expected) in cases {
        assert_eq!(condition(text), [expected], "{text}");
    }
    // What the operator cannot read IAM refuses, although Access Analyzer may only warn of it.
    let unreadable = [
        (r#"{"DateLessThan": {"aws:CurrentTime": "tomorrow"}}"#, "TYPE_MISMATCH_DATE"),
        (r#"{"NumericLessThan": {"aws:MultiFactorAuthAge": "an hour"}}"#, "TYPE_MISMATCH_NUMBER"),
        (r#"{"BinaryEquals": {"s3:prefix": "?"}}"#, "TYPE_MISMATCH_STRING"),
    ];
    for (text, expected) in unreadable {
        assert_eq!(condition(text), [expected, "MALFORMED_POLICY_DOCUMENT"], "{text}");
    }
}

/// The codes found in a whole document.
fn found(text: &str, grammar: Grammar) -> Vec<&'static str> {
    lint(text, grammar, &Known).iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn variables_count_in_some_places_and_versions() {
    let resource = ALLOW.replace("b/*", "b/${aws:username}");
    assert_eq!(codes(&resource), [""; 0]);
    let colons = ALLOW.replace("arn:aws:s3:::b/*", "arn:aws:sqs:*:${aws:PrincipalAccount}:q");
    assert_eq!(codes(&colons), [""; 0], "a variable's colon divides nothing");
    let old = format!(r#"{{"Version": "2008-10-17", "Statement": [{{{resource}}}]}}"#);
    assert_eq!(found(&old, Grammar::Identity), ["VARIABLE_UNSUPPORTED_IN_VERSION"]);
    let none = format!(r#"{{"Statement": [{{{resource}}}]}}"#);
    assert_eq!(found(&none, Grammar::Identity), ["MISSING_VERSION", "VARIABLE_UNSUPPORTED_IN_VERSION"]);
    let action = ALLOW.replace("s3:GetObject", "s3:${aws:username}");
    assert_eq!(codes(&action), ["VARIABLE_UNSUPPORTED_IN_ELEMENT"]);
    let principal = r#""Principal": {"AWS": "arn:aws:iam::111122223333:user/${aws:username}"}"#;
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{{{ALLOW}, {principal}}}]}}"#);
    assert_eq!(found(&text, Grammar::Resource), ["VARIABLE_UNSUPPORTED_IN_ELEMENT"]);
}

#[test]
fn each_kind_of_policy_has_its_own_rules() {
    let document = |statements: &str| format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    let one = |elements: &str, grammar| found(&document(&format!("{{{elements}}}")), grammar);
    let everyone = format!(r#"{ALLOW}, "Principal": "*""#);
    assert_eq!(one(&everyone, Grammar::ServiceControl), ["SCP_SYNTAX_ERROR_PRINCIPAL"]);
    let old = format!(r#"{{"Version": "2008-10-17", "Statement": [{{{ALLOW}}}]}}"#);
    assert_eq!(found(&old, Grammar::Managed), ["INVALID_VERSION"]);

    let twice = format!(r#"{{"Sid": "A", {ALLOW}}}, {{"Sid": "A", {}}}"#, ALLOW.replace("Get", "Put"));
    for grammar in [Grammar::Identity, Grammar::Managed, Grammar::Session, Grammar::ServiceControl] {
        assert_eq!(found(&document(&twice), grammar), ["UNIQUE_SIDS_REQUIRED"]);
    }
    let twice = twice.replace("\"Effect\"", "\"Principal\": {\"AWS\": \"111122223333\"}, \"Effect\"");
    assert_eq!(found(&document(&twice), Grammar::Resource)[0], "UNIQUE_SIDS_RECOMMENDED");

    let trust = r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#;
    assert_eq!(one(trust, Grammar::Trust), [""; 0]);
    let with = |from: &str, to: &str| one(&trust.replace(from, to), Grammar::Trust);
    assert_eq!(with("\"Principal", "\"NotPrincipal"), ["ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL"]);
    assert_eq!(with("sts:AssumeRole", "s3:GetObject"), ["UNSUPPORTED_ACTION_IN_POLICY"]);
    assert_eq!(with("\"Effect\"", "\"Resource\": \"*\", \"Effect\""), ["ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"]);
    assert_eq!(with("111122223333", "AROAIOSFODNN7EXAMPLE1"), ["INVALID_ROLE_REFERENCE"]);
    assert_eq!(with("111122223333", "AIDAIOSFODNN7EXAMPLE1"), ["INVALID_USER_REFERENCE"]);
    let both = format!(r#"{trust}, "NotPrincipal": {{"AWS": "111122223333"}}"#);
    assert_eq!(one(&both, Grammar::Trust), ["UNSUPPORTED_ELEMENT_COMBINATION"]);

    let control = r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*""#;
    assert_eq!(one(control, Grammar::ResourceControl), [""; 0]);
    let with = |from: &str, to: &str| one(&control.replace(from, to), Grammar::ResourceControl);
    assert_eq!(with("\"*\", \"Act", "{\"AWS\": \"111122223333\"}, \"Act"), ["RCP_SYNTAX_ERROR_PRINCIPAL"]);
    assert_eq!(with("Deny", "Allow"), ["RCP_SYNTAX_ERROR_ALLOW"]);
    assert_eq!(with("\"Action", "\"NotAction"), ["RCP_SYNTAX_ERROR_NOTACTION"]);
    assert_eq!(with("s3:GetObject", "iam:GetUser"), ["RCP_SYNTAX_ERROR_ACTION"]);
    let full = r#""Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*""#;
    assert_eq!(one(full, Grammar::ResourceControl), [""; 0]);
}

#[test]
fn a_policy_that_is_too_long_breaks_the_quota_of_its_kind() {
    let size = |grammar| {
        let name = "x".repeat(21_000);
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{{{}}}]}}"#, ALLOW.replace("b/*", &name));
        let findings = lint(&text, grammar, &Known);
        (findings[0].code.as_str(), findings[0].severity())
    };
    assert_eq!(size(Grammar::Identity), ("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", Severity::Warning));
    assert_eq!(size(Grammar::ServiceControl), ("POLICY_SIZE_EXCEEDS_SCP_QUOTA", Severity::Error));
    assert_eq!(size(Grammar::ResourceControl), ("POLICY_SIZE_EXCEEDS_RCP_QUOTA", Severity::Error));
    assert_eq!(size(Grammar::Trust), ("POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", Severity::Warning));
    assert_eq!(size(Grammar::Resource), ("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", Severity::Warning));
}

#[test]
fn dangerous_permissions() {
    let statement = |elements: &str| codes(&format!(r#""Effect": "Allow", {elements}"#));
    let pass_role = |elements: &str| statement(elements).into_iter().find(|code| code.starts_with("PASS_ROLE"));
    let expected = [
        (r#""Action": "iam:PassRole", "Resource": "*""#, Some("PASS_ROLE_WITH_STAR_IN_RESOURCE")),
        (r#""Action": "iam:*", "Resource": "*""#, Some("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE")),
        (r#""Action": "*", "NotResource": "*""#, Some("PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE")),
        (r#""NotAction": "s3:*", "Resource": "*""#, Some("PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION")),
        (r#""NotAction": "s3:*", "NotResource": "*""#, Some("PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE")),
        (r#""Action": "iam:PassRole", "NotResource": "*""#, Some("PASS_ROLE_WITH_NOT_RESOURCE")),
        (r#""NotAction": "iam:*", "Resource": "*""#, None),
        (r#""Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/r""#, None),
    ];
    for (elements, expected) in expected {
        assert_eq!(pass_role(elements), expected, "{elements}");
    }
    let slr = statement(r#""Action": "iam:CreateServiceLinkedRole", "Resource": "*""#);
    assert_eq!(slr, ["CREATE_SLR_WITH_STAR_IN_RESOURCE"]);
    let narrowed =
        r#""Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:ResourceTag/a": "b"}}"#;
    assert_eq!(pass_role(narrowed), None);
}

#[test]
fn policies_of_resources() {
    let codes = |grammar, elements: &str| -> Vec<_> {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{{{elements}}}]}}"#);
        lint(&text, grammar, &Known).iter().map(|finding| finding.code.as_str()).collect()
    };
    let with = |principal: &str| codes(Grammar::Resource, &format!("{ALLOW}, {principal}"));
    assert_eq!(with(r#""Principal": {"AWS": "111122223333"}"#), [""; 0]);
    assert_eq!(codes(Grammar::Resource, ALLOW), ["MISSING_PRINCIPAL"]);
    assert_eq!(with(r#""Principal": {"User": "a"}"#), ["INVALID_PRINCIPAL_KEY"]);
    assert_eq!(with(r#""Principal": {"AWS": "bob"}"#), ["INVALID_PRINCIPAL_FORMAT"]);
    assert_eq!(
        with(r#""Principal": {"AWS": "arn:aws:iam::111122223333:user/*"}"#),
        ["UNSUPPORTED_WILDCARD_IN_PRINCIPAL"]
    );
    assert_eq!(with(r#""NotPrincipal": {"AWS": "111122223333"}"#), ["ALLOW_WITH_NOT_PRINCIPAL"]);
    assert_eq!(with(r#""Principal": {}"#)[0], "EMPTY_OBJECT_PRINCIPAL");
    assert_eq!(with(r#""Principal": {"Service": "sns.amazonaws.com"}"#), ["RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"]);
    let narrowed =
        r#""Principal": {"Service": "sns.amazonaws.com"}, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}"#;
    assert_eq!(with(narrowed), [""; 0]);
    let trust = r#""Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole""#;
    assert_eq!(codes(Grammar::Trust, trust), [""; 0]);
}

#[test]
fn kinds_are_guessed() {
    assert_eq!(guess_grammar(r#"{"Statement": {"Action": "*", "Resource": "*"}}"#), Grammar::Identity);
    assert_eq!(
        guess_grammar(r#"{"Statement": {"Principal": "*", "Action": "s3:*", "Resource": "*"}}"#),
        Grammar::Resource
    );
    assert_eq!(guess_grammar(r#"{"Statement": {"Principal": "*", "Action": "sts:AssumeRole"}}"#), Grammar::Trust);
}
