//! Tests of AWS's XML.

use std::collections::BTreeMap;

use serde::Serialize;

use super::*;
use crate::error::Code;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Thing {
    name: &'static str,
    created: Timestamp,
    absent: Option<String>,
    members: Vec<&'static str>,
    empty: Vec<String>,
    map: BTreeMap<&'static str, u32>,
    truncated: bool,
}

#[test]
fn every_form_is_aws_s() {
    let thing = Thing {
        name: "a<b",
        created: Timestamp::from_seconds(1_336_520_041),
        absent: None,
        members: vec!["x", "y"],
        empty: vec![],
        map: BTreeMap::from([("Users", 27)]),
        truncated: false,
    };
    let expected = "  <GetThingResult>
    <Name>a&lt;b</Name>
    <Created>2012-05-08T23:34:01Z</Created>
    <Members>
      <member>x</member>
      <member>y</member>
    </Members>
    <Empty/>
    <Map>
      <entry>
        <key>Users</key>
        <value>27</value>
      </entry>
    </Map>
    <Truncated>false</Truncated>
  </GetThingResult>
";
    assert_eq!(result("GetThing", &thing).unwrap(), expected);
}

#[test]
fn ec2_has_items_and_no_result_element() {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Regions {
        region_info: Vec<&'static str>,
    }
    let members = ec2_members(&Regions { region_info: vec!["a&b"] }).unwrap();
    assert_eq!(members, "  <regionInfo>\n    <item>a&amp;b</item>\n  </regionInfo>\n");
    assert_eq!(ec2_members(&()).unwrap(), "");
    let fault = ec2_error_response("AuthFailure", "a<b", "id");
    assert!(fault.ends_with("<Message>a&lt;b</Message></Error></Errors><RequestID>id</RequestID></Response>"));
}

#[test]
fn an_operation_without_output_has_no_result_element() {
    assert_eq!(result("DeleteUser", &()).unwrap(), "");
    #[derive(Serialize)]
    struct Nothing {}
    assert_eq!(result("UpdateRole", &Nothing {}).unwrap(), "  <UpdateRoleResult/>\n");
}

#[test]
fn errors_name_who_is_to_blame() {
    let error = Error::new(Code::NoSuchEntity, "The user with name <x> cannot be found.");
    let xml = error_response(Service::IAM.namespace(), &error, "id-1");
    assert!(xml.contains("<Type>Sender</Type>\n    <Code>NoSuchEntity</Code>"), "{xml}");
    assert!(xml.contains("with name &lt;x&gt; cannot"), "{xml}");
    let xml = error_response(Service::IAM.namespace(), &Error::without_message(Code::MalformedInput), "id-1");
    assert!(!xml.contains("Message"), "{xml}");
}
