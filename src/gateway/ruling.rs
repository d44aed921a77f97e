//! What is decided of a call before anything is sent on: what it means, who sent it, and whether all that it asks is
//! allowed. Calls that are served and calls that another proxy asks about take the same way up to here.

use aws_calls::needs::{Facts, Matters, Need};
use aws_calls::questions::{Asked, Mapping, Scene};
use aws_calls::s3::Operation;
use aws_reference::operations::{Protocol, Summary};

use super::authentication::{Authenticated, authenticate};
use super::authorize::{GivenBody, must_have_body, without_body};
use super::credentials::Presented;
use super::decision::{Decided, Decision};
use super::facts::MAX_ROUNDS;
use super::meant::{Asking, Meant, Reads, Unclear};
use super::refusal;
use super::steps::{Failure, incoming, request, unknown};
use super::{Arrival, Gateway, Inbound};
use crate::app::{App, Record};
use crate::config::Unmapped;
use crate::error::{Code, Error};

/// The most bytes of a document that is kept here: AWS's largest are policies of 20 KiB.
const MAX_KEPT: usize = 64 * 1024;

/// The service whose words are spoken.
pub(super) struct Tongue {
    pub service: Option<&'static Summary>,
    pub protocol: Protocol,
}

impl Tongue {
    /// The words in which a request is refused whose signature cannot be read.
    pub fn of(recognised: Result<Meant<'_>, Unclear>) -> Self {
        match recognised {
            Ok(meant) => Self { service: Some(meant.service()), protocol: meant.protocol() },
            Err(Unclear { service, protocol, .. }) => Self { service, protocol },
        }
    }
}

/// What a request means, and what was decided of it.
pub(super) struct Ruling<'r> {
    pub meant: Meant<'r>,
    pub verdict: Verdict,
}

/// What was decided of a request that is not refused.
pub(super) enum Verdict {
    /// Nobody needs permission for it.
    Free,
    /// It is a browser's form, whose fields have the signature.
    Form,
    /// Only the upstream's answer can decide it.
    ByAnswer(Box<Undecided>),
    /// It is allowed, at least in part.
    Decided(Box<Settled>),
}

/// A call that is not decided yet.
pub(super) struct Undecided {
    pub authenticated: Authenticated,
    pub scene: Scene,
    pub facts: Facts,
}

/// A call that is decided.
pub(super) struct Settled {
    pub authenticated: Authenticated,
    pub scene: Scene,
    pub facts: Facts,
    pub asked: Asked,
    pub decided: Decided,
    pub mapping: Mapping,
}

impl Gateway {
    /// Decides a call.
    pub(super) async fn rule<'r>(
        &self,
        app: &App,
        arrival: &Arrival<'r>,
        presented: &Presented<'_>,
        inbound: &mut impl Inbound,
        record: &mut Record,
        tongue: &mut Tongue,
    ) -> Result<Ruling<'r>, Failure> {
        let parts = arrival.parts;
        if let Some(id) = presented.access_key_id() {
            record.claimed_by(id);
        }
        if aws_calls::recognise::is_in_body(&request(parts, None)) {
            self.read(app, arrival, inbound, presented, usize::MAX).await?;
            // Without a signature over it, nobody knows whether the proxy sends on more of a form than it has given.
            let is_beginning = arrival.asked == Some(GivenBody::Beginning) || inbound.bytes().is_empty();
            if arrival.asked.is_some() && (is_beginning || matches!(presented, Presented::Nothing)) {
                return Err(without_body());
            }
        }
        let recognised = Meant::of(&request(parts, None), inbound.bytes(), presented.service(), &self.hosts);
        let meant = recognised.map_err(|unclear| {
            let Unclear { service, protocol, refusal } = unclear;
            *tongue = Tongue { service, protocol };
            Failure::from(refusal)
        })?;
        *tongue = Tongue { service: Some(meant.service()), protocol: meant.protocol() };
        record.action = format!("{}:{}", meant.service().prefix, meant.operation()).into();
        if meant.is_free() {
            return Ok(Ruling { meant, verdict: Verdict::Free });
        }
        if matches!(&meant, Meant::S3(routed, _) if routed.operation == Operation::PostForm) {
            return Ok(Ruling { meant, verdict: Verdict::Form });
        }
        // What is kept here is read, though the upstream would get it as a stream.
        let reads = match meant.reads(inbound.max()) {
            Reads::Nothing if self.is_answered_here(&meant) => Reads::Whole(MAX_KEPT),
            reads => reads,
        };
        if let Reads::Whole(limit) = reads {
            self.read(app, arrival, inbound, presented, limit).await?;
        }
        let signed = incoming(parts, inbound.bytes());
        let authenticated = authenticate(app, arrival, presented, &meant, &signed).await;
        if let Reads::Whole(_) = reads {
            must_have_body(arrival, inbound.bytes(), authenticated.as_ref())?;
        }
        let authenticated = authenticated?;
        record.called_by(&authenticated.caller);
        app.note_caller(record, &authenticated.caller).await?;
        if let Reads::Whole(_) = reads {
            super::body::check_whole(inbound.bytes(), authenticated.payload)
                .map_err(|fault| Failure::from(refusal::of_body(&fault)))?;
        }
        if matches!(meant, Meant::S3(..)) {
            // Facts about buckets are asked for under their names, where the upstream may have something else.
            self.upstream_for(arrival, &meant).await?;
        }
        let used = app.note_use(meant.service().prefix, &authenticated.caller, &record.action, &arrival.facts);
        record.note_key_used(used);
        let scene = self.scene(app, arrival, &authenticated);
        let mut facts = Facts::none();
        let decision = Decision { app, arrival, meant: &meant, caller: &authenticated.caller };
        let mut asked;
        let mut rounds = 0;
        loop {
            let asking = Asking { scene: &scene, facts: &facts, presented, now: arrival.real, secure: arrival.secure };
            asked = meant.ask(&request(parts, Some(inbound.bytes())), &asking)?;
            rounds += 1;
            if rounds > MAX_ROUNDS || !self.learn_facts(&decision, &asked, &mut facts).await? {
                break;
            }
        }
        let mapping = asked.questions.iter().map(|question| question.mapping).max().unwrap_or(Mapping::Assumed);
        if mapping == Mapping::Assumed && self.config.unmapped == Unmapped::Refuse {
            let message = format!("iamd does not know what {} needs permission for.", record.action);
            return Err(Error::new(Code::AccessDenied, message).into());
        }
        if asked.needs.contains(&Need::KeyOfCiphertext) {
            let undecided = Undecided { authenticated, scene, facts };
            let verdict = Verdict::ByAnswer(Box::new(undecided));
            return Ok(Ruling { meant, verdict });
        }
        if let Some(need) = asked.needs.iter().find(|need| need.matters() == Matters::Always) {
            return Err(unknown(need).into());
        }
        let decided = self.decide(&decision, &asked, inbound.bytes(), record).await?;
        let settled = Settled { authenticated, scene, facts, asked, decided, mapping };
        Ok(Ruling { meant, verdict: Verdict::Decided(Box::new(settled)) })
    }
}
