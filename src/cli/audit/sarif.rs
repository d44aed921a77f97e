//! An audit in SARIF 2.1.0, which code scanning reads: each offender is a result. What offends is in no file, so a result
//! names it by a logical location.

use serde_json::{Value, json};

use crate::audit::rules::{Report, Ruling, Status};

pub(super) fn report(report: &Report) -> Value {
    let rules: Vec<Value> = report.rules.iter().map(rule).collect();
    let results = report.rules.iter().enumerate().filter(|(_, rule)| rule.status == Status::NonCompliant);
    let results: Vec<Value> = results.flat_map(|(index, rule)| results_of(index, rule)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "iamd", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
            "properties": {"account": report.account, "evaluated": report.evaluated},
        }],
    })
}

fn rule(rule: &Ruling) -> Value {
    let mut tags = vec!["security".to_owned()];
    tags.extend(rule.cis.as_ref().map(|number| format!("CIS {number}")));
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "properties": {"tags": tags},
    })
}

fn results_of(index: usize, rule: &Ruling) -> impl Iterator<Item = Value> {
    rule.offenders.iter().map(move |offender| {
        json!({
            "ruleId": rule.id,
            "ruleIndex": index,
            "level": "error",
            "message": {"text": format!("{}: {}. To mend it: {}", offender.resource, offender.reason, offender.mend)},
            "locations": [{"logicalLocations": [{"fullyQualifiedName": offender.resource, "kind": "resource"}]}],
            // The same finding of the next run is recognised by it.
            "partialFingerprints": {"offender/v1": format!("{} {} {}", rule.id, offender.resource, offender.mend)},
        })
    })
}
