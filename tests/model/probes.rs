//! Breaks every constraint of a parameter once.

use iamd::call::Entry;
use iamd::error::{Code, Error};
use iamd::wire::{Input, Params, Service};

use crate::published::{Model, Request, Shape};

/// Reads a request: IAM's sentence on a name, or the framework's violations.
pub fn decode(entry: &Entry, request: &Request) -> Result<Option<Error>, Error> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(request).finish();
    entry.decode(&Input::Query(Params::read("", body.as_bytes())?)).map(|decoded| decoded.after_authorization)
}

/// How the violation of an absent parameter begins.
pub fn null(service: Service, path: &str) -> String {
    match service.prefix() {
        "iam" => format!("Value at '{path}'"),
        _ => format!("Value null at '{path}'"),
    }
}

/// `RoleName` is given as `roleName`.
pub fn member_name(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}

/// Breaks the constraints of one parameter, all other parameters being right.
pub struct Probes<'a> {
    pub entry: &'a Entry,
    pub model: &'a Model,
    pub others: Request,
}

impl Probes<'_> {
    /// Breaks every constraint of a parameter and notes what is not refused in AWS's words.
    pub fn parameter(&self, name: &str, path: &str, shape: &Shape, wrong: &mut Vec<String>) {
        match shape.r#type.as_str() {
            "string" => self.text(name, path, shape, wrong),
            "integer" => self.number(name, path, shape, wrong),
            "boolean" => self.malformed(name, "maybe", wrong),
            "list" => self.list(name, path, shape, wrong),
            "structure" => self.structure(name, path, shape, wrong),
            _ => {}
        }
        if matches!(shape.r#type.as_str(), "string" | "integer" | "boolean") {
            self.malformed(&format!("{name}.x"), "1", wrong);
        }
    }

    /// The answer must list, perhaps among others, the violation that `path` breaks `demand`, with nothing after it.
    fn refused(&self, request: Request, path: &str, value: &str, demand: &str, wrong: &mut Vec<String>) {
        let what = format!("{value} at '{path}' failed to satisfy constraint: {demand}");
        match self.send(request) {
            Err(error) if error.code() == Code::ValidationError => {
                let message = error.message().unwrap_or_default();
                let violations = message.split_once(" detected: ").map_or("", |(_, violations)| violations);
                if !violations.split("; ").any(|violation| self.is_violation(violation, &what)) {
                    wrong.push(format!("{message:?} instead of {what:?}"));
                }
            }
            Err(error) => wrong.push(format!("{error} instead of {what:?}")),
            Ok(_) => wrong.push(format!("accepts what should be refused: {what:?}")),
        }
    }

    /// STS shows the values of a list, in a form that the caller leaves open by an empty beginning.
    fn is_violation(&self, found: &str, expected: &str) -> bool {
        match self.entry.service.prefix() {
            "sts" if expected.starts_with(" at ") => found.starts_with("Value") && found.ends_with(expected),
            "iam" if expected.starts_with(" at ") => found.strip_prefix("Value") == Some(expected),
            _ => found == expected,
        }
    }

    fn malformed(&self, name: &str, value: &str, wrong: &mut Vec<String>) {
        match self.send(vec![(name.to_owned(), value.to_owned())]) {
            Err(error) if error.code() == Code::MalformedInput => {}
            other => wrong.push(format!("{name}={value} is no MalformedInput: {other:?}")),
        }
    }

    fn send(&self, request: Request) -> Result<Option<Error>, Error> {
        decode(self.entry, &self.others.iter().cloned().chain(request).collect())
    }

    /// How a violation begins: IAM leaves the value out, STS shows it unless it is secret.
    fn echoed(&self, shape: &Shape, value: &str) -> String {
        match self.entry.service.prefix() {
            "sts" if !shape.sensitive => format!("Value '{value}'"),
            _ => "Value".to_owned(),
        }
    }

    fn text(&self, name: &str, path: &str, shape: &Shape, wrong: &mut Vec<String>) {
        for (value, demand) in broken_texts(self.entry.service, shape) {
            // Observed at AWS: wildcards are taken here, whatever the model says.
            let demand = match path.contains(".inlinePolicyIdentifier.") {
                true => demand.replace(r"pattern: [\w+=,.@-]+", r"pattern: .*[\w+=,.@-]+.*"),
                false => demand,
            };
            let request = vec![(name.to_owned(), value.clone())];
            let begins = self.echoed(shape, &value);
            // IAM has sentences of its own on wrong characters, given once the caller is found to be authorized.
            let sentence = format!("The specified value for {path} is invalid. ");
            let is_told_later = demand.contains("pattern")
                && matches!(self.send(request.clone()), Ok(Some(error)) if error.message().unwrap_or_default().starts_with(&sentence));
            if !is_told_later {
                self.refused(request, path, &begins, &demand, wrong);
            }
        }
    }

    fn number(&self, name: &str, path: &str, shape: &Shape, wrong: &mut Vec<String>) {
        let below = shape.min.map(|min| (min - 1, format!("Member must have value greater than or equal to {min}")));
        let above = shape.max.map(|max| (max + 1, format!("Member must have value less than or equal to {max}")));
        for (value, demand) in below.into_iter().chain(above) {
            let request = vec![(name.to_owned(), value.to_string())];
            self.refused(request, path, &self.echoed(shape, &value.to_string()), &demand, wrong);
        }
        self.malformed(name, "x", wrong);
    }

    fn list(&self, name: &str, path: &str, shape: &Shape, wrong: &mut Vec<String>) {
        self.malformed(name, "x", wrong);
        let members = |count: i64| -> Request {
            let values = (1..=count).flat_map(|n| self.model.values(&format!("{name}.member.{n}"), &shape.member));
            values.collect()
        };
        if let Some(max) = shape.max {
            let demand = format!("Member must have length less than or equal to {max}");
            self.refused(members(max + 1), path, "", &demand, wrong);
        }
        if let Some(min) = shape.min.filter(|min| *min > 0) {
            let demand = format!("Member must have length greater than or equal to {min}");
            self.refused(vec![(name.to_owned(), String::new())], path, "", &demand, wrong);
        }
        let member = self.model.shape(&shape.member);
        let first = format!("{name}.member.1");
        match member.r#type.as_str() {
            "structure" => self.structure(&first, &format!("{path}.1.member"), member, wrong),
            _ => {
                for (value, demand) in broken_texts(self.entry.service, member) {
                    let mut all = demands(self.entry.service, member);
                    assert!(all.contains(&demand));
                    // Recorded: the keys of every Untag operation of IAM, and no other list, end so.
                    if self.entry.service == Service::IAM && name == "TagKeys" {
                        all.push("Member must not be null".to_owned());
                    }
                    let shown = format!("Member must satisfy constraint: [{}]", all.join(", "));
                    self.refused(vec![(first.clone(), value)], path, "", &shown, wrong);
                }
            }
        }
    }

    fn structure(&self, name: &str, path: &str, shape: &Shape, wrong: &mut Vec<String>) {
        for (member, of) in &shape.members {
            let others: Vec<String> = shape.members.keys().filter(|other| *other != member).cloned().collect();
            let others = self.model.example(shape, &format!("{name}."), &others);
            let path = format!("{path}.{}", member_name(member));
            if shape.required.contains(member) && !others.is_empty() {
                let begins = null(self.entry.service, &path);
                let begins = begins.split(" at ").next().unwrap();
                self.refused(others.clone(), &path, begins, "Member must not be null", wrong);
            }
            let others = self.others.iter().cloned().chain(others).collect();
            let probes = Probes { entry: self.entry, model: self.model, others };
            probes.parameter(&format!("{name}.{member}"), &path, self.model.shape(of), wrong);
        }
    }
}

