//! The answer of the simulator as a matrix: actions by resources.

use serde_json::Value;

use super::form::Scenario;
use crate::console::pages::parts::{members, shown};

/// Actions by resources.
pub struct Matrix {
    /// The columns.
    pub resources: Vec<String>,
    /// An action, with its decision for each of the columns.
    pub rows: Vec<(String, Vec<Decision>)>,
}

/// What the simulator says of an action on a resource.
pub struct Decision {
    /// The decision, in words.
    pub word: &'static str,
    /// The class of its colour.
    pub class: &'static str,
    /// The reasons, in sentences.
    pub reasons: Vec<String>,
    /// The statements that decided.
    pub statements: Vec<Statement>,
}

/// A statement that decided.
pub struct Statement {
    /// The policy, its type and the lines.
    pub place: String,
    /// The text, of a policy that was pasted.
    pub text: String,
}

/// The matrix of an answer.
pub fn matrix(answer: &Value, scenario: &Scenario) -> Matrix {
    let resources = match scenario.resources.as_slice() {
        [] => vec!["*".to_owned()],
        resources => resources.to_vec(),
    };
    let rows = members(answer, "EvaluationResults").iter().map(|result| {
        let specific = members(result, "ResourceSpecificResults");
        let of = |resource: &String| {
            let own = specific.iter().find(|one| shown(one, "EvalResourceName") == *resource);
            own.map_or_else(
                || decision(result, "EvalDecision", result, scenario),
                |own| decision(own, "EvalResourceDecision", result, scenario),
            )
        };
        (shown(result, "EvalActionName"), resources.iter().map(of).collect())
    });
    Matrix { rows: rows.collect(), resources }
}

fn decision(one: &Value, member: &str, whole: &Value, scenario: &Scenario) -> Decision {
    let statements: Vec<_> =
        members(one, "MatchedStatements").iter().map(|statement| self::statement(statement, scenario)).collect();
    let (word, class) = match shown(one, member).as_str() {
        "allowed" => ("allowed", "allows"),
        "explicitDeny" => ("explicitly denied", "denies"),
        _ => ("denied", "denies"),
    };
    let mut reasons = Vec::new();
    if statements.is_empty() {
        reasons.push("No statement of the policies matches.".to_owned());
    }
    let says = |value: &Value, part: &str, member: &str| value.get(part)?.get(member)?.as_bool();
    if says(whole, "OrganizationsDecisionDetail", "AllowedByOrganizations") == Some(false) {
        reasons.push("The organization's service control policies do not allow it.".to_owned());
    }
    match says(one, "PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary") {
        Some(false) => reasons.push("The permissions boundary does not allow it.".to_owned()),
        Some(true) => reasons.push("The permissions boundary allows it.".to_owned()),
        None => {}
    }
    let missing: Vec<_> = members(one, "MissingContextValues").iter().filter_map(Value::as_str).collect();
    if !missing.is_empty() {
        reasons.push(format!("It may depend on keys without a value: {}.", missing.join(", ")));
    }
    Decision { word, class, reasons, statements }
}

fn statement(statement: &Value, scenario: &Scenario) -> Statement {
    let number = |part: &str, member: &str| statement.get(part)?.get(member)?.as_u64();
    let lines = number("StartPosition", "Line").zip(number("EndPosition", "Line"));
    let (policy, kind) = (shown(statement, "SourcePolicyId"), shown(statement, "SourcePolicyType"));
    let place = match lines {
        Some((first, last)) if first == last => format!("{policy} ({kind}), line {first}"),
        Some((first, last)) => format!("{policy} ({kind}), lines {first} to {last}"),
        None => format!("{policy} ({kind})"),
    };
    let pasted = match policy.as_str() {
        "PolicyInputList.1" => Some(&scenario.policy),
        "PermissionsBoundaryPolicyInputList.1" => Some(&scenario.boundary),
        _ => None,
    };
    let text = pasted.zip(lines).map(|(document, (first, last))| {
        let (first, last) = (usize::try_from(first).unwrap_or(1), usize::try_from(last).unwrap_or(1));
        let skipped = first.saturating_sub(1);
        document.lines().skip(skipped).take(last.saturating_sub(skipped)).collect::<Vec<_>>().join("\n")
    });
    Statement { place, text: text.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_of_their_resource() {
        let scenario = Scenario {
            principal: String::new(),
            policy: "{\n\"Statement\": {\n}}".to_owned(),
            boundary: String::new(),
            actions: vec!["iam:GetUser".to_owned()],
            resources: vec!["a".to_owned(), "b".to_owned()],
            keys: Vec::new(),
        };
        let position = |line| json!({"Line": line, "Column": 1});
        let matched = json!({"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy",
                             "StartPosition": position(2), "EndPosition": position(3)});
        let answer = json!({"EvaluationResults": [{
            "EvalActionName": "iam:GetUser", "EvalDecision": "implicitDeny", "MatchedStatements": [],
            "ResourceSpecificResults": [
                {"EvalResourceName": "b", "EvalResourceDecision": "implicitDeny", "MissingContextValues": ["aws:Key"]},
                {"EvalResourceName": "a", "EvalResourceDecision": "allowed", "MatchedStatements": [matched]},
            ],
        }]});
        let matrix = matrix(&answer, &scenario);
        let [(action, cells)] = matrix.rows.as_slice() else { panic!() };
        let words: Vec<_> = cells.iter().map(|cell| cell.word).collect();
        assert_eq!((action.as_str(), words), ("iam:GetUser", vec!["allowed", "denied"]));
        let [statement] = cells[0].statements.as_slice() else { panic!() };
        assert_eq!(statement.place, "PolicyInputList.1 (IAM Policy), lines 2 to 3");
        assert_eq!(statement.text, "\"Statement\": {\n}}");
        assert_eq!(cells[1].reasons.len(), 2);
    }
}
