//! URLs of queues in the answers of SQS. Some clients send their next calls there, and would go past the gateway.

use http::{Response, header};

use crate::error::Result;
use crate::gateway::meant::Meant;
use crate::gateway::{Arrival, Body, answer};

/// The operations of SQS whose answers have URLs of queues.
const WITH_URLS: &[&str] = &["CreateQueue", "GetQueueUrl", "ListDeadLetterSourceQueues", "ListQueues"];

/// The most bytes of such an answer, which has up to 1,000 URLs.
const MAX_ANSWER: usize = 1 << 20;

/// An answer in which the URLs of queues lead here, to the host that the client called.
///
/// # Errors
/// When the answer cannot be read.
pub(in crate::gateway) async fn leading_here(
    meant: &Meant<'_>,
    arrival: &Arrival<'_>,
    response: Response<Body>,
) -> Result<Response<Body>> {
    let is_meant = meant.service().name == "sqs" && WITH_URLS.contains(&meant.operation());
    let host = arrival.parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let (Some(host), true) = (host, is_meant && response.status().is_success()) else { return Ok(response) };
    let (mut parts, body) = response.into_parts();
    let body = answer::read(body, MAX_ANSWER).await?;
    let scheme = if arrival.secure { "https" } else { "http" };
    let body = match str::from_utf8(&body) {
        Ok(text) => at(text, scheme, host).into(),
        Err(_) => body,
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, answer::whole(body)))
}

/// The text with this scheme and host in all URLs of queues.
fn at(text: &str, scheme: &str, host: &str) -> String {
    let mut pieces = text.split("://");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end =
            piece.find(|c: char| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '\\' | '\'')).unwrap_or(piece.len());
        let (url, rest) = piece.split_at(end);
        let bare = out.strip_suffix("https").or_else(|| out.strip_suffix("http")).map(str::len);
        match (bare, url.split_once('/')) {
            (Some(bare), Some((_, path))) if is_queue(path) => {
                out.truncate(bare);
                out += &format!("{scheme}://{host}/{path}{rest}");
            }
            _ => out += &format!("://{url}{rest}"),
        }
    }
    out
}

/// Whether the path of a URL is that of a queue: it ends in an account, or in what some servers have in its place, and a
/// name.
fn is_queue(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    !name.is_empty() && (is_account || account == "queue")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_queues_lead_to_the_gateway() {
        for (text, expected) in [
            (
                r#"{"QueueUrls":["http://127.0.0.1:4566/000000000000/a","http://localhost:9324/queue/b"]}"#,
                r#"{"QueueUrls":["https://iamd:1/000000000000/a","https://iamd:1/queue/b"]}"#,
            ),
            (
                r#"<R xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><QueueUrl>http://sqs.eu-west-1.localhost.localstack.cloud:4566/000000000000/a</QueueUrl></R>"#,
                r#"<R xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><QueueUrl>https://iamd:1/000000000000/a</QueueUrl></R>"#,
            ),
            (r#"{"QueueUrls":[]}"#, r#"{"QueueUrls":[]}"#),
            (r#"{"NextToken":"a://b/queue/c"}"#, r#"{"NextToken":"a://b/queue/c"}"#),
            ("://", "://"),
        ] {
            assert_eq!(at(text, "https", "iamd:1"), expected);
        }
    }
}
