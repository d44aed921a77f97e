//! Policies that calls give to resources. AWS refuses one that cannot be read; an upstream that takes it would leave the
//! resource with a policy that denies everything.

use aws_calls::fault::Fault;
use aws_calls::questions::Asked;
use aws_calls::s3::Operation;
use aws_calls::{Call, Input, Request, given};
use iam_policy::{Grammar, Policy};
use serde_json::Value;

use super::meant::Meant;

/// AWS: the most bytes of a bucket's policy.
const MAX_POLICY: usize = 20 * 1024;

/// Refuses a call that gives a resource an invalid policy.
///
/// # Errors
/// In the service's words.
pub(super) fn check(meant: &Meant<'_>, request: &Request<'_>, asked: &Asked) -> Result<(), Fault> {
    match meant {
        Meant::S3(routed, _) if matches!(routed.operation, Operation::Named("PutBucketPolicy")) => {
            let bucket = asked.questions.first().map_or("", |question| question.resource.as_str());
            let body = request.body.unwrap_or_default();
            let policy = bucket_policy(body, bucket);
            policy.map(drop).map_err(|message| Fault::new(400, "MalformedPolicy", message))
        }
        Meant::S3(..) => Ok(()),
        Meant::Call(call) => check_call(call, request),
    }
}

fn check_call(call: &Call, request: &Request<'_>) -> Result<(), Fault> {
    if !given::is_given(call) {
        return Ok(());
    }
    let given = Input::read(call, *request).and_then(|input| given::policy(call, &input));
    let given = given.map_err(|error| Fault::new(400, "ValidationException", error.to_string()))?;
    let Some(text) = given else { return Ok(()) };
    let error = match Policy::parse(&text, Grammar::Resource) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let (code, message) = match call.service.summary.name {
        "dynamodb" => ("ValidationException", format!("Invalid policy document: {error}")),
        "ecr" => ("InvalidParameterException", format!("Invalid parameter at 'PolicyText' failed: {error}")),
        "kinesis" => ("InvalidArgumentException", format!("Invalid policy document: {error}")),
        "lambda" => ("InvalidParameterValueException", error.to_string()),
        "sns" => ("InvalidParameter", format!("Invalid parameter: Policy Error: {error}")),
        "sqs" => ("InvalidAttributeValue", "Invalid value for the parameter Policy.".to_owned()),
        _ => ("MalformedPolicyDocumentException", error.to_string()),
    };
    Err(Fault::new(400, code, message))
}

/// Checks a bucket policy; `bucket` is the ARN. Gives the text, or what is wrong with it.
pub(super) fn bucket_policy<'b>(body: &'b [u8], bucket: &str) -> Result<&'b str, String> {
    let text = str::from_utf8(body).unwrap_or_default();
    if !text.starts_with('{') {
        return Err("Policies must be valid JSON and the first byte must be '{'".to_owned());
    }
    Policy::parse(text, Grammar::Resource).map_err(|error| error.to_string())?;
    let document: Value = serde_json::from_str(text).map_err(|_| "This policy contains invalid Json".to_owned())?;
    let normalized = document.to_string().len();
    if normalized > MAX_POLICY {
        return Err(format!("Normalized policy document exceeds the maximum allowed size of {MAX_POLICY} bytes"));
    }
    if resources(&document).iter().any(|resource| !may_be_in(resource, bucket)) {
        return Err("Policy has invalid resource".to_owned());
    }
    Ok(text)
}

/// All that the statements of a policy name as resources.
fn resources(document: &Value) -> Vec<&str> {
    fn several(value: Option<&Value>) -> Vec<&Value> {
        match value {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        }
    }
    let statements = several(document.get("Statement")).into_iter();
    let named = statements.flat_map(|statement| ["Resource", "NotResource"].map(|name| several(statement.get(name))));
    named.flatten().filter_map(Value::as_str).collect()
}

/// Whether a pattern may match a bucket, given by its ARN, or an object in it: AWS takes no policy that is about others.
fn may_be_in(pattern: &str, bucket: &str) -> bool {
    let beginning = pattern.split(['*', '?', '$']).next().unwrap_or_default();
    let is_in = |text: &str| text.strip_prefix(bucket).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_in(pattern) || (beginning.len() < pattern.len() && (bucket.starts_with(beginning) || is_in(beginning)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "arn:aws:s3:::app";

    #[test]
    fn a_policy_is_about_its_bucket() {
        for inside in
            ["*", "arn:aws:s3:::app", "arn:aws:s3:::app/*", "arn:aws:s3:::app/a", "arn:aws:s3:::app*", "arn:*"]
        {
            assert!(may_be_in(inside, BUCKET), "{inside}");
        }
        for outside in ["arn:aws:s3:::other/*", "arn:aws:s3:::apps/*", "arn:aws:s3:::ap", "app/*", ""] {
            assert!(!may_be_in(outside, BUCKET), "{outside}");
        }
    }

    #[test]
    fn what_is_no_policy_of_the_bucket_is_refused() {
        let statement = |resource: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"{resource}"}}]}}"#
            )
        };
        let right = statement("arn:aws:s3:::app/*");
        assert_eq!(bucket_policy(right.as_bytes(), BUCKET), Ok(right.as_str()));
        let message = |text: &str| bucket_policy(text.as_bytes(), BUCKET).unwrap_err();
        assert_eq!(message(" {}"), "Policies must be valid JSON and the first byte must be '{'");
        assert_eq!(message(&statement("arn:aws:s3:::other/*")), "Policy has invalid resource");
        let long = statement(&format!("arn:aws:s3:::app/{}", "x".repeat(MAX_POLICY)));
        assert!(message(&long).starts_with("Normalized policy document exceeds"));
        assert!(!message("{\"Statement\":").is_empty());
    }
}
