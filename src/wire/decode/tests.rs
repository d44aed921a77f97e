//! Tests of reading typed parameters.

use serde::Deserialize;

use super::*;
use crate::shapes::{ExistingUserName, MaxItems, Password, Path, RoleSessionName, Status, TagKeys, Tags};
use crate::wire::Params;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "fields are read to be checked")]
struct Example {
    user_name: ExistingUserName,
    path: Option<Path>,
    max_items: Option<MaxItems>,
    status: Option<Status>,
    tags: Option<Tags>,
    tag_keys: Option<TagKeys>,
    flag: Option<bool>,
    password: Option<Password>,
}

fn read(service: Service, body: &str) -> Result<Decoded<Example>> {
    decode(service, &Input::Query(Params::read("", body.as_bytes())?))
}

fn message(body: &str) -> String {
    read(Service::IAM, body).unwrap_err().message().unwrap_or("no message").to_owned()
}

#[test]
fn reads_every_form() {
    let body = "UserName=Bob&MaxItems=5&Status=Inactive&Tags.member.1.Key=a&Tags.member.1.Value=&\
                TagKeys.member.1=x&TagKeys.member.2=y&Flag=TRUE&Unknown=1";
    let request = read(Service::IAM, body).unwrap().request;
    assert_eq!(request.user_name.as_str(), "Bob");
    assert_eq!(request.max_items.unwrap().get(), 5);
    assert_eq!(request.status, Some(Status::Inactive));
    assert_eq!(request.tags.unwrap().len(), 1);
    assert_eq!(request.tag_keys.unwrap().len(), 2);
    assert_eq!(request.flag, Some(true));
    assert!(read(Service::IAM, "UserName=Bob&Tags=").unwrap().request.tags.unwrap().is_empty());
}

#[test]
fn all_violations_come_at_once() {
    assert_eq!(
        message("MaxItems=0&Status=On&Tags.member.1.Value=v"),
        "4 validation errors detected: \
         Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1; \
         Value at 'userName' failed to satisfy constraint: Member must not be null; \
         Value at 'status' failed to satisfy constraint: Member must satisfy enum value set; \
         Value at 'tags.1.member.key' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn members_of_plain_lists_are_reported_with_all_demands() {
    let demand = r"Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]";
    assert_eq!(
        message("UserName=a&TagKeys.member.1=%2A"),
        format!("1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: {demand}")
    );
}

#[test]
fn a_long_list_is_refused_before_its_members_are_read() {
    let tags: String = (1..=51).map(|n| format!("&Tags.member.{n}.Key=%2A")).collect();
    assert_eq!(
        message(&format!("UserName=a{tags}")),
        "1 validation error detected: Value at 'tags' failed to satisfy constraint: \
         Member must have length less than or equal to 50"
    );
}

#[test]
fn names_wait_for_authorization() {
    let decoded = read(Service::IAM, "UserName=a%20b").unwrap();
    assert_eq!(
        decoded.after_authorization.unwrap().message(),
        Some(
            "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
        )
    );
}

#[test]
fn wrong_types_are_malformed_input() {
    for body in ["UserName=a&MaxItems=x", "UserName=a&Flag=maybe", "UserName.x=1", "UserName=a&Tags=x"] {
        assert_eq!(read(Service::IAM, body).unwrap_err().code(), Code::MalformedInput, "{body}");
    }
}

#[test]
fn sts_shows_the_value() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Assume {
        #[expect(dead_code, reason = "read to be checked")]
        role_session_name: RoleSessionName,
    }
    let decoded: Result<Decoded<Assume>> =
        decode(Service::STS, &Input::Query(Params::read("", b"RoleSessionName=%21%21").unwrap()));
    assert_eq!(
        decoded.unwrap_err().message(),
        Some(
            r"1 validation error detected: Value '!!' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
        )
    );
}

#[test]
fn secrets_are_not_echoed() {
    let error = read(Service::STS, "UserName=a&Password=%00").unwrap_err();
    assert!(!error.message().unwrap().contains('\0'), "{error}");
}
