//! Answers other proxies that ask whether a request may go on. They decide by nothing else, and send the request as its
//! client did: what the gateway would have changed on its way to the upstream is refused.

use std::net::IpAddr;

use aws_calls::fault::Fault;
use aws_calls::questions::Mapping;
use http::{HeaderValue, Method, Response};
use sha2::{Digest, Sha256};

use super::authentication::Authenticated;
use super::credentials::Presented;
use super::decision::Decision;
use super::meant::Meant;
use super::ruling::{Ruling, Settled, Tongue, Verdict};
use super::steps::{Failure, request};
use super::upstream::{Upstream, misleads_server};
use super::{Arrival, Body, Gateway, Inbound, answer, refusal};
use crate::app::{App, Record};
use crate::config::{AccountRule, UpstreamKind};
use crate::error::{Code, Error, Part};
use crate::identity::{Caller, Principal};
use crate::shapes::AccountId;
use crate::sigv4::Payload;

/// What a proxy that asks says of the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBody {
    /// It is there as a whole. Envoy says so also of a body that it has cut where its limit is, so only documents that end
    /// by themselves are believed without a signature over them.
    Whole,
    /// Its beginning is there.
    Beginning,
    /// Nothing: it may have been left out.
    Unknown,
}

impl Gateway {
    /// Whether a proxy at this address may ask.
    pub fn trusts(&self, proxy: IpAddr) -> bool {
        let proxy = proxy.to_canonical();
        self.config.trusted.iter().any(|network| network.contains(&proxy))
    }

    /// Decides a request that another proxy sends on.
    pub(super) async fn authorize(
        &self,
        app: &App,
        arrival: &Arrival<'_>,
        presented: &Presented<'_>,
        inbound: &mut impl Inbound,
        record: &mut Record,
        tongue: &mut Tongue,
    ) -> Result<(Response<Body>, Mapping), Failure> {
        let Ruling { meant, verdict } = self.rule(app, arrival, presented, inbound, record, tongue).await?;
        let (upstream, kind) = self.upstream_for(arrival, &meant).await?;
        check_as_sent(arrival, &meant, kind, inbound.bytes())?;
        meant.check_body_for(kind, &request(arrival.parts, Some(inbound.bytes())))?;
        if self.is_answered_here(&meant) {
            return Err(as_sent("iamd keeps this policy itself; send the request to iamd.").into());
        }
        let (caller, owner, mapping) = match verdict {
            Verdict::Free => (Caller::anonymous(), self.config.default_owner, Mapping::Exact),
            Verdict::Form => return Err(as_sent("Upload forms have to be sent to iamd itself.").into()),
            Verdict::ByAnswer(undecided) => {
                // Nothing changes by decrypting, and what was decrypted is dropped here.
                let caller = undecided.authenticated.caller.clone();
                let decision = Decision { app, arrival, meant: &meant, caller: &caller };
                let (_, mapping) = self.answer_if_allowed(&decision, (*undecided, inbound), presented, record).await?;
                let owner = caller.account;
                (caller, owner, mapping)
            }
            Verdict::Decided(settled) => {
                let Settled { authenticated, decided, mapping, .. } = *settled;
                // The proxy cannot leave out the parts that are denied.
                if let Some((_, sentence)) = decided.denied.into_iter().next() {
                    let error = Error::new(Code::AccessDenied, sentence);
                    let refusal = refusal::of_error(&error, Some(meant.service()), meant.protocol());
                    return Err(Failure { refusal: Some(refusal), ..Failure::from(error) });
                }
                (authenticated.caller, decided.owner, mapping)
            }
        };
        let answer = self.allowed(app, &caller, owner, (upstream, kind)).await?;
        Ok((answer, mapping))
    }

