//! What a path says: the labels of REST, and the queue of a form to SQS.

use aws_reference::operations::Segment;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Input, Unreadable};

/// The label that is sent under this name.
pub(super) fn label(input: &Input<'_>, name: &str) -> Option<String> {
    let template = input.call.operation.uri.segments();
    let path = input.request.path.trim_start_matches('/');
    let segments: Vec<_> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    let extra = segments.len().checked_sub(template.len())?;
    let mut rest = segments.as_slice();
    for part in template {
        let taken = if matches!(part, Segment::GreedyLabel(_)) { extra + 1 } else { 1 };
        let (here, after) = rest.split_at_checked(taken)?;
        if matches!(part, Segment::Label(label) | Segment::GreedyLabel(label) if label == name) {
            return percent_decode_str(&here.join("/")).decode_utf8().ok().map(String::from);
        }
        rest = after;
    }
    None
}

/// The URL of a queue that a form is about: its parameter, or else the path it is sent to, which must not be that of
/// another queue.
pub(super) fn queue_url(path: &str, parameter: Option<Value>) -> Result<Option<Value>, Unreadable> {
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Ok(parameter);
    }
    match parameter {
        None => Ok(Some(path.into())),
        Some(Value::String(url)) if url.trim_end_matches('/').ends_with(path) => Ok(Some(url.into())),
        Some(_) => Err(Unreadable::ambiguous("QueueUrl")),
    }
}
