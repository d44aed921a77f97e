//! Decisions as they come: the audit trail of the account for somebody who may look events up.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use iam_policy::ResourceKind;

use crate::audit::{Event, EventFilter};
use crate::call::{Outside, Words};
use crate::console::pages::parts::with_query;
use crate::console::view::Block;
use crate::console::visit::Visit;
use crate::console::{answer, session};
use crate::error::Error;
use crate::http::feed::{Feed, Follower, Sight, last_event};
use crate::http::{State, Stopping};
use crate::identity::RequestFacts;
use crate::wire::Service;

/// The entry of the menu.
const SECTION: &str = "live";

/// The permission that following needs.
const ACTION: &str = "cloudtrail:LookupEvents";

/// How far back a page begins, in seconds.
const PAST: i64 = 5 * 60;

/// The page, which a script fills.
#[derive(Template)]
#[template(path = "live.html", config = "src/console/askama.toml")]
struct Live<'p> {
    denied: bool,
    principal: &'p str,
    action: &'p str,
    stream: String,
}

/// The page. That somebody follows is an event itself.
pub async fn page(visit: &Visit) -> Response {
    if let Err(error) = visit.call(Service::CLOUDTRAIL, "LookupEvents", &[("MaxResults", "1")]).await {
        return visit.refusal(SECTION, "Live", &error);
    }
    let filter = filter(visit);
    let (principal, action) = (visit.sent.field("principal"), visit.sent.field("action"));
    let mut query = vec![("principal", principal), ("action", action)];
    if filter.denied {
        query.push(("denied", "yes"));
    }
    let stream = with_query("/console/live/events", &query);
    let live = Live { denied: filter.denied, principal, action, stream };
    visit.page(SECTION, "Live", None, vec![Block::template(&live)])
}

/// The filter that a request asks for, on the events of the own account.
fn filter(visit: &Visit) -> EventFilter {
    // What is typed is looked for anywhere, as in the other pages.
    let pattern = |name| match visit.sent.field(name).trim() {
        "" => None,
        text if text.contains('*') => Some(text.to_owned()),
        text => Some(format!("*{text}*")),
    };
    EventFilter {
        denied: !visit.sent.field("denied").is_empty(),
        principal: pattern("principal"),
        action: pattern("action"),
        account: Some(visit.session.caller.account),
    }
}

/// The stream of events.
pub async fn events(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    stopping: Option<Extension<Stopping>>,
    request: Request,
) -> Response {
    let visit = match Visit::begin(state.clone(), peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let Some(trail) = state.app.trail.clone() else {
        return answer::refused(StatusCode::BAD_REQUEST, "The audit trail is off (--audit).");
    };
    let headers = &visit.sent.parts.headers;
    let last = match last_event(headers) {
        Ok(last) => last,
        Err(error) => return answer::refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let now = visit.sent.facts.now;
    let viewer = Viewer {
        filter: filter(&visit),
        headers: headers.clone(),
        facts: visit.sent.facts.clone(),
        state: state.clone(),
    };
    if !viewer.is_admitted().await {
        return answer::refused(
            StatusCode::FORBIDDEN,
            "To follow events needs the permission cloudtrail:LookupEvents.",
        );
    }
    let Ok(place) = state.viewers.clone().try_acquire_owned() else {
        return answer::refused(StatusCode::SERVICE_UNAVAILABLE, "Too many pages follow the events already.");
    };
    Feed::new(trail, viewer, Some(now.plus(-PAST)), last).answer(true, place, stopping)
}

/// Somebody who is signed in. Session and permission are looked at anew for every event.
struct Viewer {
    filter: EventFilter,
    /// Those of the request, with its cookie.
    headers: HeaderMap,
    facts: RequestFacts,
    state: Arc<State>,
}

impl Viewer {
    /// Whether the session goes on, and its principal may look up the events of a region.
    async fn may_look_up(&self, region: &str) -> Result<bool, Error> {
        let now = self.state.app.environment.clock.now().into();
        let Some(session) = session::signed_in(&self.state, &self.headers, now).await else { return Ok(false) };
        let caller = &session.caller;
        if Some(caller.account) != self.filter.account {
            return Ok(false);
        }
        let own = self.state.app.accounts.get(caller.account).await?.durable();
        let facts = RequestFacts { now, region: region.to_owned(), ..self.facts.clone() };
        let asked = Outside {
            action: ACTION,
            resources: &["*"],
            owner: caller.account,
            keys: &[],
            policy: None,
            kind: ResourceKind::Ordinary,
            across_accounts: false,
            secure_transport: false,
            words: Words { action: ACTION, on: "" },
        };
        let decided = self.state.app.decide(caller, &own, &facts, &[asked], None).await?;
        Ok(decided.iter().all(Option::is_none))
    }
}

impl Follower for Viewer {
    async fn sees(&self, event: &Event) -> Sight {
        // Data events are not among those that can be looked up.
        if !event.management || !self.filter.fits(event) {
            return Sight::Hidden;
        }
        match self.may_look_up(&event.region).await {
            Ok(true) => Sight::Shown(event.line()),
            Ok(false) if self.is_admitted().await => Sight::Hidden,
            Ok(false) | Err(_) => Sight::Dismissed,
        }
    }

    async fn is_admitted(&self) -> bool {
        self.may_look_up(&self.facts.region).await.unwrap_or(false)
    }
}
