//! ARN templates of the service authorization reference: `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`.

use std::fmt::{self, Display};

/// The variables that say where a resource is. All others say which one it is.
const PLACES: [&str; 3] = ["Partition", "Region", "Account"];

/// The form of the ARNs of a resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

/// The values of a template's variables, in its order.
pub type Values<'a> = Vec<(&'a str, &'a str)>;

impl Template {
    /// Reads a template as the reference writes it.
    pub fn new(mut text: &str) -> Self {
        let mut parts = Vec::new();
        while let Some((before, rest)) = text.split_once("${") {
            let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
            if !before.is_empty() {
                parts.push(Part::Literal(before.to_owned()));
            }
            parts.push(Part::Variable(name.to_owned()));
            text = after;
        }
        if !text.is_empty() {
            parts.push(Part::Literal(text.to_owned()));
        }
        Self { parts }
    }

    /// The names of all variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The names of the variables that say which resource it is.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables().filter(|name| !PLACES.contains(name))
    }

    /// Whether the ARNs hold an account.
    pub fn has_account(&self) -> bool {
        self.variables().any(|name| name == "Account")
    }

    /// How much of an ARN the template itself writes, in bytes: of two templates that fit an ARN, the longer is the one
    /// that is meant (`table/T/index/I` also fits `table/${TableName}`).
    pub fn literal_length(&self) -> usize {
        self.parts.iter().map(|part| if let Part::Literal(text) = part { text.len() } else { 0 }).sum()
    }

    /// The ARN with these values, or the name of a variable that has none.
    ///
    /// # Errors
    /// The first variable for which `value` has nothing.
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, &str> {
        let mut arn = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => arn.push_str(text),
                Part::Variable(name) => arn.push_str(value(name).ok_or(name.as_str())?),
            }
        }
        Ok(arn)
    }

    /// The values with which the template gives this ARN. A value ends where the template's next literal begins; the
    /// last one takes the rest. None is empty but those of region and account, which global services leave out.
    pub fn read<'a>(&'a self, arn: &'a str) -> Option<Values<'a>> {
        let mut values = Vec::new();
        let mut rest = arn;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Variable(name) => {
                    let end = match parts.peek() {
                        // Most are one character, for which no searcher needs to be built.
                        Some(Part::Literal(next)) => match next.as_bytes() {
                            [byte] => rest.bytes().position(|other| other == *byte)?,
                            _ => rest.find(next.as_str())?,
                        },
                        Some(Part::Variable(_)) => return None,
                        None => rest.len(),
                    };
                    let (value, after) = rest.split_at_checked(end)?;
                    if value.is_empty() && !matches!(name.as_str(), "Region" | "Account") {
                        return None;
                    }
                    values.push((name.as_str(), value));
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

impl Display for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Literal(text) => out.write_str(text),
            Part::Variable(name) => write!(out, "${{{name}}}"),
        })
    }
}

/// The five parts of an ARN behind `arn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`
    pub partition: &'a str,
    /// `sqs`
    pub service: &'a str,
    /// `eu-central-1`, or empty.
    pub region: &'a str,
    /// Twelve digits, `aws`, or empty.
    pub account: &'a str,
    /// The rest, which may hold colons.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; none if the text is something else.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let mut next = || parts.next();
        let (partition, service, region, account, resource) = (next()?, next()?, next()?, next()?, next()?);
        Some(Self { partition, service, region, account, resource })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}";
    const STREAM: &str = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/stream/${StreamLabel}";
    const TABLE_ARN: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders";
    const STREAM_ARN: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000";

    #[test]
    fn a_template_reads_what_it_fills() {
        let (table, stream) = (Template::new(TABLE), Template::new(STREAM));
        for (template, arn) in [(&table, TABLE_ARN), (&stream, STREAM_ARN)] {
            let values = template.read(arn).unwrap();
            let value = |name: &str| values.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
            assert_eq!(template.fill(value).unwrap(), arn);
        }
        assert_eq!(stream.read(STREAM_ARN).unwrap().last(), Some(&("StreamLabel", "2026-01-01T00:00:00.000")));
        assert_eq!(stream.names().collect::<Vec<_>>(), ["TableName", "StreamLabel"]);
        assert!(stream.literal_length() > table.literal_length());
        assert_eq!(table.to_string(), TABLE);
    }

    #[test]
    fn other_arns_do_not_fit() {
        let table = Template::new(TABLE);
        for arn in ["", "orders", "arn:aws:dynamodb:eu-central-1:111122223333:table/", "arn:aws:sqs:a:b:table/orders"] {
            assert_eq!(table.read(arn), None, "{arn}");
        }
        assert_eq!(Template::new(STREAM).read(TABLE_ARN), None);
        assert_eq!(Template::new("arn:aws:x").read("arn:aws:xy"), None);
    }

    #[test]
    fn a_variable_without_value_is_named() {
        assert_eq!(Template::new(TABLE).fill(|name| (name != "TableName").then_some("x")), Err("TableName"));
    }

    #[test]
    fn an_arn_has_six_parts() {
        let arn = Arn::parse(STREAM_ARN).unwrap();
        assert_eq!((arn.service, arn.account), ("dynamodb", "111122223333"));
        assert_eq!(arn.resource, "table/orders/stream/2026-01-01T00:00:00.000");
        assert_eq!(Arn::parse("arn:aws:s3::"), None);
        assert_eq!(Arn::parse("orders"), None);
    }
}
