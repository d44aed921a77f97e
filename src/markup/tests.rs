use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Example {
    users: Named<User>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct User {
    path: Option<Placed<String>>,
    #[serde(default)]
    groups: Vec<Placed<String>>,
    age: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    boundary: Option<Option<String>>,
}

fn example(text: &str, syntax: Syntax) -> Result<Example, String> {
    let node = parse(text, syntax).map_err(|error| error.to_string())?;
    read(&node).map_err(|error| error.to_string())
}

#[test]
fn every_syntax_means_the_same_and_has_places() {
    for (text, syntax, place) in [
        ("users:\n  ann:\n    groups: [a,\n      é, b]\n    boundary: null\n", Syntax::Yaml, "4:10"),
        ("[users.ann]\ngroups = ['a', 'é', 'b']\n", Syntax::Toml, "2:21"),
        (
            "{\"users\": {\"ann\":\n {\"groups\": [\"a\",\n\"\\u00e9\", \"b\"], \"boundary\": null}}}",
            Syntax::Json,
            "3:11",
        ),
    ] {
        let example = example(text, syntax).unwrap();
        let (name, user) = &example.users.0[0];
        assert_eq!((name.as_str(), user.groups[1].as_str()), ("ann", "é"));
        assert_eq!(user.groups[2].place.to_string(), place, "{syntax:?}");
        assert_eq!(user.boundary, (syntax != Syntax::Toml).then_some(None));
        assert!(user.path.is_none() && user.age.is_none());
    }
}

#[test]
fn errors_have_places_and_show_no_values() {
    for (text, syntax, expected) in [
        ("users:\n  ann:\n    path: [hunter2]\n", Syntax::Yaml, "3:11: expected a string, found a list"),
        ("users:\n  ann: {age: hunter2}\n", Syntax::Yaml, "2:14: expected u32, found a text"),
        ("users:\n  ann: {age: -5}\n", Syntax::Yaml, "2:14: expected u32"),
        ("users:\n  ann: {}\n  ann: {}\n", Syntax::Yaml, "3:3: \"ann\" appears twice"),
        (
            "users:\n  ann: {pat: /}\n",
            Syntax::Yaml,
            "2:9: unknown field `pat`, expected one of `path`, `groups`, `age`, `boundary`",
        ),
        ("{\"users\": {\"ann\": {}, \"ann\": {}}}", Syntax::Json, "1:30: \"ann\" appears twice"),
        ("{\"users\": {},}", Syntax::Json, "1:14: key must be a string"),
        ("{}", Syntax::Json, "1:1: missing field `users`"),
        ("users = 1\nusers = 2\n", Syntax::Toml, "2:1: duplicate key"),
        ("--- {users: {}}\n--- {}\n", Syntax::Yaml, "2:1: the file has more than one document"),
        ("users: {<<: {}}\n", Syntax::Yaml, "1:9: merge keys are not supported; YAML 1.2 has none"),
        ("users: &a {ann: *a}\n", Syntax::Yaml, "1:17: an alias inside the value that it names"),
        ("users: {? [a] : {}}\n", Syntax::Yaml, "1:11: the name of a member must be a text"),
    ] {
        assert_eq!(example(text, syntax).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn no_file_exceeds_the_limits() {
    let refused = |text: &str, syntax| parse(text, syntax).map(|_| ()).unwrap_err().message;
    let deep = format!("values are nested more than {MAX_DEPTH} deep");
    assert_eq!(refused(&("[".repeat(99_999) + &"]".repeat(99_999)), Syntax::Json), deep);
    assert_eq!(refused(&("[".repeat(200) + &"]".repeat(200)), Syntax::Yaml), deep);
    let steps: String = (1..12)
        .map(|step| format!("a{step}: &a{step} [{}]\n", vec![format!("*a{}", step - 1); 10].join(",")))
        .collect();
    assert_eq!(
        refused(&format!("a0: &a0 x\n{steps}"), Syntax::Yaml),
        format!("the file has more than {MAX_VALUES} values")
    );
    assert_eq!(refused(&" ".repeat(MAX_BYTES + 1), Syntax::Yaml), "the file is larger than 32 MiB");
}

#[test]
fn scalars_keep_their_meaning() {
    let node =
        parse("a: 0012\nb: 12\nc: 'true'\nd: !!str true\ne: !Ref x\nf: 1.50\ng:\nh: 111122223333\n", Syntax::Yaml)
            .unwrap();
    let expected = serde_json::json!(
        {"a": "0012", "b": 12, "c": "true", "d": "true", "e": "x", "f": "1.50", "g": null, "h": 111_122_223_333_u64}
    );
    assert_eq!(node.to_json(), expected);
    assert_eq!(node.get("e").unwrap().tag.as_deref(), Some("!Ref"));
    let aliased = parse("a: &x {b: 1}\nc: *x\n", Syntax::Yaml).unwrap();
    assert_eq!(aliased.to_json(), serde_json::json!({"a": {"b": 1}, "c": {"b": 1}}));
    assert_eq!(parse("", Syntax::Yaml).unwrap().to_json(), serde_json::Value::Null);
}

#[test]
fn numbers_are_written_as_they_were_read() {
    let text = r#"{"a":[12345678901234567890123,1.50,-0,1e2],"b":{"c":"\u00e9\n","d":null,"e":true}}"#;
    let node = parse(text, Syntax::Json).unwrap();
    assert_eq!(node.to_json_text(), text.replace(r"\u00e9", "é"));
    assert_eq!(
        node.get("a").unwrap().to_json(),
        serde_json::json!([12_345_678_901_234_567_890_123_f64, 1.5, -0.0, 100.0])
    );
    assert!(parse("[1e999]", Syntax::Json).is_err());
}

#[test]
fn values_are_compared_without_the_order_of_members() {
    let says = |one: &str, other: &str| {
        let read = |text| parse(text, Syntax::Json).unwrap();
        read(one).says(&read(other))
    };
    assert!(says(r#"{"a": 1, "b": [1, "x"]}"#, r#"{"b":[1,"x"],"a":1}"#));
    assert!(says(r#"["\u0041"]"#, r#"["A"]"#));
    for other in [r#"{"a":1}"#, r#"{"a":1,"b":["x",1]}"#, r#"{"a":"1","b":[1,"x"]}"#, r#"{"a":1,"b":[1,"x"],"c":1}"#] {
        assert!(!says(r#"{"a": 1, "b": [1, "x"]}"#, other), "{other}");
    }
    assert!(!says("[12345678901234567890123]", "[12345678901234567890124]"));
}