/// Values that break one demand of a string, and AWS's words for it.
fn broken_texts(service: Service, shape: &Shape) -> Vec<(String, String)> {
    let length = |n: i64| usize::try_from(n).unwrap();
    if !shape.r#enum.is_empty() {
        return vec![("Nonesuch".to_owned(), enumerated(service, shape))];
    }
    let mut broken = Vec::new();
    if let Some(max) = shape.max {
        let demand = format!("Member must have length less than or equal to {max}");
        broken.push(("1".repeat(length(max) + 1), demand));
    }
    if let Some(min) = shape.min.filter(|min| *min > 0) {
        let demand = format!("Member must have length greater than or equal to {min}");
        broken.push(("1".repeat(length(min) - 1), demand));
    }
    if let Some(pattern) = &shape.pattern {
        // No pattern of the models admits NUL.
        let value = "\0".repeat(length(shape.min.unwrap_or(0).max(1)));
        broken.push((value, format!("Member must satisfy regular expression pattern: {pattern}")));
    }
    broken
}

/// All demands on a string that is a member of a list.
fn demands(service: Service, shape: &Shape) -> Vec<String> {
    if !shape.r#enum.is_empty() {
        return vec![enumerated(service, shape)];
    }
    let max = shape.max.map(|max| format!("Member must have length less than or equal to {max}"));
    let min = shape.min.map(|min| format!("Member must have length greater than or equal to {min}"));
    let pattern = shape.pattern.as_ref();
    let pattern = pattern.map(|pattern| format!("Member must satisfy regular expression pattern: {pattern}"));
    max.into_iter().chain(min).chain(pattern).collect()
}

/// IAM leaves the values of an enumeration out, STS shows them.
fn enumerated(service: Service, shape: &Shape) -> String {
    let demand = "Member must satisfy enum value set";
    match service.prefix() {
        "iam" => demand.to_owned(),
        _ => format!("{demand}: [{}]", shape.r#enum.join(", ")),
    }
}
