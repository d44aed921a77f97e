//! The conditions of CloudFormation's templates.

use super::functions::{Resolved, Template, function, text};
use crate::markup::{Node, Place};

impl Template<'_> {
    /// Whether a resource is made: it has no condition, or one that holds. `None` if that cannot be resolved.
    pub fn is_made(&self, resource: &Node) -> Option<bool> {
        match resource.get("Condition") {
            None => Some(true),
            Some(name) => self.condition(name.text().unwrap_or_default(), name.place),
        }
    }

    /// `Fn::If`: one of two values, either of which may be none.
    pub fn choose(&self, argument: &Node, place: Place) -> Resolved {
        let holds = match argument.items() {
            [condition, ..] => condition.text().and_then(|name| self.condition(name, place)),
            [] => None,
        };
        match (argument.items(), holds) {
            ([_, value, _], Some(true)) | ([_, _, value], Some(false)) => self.resolve(value),
            (_, holds) => {
                if holds.is_some() || argument.items().is_empty() {
                    self.unresolved(place, "Fn::If");
                }
                Resolved::Value(text(place, ""))
            }
        }
    }

    /// Whether a condition of the template holds. One that leads to itself cannot be resolved.
    fn condition(&self, name: &str, place: Place) -> Option<bool> {
        let known = self.conditions.borrow().get(name).copied();
        let holds = known.unwrap_or_else(|| {
            self.conditions.borrow_mut().insert(name.to_owned(), None);
            let written = self.root.get("Conditions").and_then(|conditions| conditions.get(name));
            let holds = written.and_then(|written| self.deeper(|| self.holds(written)));
            self.conditions.borrow_mut().insert(name.to_owned(), holds);
            holds
        });
        if holds.is_none() {
            self.unresolved(place, format!("the condition {name}"));
        }
        holds
    }

    fn holds(&self, written: &Node) -> Option<bool> {
        if let [member] = written.members()
            && member.name == "Condition"
        {
            return self.condition(member.value.text()?, written.place);
        }
        let (name, argument) = function(written)?;
        // Each operand is resolved, so that all that is missing is named.
        let operands = || argument.items().iter().map(|operand| self.holds(operand)).collect::<Vec<_>>().into_iter();
        match (name.as_str(), argument.items()) {
            ("Condition", _) => self.condition(argument.text()?, written.place),
            ("Equals", [left, right]) => {
                let (left, right) = (self.text(left), self.text(right));
                Some(left? == right?)
            }
            ("Not", [_]) => operands().next().flatten().map(|holds| !holds),
            ("And", [_, ..]) => operands().collect::<Option<Vec<_>>>().map(|all| all.into_iter().all(|holds| holds)),
            ("Or", [_, ..]) => operands().collect::<Option<Vec<_>>>().map(|all| all.into_iter().any(|holds| holds)),
            _ => None,
        }
    }
}