    /// The answer to a proxy whose request may go on: who sent it, and in which account the upstream has to run it.
    async fn allowed(
        &self,
        app: &App,
        caller: &Caller,
        owner: AccountId,
        (upstream, kind): (&Upstream, UpstreamKind),
    ) -> Result<Response<Body>, Failure> {
        let mut response = Response::new(answer::whole(Vec::new()));
        let headers = response.headers_mut();
        let owner_text = HeaderValue::from_str(&owner.to_string()).map_err(Error::internal)?;
        match upstream.accounts(kind) {
            AccountRule::Header(name) => {
                headers.insert(name, owner_text.clone());
            }
            // The request goes on with the caller's own key, so the upstream does not learn whose resources it is about.
            AccountRule::Fixed | AccountRule::KeyId if owner != self.config.default_owner => {
                let message = "The upstream would not learn which account this is about; send it to iamd itself.";
                return Err(as_sent(message).into());
            }
            AccountRule::Fixed | AccountRule::KeyId => {}
        }
        headers.insert("x-iamd-owner", owner_text);
        let name = match caller.principal {
            Principal::Anonymous => "anonymous".to_owned(),
            _ => {
                let account = app.accounts.get(caller.account).await?.durable();
                headers.insert(
                    "x-iamd-account",
                    HeaderValue::from_str(&caller.account.to_string()).map_err(Error::internal)?,
                );
                caller.arn(&account)?
            }
        };
        headers.insert("x-iamd-caller", HeaderValue::from_str(&name).map_err(Error::internal)?);
        Ok(response)
    }
}

/// Refuses to decide by a body that a proxy may have left out. A signature proves that an empty body is empty.
///
/// # Errors
/// When the body decides, and may not be the one that the upstream will get.
pub(super) fn must_have_body(
    arrival: &Arrival<'_>,
    body: &[u8],
    authenticated: Result<&Authenticated, &Failure>,
) -> Result<(), Failure> {
    let is_there = match (arrival.asked, authenticated) {
        (None | Some(GivenBody::Whole), _) => true,
        (Some(GivenBody::Beginning), _) => false,
        (Some(GivenBody::Unknown), _) if !body.is_empty() => true,
        (Some(GivenBody::Unknown), Ok(Authenticated { payload: Payload::Hash(hash), .. })) => {
            Sha256::digest([])[..] == *hash
        }
        (Some(GivenBody::Unknown), Ok(authenticated)) => authenticated.covers_body,
        (Some(GivenBody::Unknown), Err(failure)) => {
            let may_have_body = arrival.parts.method != Method::GET && arrival.parts.method != Method::HEAD;
            let is_mismatch = failure.error.rejection().is_some_and(|rejection| rejection.part == Part::Signature);
            !(is_mismatch && may_have_body)
        }
    };
    if is_there { Ok(()) } else { Err(without_body()) }
}

/// A request whose body decides, of a proxy that did not give it.
pub(super) fn without_body() -> Failure {
    let message = "The body of the request decides, and the proxy that asks did not give it.";
    Failure { lacks_body: true, ..Failure::from(Error::new(Code::AccessDenied, message)) }
}

/// Refuses what the gateway does not send on as it came.
fn check_as_sent(arrival: &Arrival<'_>, meant: &Meant<'_>, kind: UpstreamKind, body: &[u8]) -> Result<(), Fault> {
    let headers = &arrival.parts.headers;
    let region = &arrival.facts.region;
    let mut misleading = headers.iter().filter(|(name, value)| misleads_server(name, value, meant.has_form(), region));
    if let Some((name, _)) = misleading.next() {
        return Err(as_sent(format!("The header {name} may have a server take a request for another one.")));
    }
    match meant {
        Meant::S3(routed, _) => {
            // Servers find buckets in different names.
            let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let is_plain_name = kind == UpstreamKind::Plain || has_no_room_for_bucket(host);
            if routed.upstream_host().is_some() || !is_plain_name {
                return Err(as_sent("Buckets have to be in the path, and the host an address or a name of one label."));
            }
        }
        Meant::Call(call) => {
            let query = arrival.parts.uri.query().unwrap_or_default();
            let is_form = || form_urlencoded::parse(body).any(|(name, _)| name == "Action");
            // moto runs such an action, unless there is a query string, which the gateway adds.
            if call.query_to_pass_on(query) != query && (headers.contains_key("action") || is_form()) {
                return Err(as_sent("The request may be taken for a form."));
            }
        }
    }
    Ok(())
}

fn has_no_room_for_bucket(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    !name.contains('.') || name.parse::<IpAddr>().is_ok()
}

fn as_sent(message: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(403, "AccessDenied", message)
}
