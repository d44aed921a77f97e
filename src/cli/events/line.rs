//! An event as one line: `2026-01-31 12:34:56 DENIED 123456789012 user/ann iam:GetUser user/bob (identity: …)`.

use std::io::{self, Write};

use anstyle::Style;
use serde_json::Value;

use crate::cli::output::{BAD, DOUBTFUL, GOOD};
use crate::log::printable;

/// Writes the line.
pub(super) fn write(out: &mut dyn Write, event: &Value) -> io::Result<()> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let outcome = text("/outcome");
    let style = style_of(outcome);
    let time = text("/time").replace('T', " ");
    write!(out, "{} {style}{}{style:#}", printable(time.trim_end_matches('Z')), printable(outcome))?;
    let account = text("/account");
    let own = |arn: &str| short(arn, account);
    // What was denied, where something was: a call may ask for several permissions.
    let (action, resource) = match event.get("denial") {
        Some(_) => (text("/denial/action"), text("/denial/resource")),
        None => (text("/action"), text("/asked/0/resource")),
    };
    for word in [account, &own(text("/caller")), action, &own(resource)] {
        if !word.is_empty() && word != "*" {
            write!(out, " {}", printable(word))?;
        }
    }
    let why = match (event.get("denial"), text("/record/errorCode")) {
        (Some(_), _) => {
            let (layer, reason) = (text("/denial/layer"), text("/denial/reason"));
            Some(if layer.is_empty() { reason.to_owned() } else { format!("{layer}: {reason}") })
        }
        (None, "") => None,
        (None, code) => Some(match text("/record/errorMessage") {
            "" => code.to_owned(),
            message => format!("{code}: {message}"),
        }),
    };
    if let Some(why) = why {
        write!(out, " ({})", printable(&why))?;
    }
    let id = text("/denial/authorizationId");
    if !id.is_empty() {
        write!(out, " iamd why {}", printable(id))?;
    }
    writeln!(out)
}

/// The colour of an outcome.
fn style_of(outcome: &str) -> Style {
    match outcome {
        "OK" => GOOD,
        "DENIED" => BAD,
        _ => DOUBTFUL,
    }
}

/// An ARN of IAM or STS in the account itself, without what is the same in all of them.
pub(super) fn short(arn: &str, account: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam" | "sts", "", owner, name] if *owner == account => (*name).to_owned(),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(event: &Value) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        write(&mut out, event).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn each_event_is_one_line() {
        let allowed = json!({
            "time": "2026-01-31T12:34:56Z", "outcome": "OK", "account": "123456789012",
            "caller": "arn:aws:iam::123456789012:user/alice", "action": "iam:GetUser",
            "asked": [{"action": "iam:GetUser", "resource": "arn:aws:iam::123456789012:user/bob"}],
        });
        assert_eq!(line(&allowed), "2026-01-31 12:34:56 OK 123456789012 user/alice iam:GetUser user/bob\n");
        let mut failed = allowed.clone();
        failed["outcome"] = "REFUSED".into();
        failed["record"] = json!({"errorCode": "NoSuchEntityException", "errorMessage": "no bob"});
        assert!(line(&failed).ends_with("user/bob (NoSuchEntityException: no bob)\n"));
        let mut denied = allowed;
        denied["outcome"] = "DENIED".into();
        denied["denial"] = json!({
            "action": "iam:PassRole", "resource": "arn:aws:iam::210987654321:role/R", "layer": "identity",
            "reason": "no statement allows it", "authorizationId": "abc",
        });
        assert_eq!(
            line(&denied),
            "2026-01-31 12:34:56 DENIED 123456789012 user/alice iam:PassRole arn:aws:iam::210987654321:role/R \
             (identity: no statement allows it) iamd why abc\n"
        );
    }

    #[test]
    fn no_name_makes_a_line_or_steers_the_terminal() {
        let forged = "x\n2026-01-31 OK \u{1b}[2J\u{202e}";
        let event = json!({
            "time": forged, "outcome": forged, "account": forged, "caller": forged, "action": forged,
            "asked": [{"action": forged, "resource": forged}],
            "denial": {"action": forged, "resource": forged, "layer": forged, "reason": forged, "authorizationId": forged},
        });
        let line = line(&event);
        assert!(line.strip_suffix('\n').is_some_and(|line| !line.contains(char::is_control)), "{line:?}");
        assert!(!line.contains('\u{202e}'), "{line:?}");
    }
}
