use serde_json::{Value, json};

use crate::ask::Asking;
use crate::needs::{Fact, Facts, Need};
use crate::questions::{Question, Scene};
use crate::rules;
use crate::view::tests::Json;

fn asked(operation: &str, input: Value, facts: &Facts) -> Vec<Question> {
    let scene = Scene { partition: "aws".into(), region: "eu-central-1".into(), account: "111122223333".into() };
    let rules = rules::of_service(&aws_reference::operations::service("dynamodb").unwrap());
    let members = Json(input);
    Asking { rules: &rules, operation, members: &members, scene: &scene, facts }.questions().unwrap().questions
}

#[test]
fn a_table_that_is_null_does_not_shift_the_keys_of_the_next() {
    let mut facts = Facts::none();
    let table = "arn:aws:dynamodb:eu-central-1:111122223333:table/b".to_owned();
    facts.insert(Need::KeySchema { table, index: None }, Fact::Texts(vec!["id".to_owned()]));
    let questions =
        asked("BatchGetItem", json!({"RequestItems": {"a": null, "b": {"Keys": [{"id": {"S": "1"}}]}}}), &facts);
    let [question] = questions.as_slice() else { panic!("{questions:?}") };
    assert!(question.resource.ends_with("table/b"));
    assert!(question.keys.contains(&("dynamodb:LeadingKeys".to_owned(), vec!["1".to_owned()])), "{question:?}");
}
