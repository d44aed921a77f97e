//! Tags of users, roles, instance profiles and managed policies.

use crate::client::{Client, Server};
use crate::fixtures::{allow, instance_profile, not_allowed, policy_arn, role};

/// A kind as the operations name it, the parameter, one that exists, one that does not, and what is said of it.
struct Case {
    kind: &'static str,
    parameter: &'static str,
    there: &'static str,
    nowhere: &'static str,
    missing: &'static str,
    ignores_case: bool,
}

const CASES: [Case; 4] = [
    Case {
        kind: "User",
        parameter: "UserName",
        there: "Bob",
        nowhere: "Nobody",
        missing: "The user with name Nobody cannot be found.",
        ignores_case: true,
    },
    Case {
        kind: "Role",
        parameter: "RoleName",
        there: "Bob",
        nowhere: "Nobody",
        missing: "The role with name Nobody cannot be found.",
        ignores_case: true,
    },
    Case {
        kind: "InstanceProfile",
        parameter: "InstanceProfileName",
        there: "Bob",
        nowhere: "Nobody",
        missing: "Instance Profile Nobody cannot be found.",
        ignores_case: false,
    },
    Case {
        kind: "Policy",
        parameter: "PolicyArn",
        there: "arn:aws:iam::000000000000:policy/Bob",
        nowhere: "arn:aws:iam::000000000000:policy/Nope",
        missing: "Policy arn:aws:iam::000000000000:policy/Nope was not found.",
        ignores_case: false,
    },
];

async fn with_entities() -> (Server, Client) {
    let server = Server::start().await;
    let root = server.root();
    let document = allow("s3:*", "*");
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreatePolicy", &[("PolicyName", "Bob"), ("PolicyDocument", &document)]).await.ok();
    let seed = |account: &mut iamd::account::Account| {
        account.put(role("/", "Bob")).unwrap();
        account.put(instance_profile("Bob")).unwrap();
    };
    server.change("000000000000", seed).await;
    (server, root)
}

/// The parameters `Tags.member.1.Key=…` and so on.
fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let tags = pairs.iter().enumerate().flat_map(|(index, (key, value))| {
        let tag = format!("Tags.member.{}", index + 1);
        [(format!("{tag}.Key"), (*key).to_owned()), (format!("{tag}.Value"), (*value).to_owned())]
    });
    tags.collect()
}

