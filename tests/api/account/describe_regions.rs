//! `DescribeRegions` of EC2, in EC2's protocol.

use serde_json::json;

use crate::client::{Client, Server};
use crate::fixtures::own_arn;

async fn names(client: &Client, parameters: &[(&str, &str)]) -> Vec<String> {
    client.ec2("DescribeRegions", parameters).await.ok().texts("regionName")
}

/// Parameters of the Query protocol.
type Parameters<'p> = &'p [(&'p str, &'p str)];

#[tokio::test]
async fn an_answer_has_the_envelope_of_ec2() {
    let server = Server::start().await;
    let answer = server.root().ec2("DescribeRegions", &[("RegionName.1", "eu-central-1")]).await.ok();
    let (start, rest) = answer.body.split_once("<requestId>").unwrap();
    let namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    assert_eq!(start, format!("{declaration}\n<DescribeRegionsResponse xmlns=\"{namespace}\">\n  "));
    let region = "
  <regionInfo>
    <item>
      <regionName>eu-central-1</regionName>
      <regionEndpoint>ec2.eu-central-1.amazonaws.com</regionEndpoint>
      <optInStatus>opt-in-not-required</optInStatus>
    </item>
  </regionInfo>
</DescribeRegionsResponse>
";
    assert_eq!(rest.split_once("</requestId>").unwrap().1, region);
}

#[tokio::test]
async fn regions_are_those_of_the_partition_that_are_enabled() {
    let server = Server::start().await;
    let root = server.root();
    let enabled = names(&root, &[]).await;
    assert_eq!(enabled.len(), 17);
    assert!(enabled.is_sorted() && !enabled.contains(&"af-south-1".to_owned()));
    assert_eq!(names(&root, &[("AllRegions", "true")]).await.len(), 34);
    assert_eq!(names(&root, &[("AllRegions", "false")]).await, enabled);
    let one = root.ec2("DescribeRegions", &[("RegionName.1", "af-south-1")]).await.ok();
    assert_eq!(one.text("optInStatus"), "not-opted-in");
    let china = server.root_of("111122223333").in_region("cn-north-1");
    assert_eq!(names(&china, &[("AllRegions", "true")]).await, ["cn-north-1", "cn-northwest-1"]);
    let endpoint = china.ec2("DescribeRegions", &[("RegionName.1", "cn-north-1")]).await.ok().text("regionEndpoint");
    assert_eq!(endpoint, "ec2.cn-north-1.amazonaws.com.cn");
}

#[tokio::test]
async fn every_filter_must_be_met_by_one_of_its_values() {
    let root = Server::start().await.root();
    let cases: [(Parameters<'_>, &[&str]); 7] = [
        (&[("Filter.1.Name", "region-name"), ("Filter.1.Value.1", "us-w*")], &["us-west-1", "us-west-2"]),
        (&[("Filter.1.Name", "region-name"), ("Filter.1.Value.1", "us-west-?")], &["us-west-1", "us-west-2"]),
        (&[("Filter.1.Name", "region-name"), ("Filter.1.Value.1", "us-west-\\?")], &[]),
        (&[("Filter.1.Name", "region-name"), ("Filter.1.Value.1", "us.west.1*")], &[]),
        (
            &[
                ("Filter.1.Name", "endpoint"),
                ("Filter.1.Value.1", "ec2.eu-west-1.amazonaws.com"),
                ("Filter.1.Value.2", "ec2.sa-east-1.amazonaws.com"),
            ],
            &["eu-west-1", "sa-east-1"],
        ),
        (
            &[
                ("AllRegions", "true"),
                ("Filter.1.Name", "opt-in-status"),
                ("Filter.1.Value.1", "not-opted-in"),
                ("Filter.2.Name", "region-name"),
                ("Filter.2.Value.1", "me-*"),
            ],
            &["me-central-1", "me-south-1"],
        ),
        (&[("Filter.1.Name", "region-name")], &[]),
    ];
    for (parameters, expected) in cases {
        assert_eq!(names(&root, parameters).await, expected, "{parameters:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_in_ec2s_words() {
    let server = Server::start().await;
    let root = server.root();
    let long = "x*".repeat(200);
    let cases: [(Parameters<'_>, u16, &str, &str); 6] = [
        (&[("DryRun", "true")], 412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."),
        (&[("RegionName.1", "moon-1")], 400, "InvalidParameterValue", "Invalid region names provided: moon-1"),
        (
            &[("Filter.1.Name", "zone"), ("Filter.1.Value.1", "a")],
            400,
            "InvalidParameterValue",
            "The filter 'zone' is invalid",
        ),
        (
            &[("Filter.1.Name", "endpoint"), ("Filter.1.Value.1", &long)],
            400,
            "InvalidParameterValue",
            "The value of a filter is longer than 255 characters",
        ),
        (&[("DryRun", "maybe")], 400, "InvalidParameterValue", "A parameter has a value of the wrong type."),
        (&[("RegionName", "a")], 400, "MalformedInput", "Top level element may not be treated as a list"),
    ];
    for (parameters, status, code, message) in cases {
        root.ec2("DescribeRegions", parameters).await.refused(status, code, message);
    }
    let message = "AWS was not able to validate the provided access credentials";
    server.client("test", "wrong", None).ec2("DescribeRegions", &[]).await.refused(401, "AuthFailure", message);
    let other = root.ec2("DescribeInstances", &[]).await;
    assert_eq!((other.status, other.text("Code").as_str()), (400, "InvalidAction"));
    assert!(other.text("Message").contains("and of ec2 only DescribeRegions"), "{}", other.body);
}

#[tokio::test]
async fn it_needs_permission() {
    let server = Server::start().await;
    let bob = server.allowed("bob", &["ec2:DescribeInstances"], &["*"], json!({})).await;
    let message = format!(
        "You are not authorized to perform this operation. User: {} is not authorized to perform: ec2:DescribeRegions \
         because no identity-based policy allows the ec2:DescribeRegions action",
        own_arn("user/bob")
    );
    bob.ec2("DescribeRegions", &[("DryRun", "true")]).await.refused(403, "UnauthorizedOperation", &message);
    let condition = json!({"StringEquals": {"aws:RequestedRegion": "eu-central-1"}});
    let ann = server.allowed("ann", &["ec2:DescribeRegions"], &["*"], condition).await;
    assert_eq!(ann.ec2("DescribeRegions", &[]).await.status, 403);
    assert_eq!(names(&ann.in_region("eu-central-1"), &[]).await.len(), 17);
}