impl Case {
    async fn tag(&self, client: &Client, pairs: &[(&str, &str)]) -> crate::client::Answer {
        let tags = tags(pairs);
        let mut parameters = vec![(self.parameter, self.there)];
        parameters.extend(tags.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        client.iam(&format!("Tag{}", self.kind), &parameters).await
    }

    async fn untag(&self, client: &Client, key: &str) -> crate::client::Answer {
        let parameters = [(self.parameter, self.there), ("TagKeys.member.1", key)];
        client.iam(&format!("Untag{}", self.kind), &parameters).await
    }

    async fn listed(&self, client: &Client) -> Vec<String> {
        let listed = client.iam(&format!("List{}Tags", self.kind), &[(self.parameter, self.there)]).await.ok();
        listed
            .texts("Key")
            .into_iter()
            .zip(listed.texts("Value"))
            .map(|(key, value)| format!("{key}={value}"))
            .collect()
    }
}

#[tokio::test]
async fn tags_are_set_changed_listed_by_key_and_taken_away() {
    let (_, root) = with_entities().await;
    for case in CASES {
        assert_eq!(case.listed(&root).await, [""; 0]);
        case.tag(&root, &[("team", "a"), ("cost", "1"), ("zone", "x")]).await.ok();
        case.tag(&root, &[("cost", "2")]).await.ok();
        assert_eq!(case.listed(&root).await, ["cost=2", "team=a", "zone=x"]);
        let list = format!("List{}Tags", case.kind);
        let paged = root.iam_pages(&list, &[(case.parameter, case.there)], "Key").await;
        assert_eq!(paged, ["cost", "team", "zone"]);
        case.untag(&root, "cost").await.ok();
        case.untag(&root, "never").await.ok();
        assert_eq!(case.listed(&root).await, ["team=a", "zone=x"]);
    }
    let read = root.iam("GetPolicy", &[("PolicyArn", &policy_arn("Bob"))]).await.ok();
    assert_eq!(read.texts("Key"), ["team", "zone"]);
}

#[tokio::test]
async fn keys_ignore_case_on_users_and_roles_only() {
    let (_, root) = with_entities().await;
    for case in CASES {
        case.tag(&root, &[("Dept", "a")]).await.ok();
        case.tag(&root, &[("dept", "b")]).await.ok();
        let twice = case.tag(&root, &[("x", "1"), ("X", "2")]).await;
        if case.ignores_case {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            twice.refused(400, "InvalidInput", message);
            assert_eq!(case.listed(&root).await, ["dept=b"]);
        } else {
            twice.ok();
            assert_eq!(case.listed(&root).await, ["X=2", "x=1", "Dept=a", "dept=b"]);
            let message = "Duplicate tag keys found.";
            case.tag(&root, &[("y", "1"), ("y", "2")]).await.refused(400, "InvalidInput", message);
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_tagged() {
    let (_, root) = with_entities().await;
    for case in CASES {
        let tag = [(case.parameter, case.nowhere), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "")];
        root.iam(&format!("Tag{}", case.kind), &tag).await.refused(404, "NoSuchEntity", case.missing);
        let untag = [(case.parameter, case.nowhere), ("TagKeys.member.1", "k")];
        root.iam(&format!("Untag{}", case.kind), &untag).await.refused(404, "NoSuchEntity", case.missing);
        let list = root.iam(&format!("List{}Tags", case.kind), &untag[..1]).await;
        list.refused(404, "NoSuchEntity", case.missing);
    }
}

#[tokio::test]
async fn fifty_tags_are_the_limit() {
    let (_, root) = with_entities().await;
    let keys: Vec<String> = (0..51).map(|number| format!("key{number:02}")).collect();
    let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
    for case in CASES {
        let message = "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have \
                       length less than or equal to 50";
        case.tag(&root, &pairs).await.refused(400, "ValidationError", message);
        case.tag(&root, &pairs[..50]).await.ok();
        let message = "The number of tags has reached the maximum limit.";
        case.tag(&root, &pairs[50..]).await.refused(409, "LimitExceeded", message);
        case.tag(&root, &[("key07", "w")]).await.ok();
        let reserved = "Tag keys starting with 'aws:' are reserved for system use";
        case.tag(&root, &[("AWS:x", "v")]).await.refused(400, "InvalidInput", reserved);
    }
}

#[tokio::test]
async fn long_keys_are_paged() {
    let (_, root) = with_entities().await;
    let (one, two) = ("日".repeat(127) + "a", "日".repeat(127) + "b");
    let case = &CASES[0];
    case.tag(&root, &[(&one, "1"), (&two, "2")]).await.ok();
    let paged = root.iam_pages("ListUserTags", &[("UserName", "Bob")], "Value").await;
    assert_eq!(paged, ["1", "2"]);
}

#[tokio::test]
async fn permissions_are_on_the_resource() {
    let (server, root) = with_entities().await;
    root.iam("CreateUser", &[("UserName", "Ann")]).await.ok();
    let ann = server.user("Ann").await;
    let policy = format!("policy {}", policy_arn("Bob"));
    let resources = [
        ("user/Bob", "user Bob"),
        ("role/Bob", "role Bob"),
        ("instance-profile/Bob", "instance profile Bob"),
        ("policy/Bob", &policy),
    ];
    for (case, (resource, words)) in CASES.iter().zip(resources) {
        let tag = format!("iam:Tag{}", case.kind);
        let denied = not_allowed("Ann", &tag, words);
        case.tag(&ann, &[("k", "v")]).await.refused(403, "AccessDenied", &denied);
        let document = allow(&tag, &format!("arn:aws:iam::000000000000:{resource}"));
        let grant = [("UserName", "Ann"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
        root.iam("PutUserPolicy", &grant).await.ok();
        case.tag(&ann, &[("k", "v")]).await.ok();
        let denied = not_allowed("Ann", &format!("iam:Untag{}", case.kind), words);
        case.untag(&ann, "k").await.refused(403, "AccessDenied", &denied);
    }
}

#[tokio::test]
async fn nothing_is_no_tag() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let provider = [("Url", "https://idp.example.com"), ("ThumbprintList.member.1", &*"a".repeat(40))];
    root.iam("CreateOpenIDConnectProvider", &provider).await.ok();
    let nothing = "Error occurred while validating input. ";
    root.iam("TagUser", &[("UserName", "Bob"), ("Tags", "")]).await.refused(400, "InvalidInput", nothing);
    root.iam("UntagUser", &[("UserName", "Bob"), ("TagKeys", "")]).await.ok();
    let arn = ("OpenIDConnectProviderArn", "arn:aws:iam::000000000000:oidc-provider/idp.example.com");
    root.iam("TagOpenIDConnectProvider", &[arn, ("Tags", "")]).await.refused(400, "InvalidInput", nothing);
    root.iam("UntagOpenIDConnectProvider", &[arn, ("TagKeys", "")]).await.refused(400, "InvalidInput", nothing);
}

#[tokio::test]
async fn every_spelling_of_a_tag_key_must_satisfy_the_policies() {
    let server = Server::start().await;
    let root = server.root();
    let document = allow("s3:*", "*");
    let team = serde_json::json!({"StringEquals": {"aws:RequestTag/Team": "a"}});
    let user = server.allowed("Bob", &["iam:CreatePolicy", "iam:TagPolicy"], &["*"], team).await;
    let create = async |name: &str, tags: &[(&str, &str)]| {
        let members: Vec<(String, &str)> = (1..)
            .zip(tags)
            .flat_map(|(n, (key, value))| {
                [(format!("Tags.member.{n}.Key"), *key), (format!("Tags.member.{n}.Value"), *value)]
            })
            .collect();
        let mut parameters = vec![("PolicyName", name), ("PolicyDocument", document.as_str())];
        parameters.extend(members.iter().map(|(name, value)| (name.as_str(), *value)));
        user.iam("CreatePolicy", &parameters).await
    };
    create("one", &[("Team", "a")]).await.ok();
    create("same", &[("Team", "a"), ("team", "a"), ("TEAM", "a")]).await.ok();
    create("first", &[("Team", "b"), ("team", "a")]).await.denied();
    create("last", &[("Team", "a"), ("team", "b")]).await.denied();
    create("middle", &[("Team", "a"), ("team", "b"), ("TEAM", "a")]).await.denied();
    // Nor does a second spelling open a resource that has another owner's tag.
    let team = serde_json::json!({"StringEquals": {"aws:ResourceTag/Team": "b"}});
    let other = server.allowed("Eve", &["iam:DeletePolicy"], &["*"], team).await;
    let arn = policy_arn("one");
    for spelling in ["team", "TEAM"] {
        let tag = [("PolicyArn", arn.as_str()), ("Tags.member.1.Key", spelling), ("Tags.member.1.Value", "b")];
        root.iam("TagPolicy", &tag).await.ok();
        other.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.denied();
    }
    root.iam("UntagPolicy", &[("PolicyArn", &arn), ("TagKeys.member.1", "Team")]).await.ok();
    other.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.ok();
}

#[tokio::test]
async fn a_resource_that_is_created_has_the_tags_of_the_request() {
    let server = Server::start().await;
    let condition = serde_json::json!({"StringEquals": {"aws:ResourceTag/team": "blue"}});
    let bob = server.allowed("bob", &["iam:CreateUser", "iam:TagUser"], &["*"], condition).await;
    let tagged = |team| [("UserName", "ann"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", team)];
    bob.iam("CreateUser", &tagged("red")).await.denied();
    bob.iam("CreateUser", &tagged("blue")).await.ok();
}
