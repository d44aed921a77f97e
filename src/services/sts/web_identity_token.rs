//! Tokens that prove to others who the caller is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::session::subject_mode::{origin_subject, session_key};
use crate::account::TOKEN_ALGORITHMS;
use crate::call::{Access, AccountRef, Context, Need, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::identity::Standing;
use crate::keys::Algorithm;
use crate::shapes::{
    Audiences, JwtAlgorithm, Kind, SubjectMode, Tag, TagSet, Tags, Timestamp, WebIdentityTokenDurationSeconds,
    WebIdentityTokenScope,
};

/// The life of a token in seconds when the request does not say.
const DEFAULT_LIFE: i32 = 300;
/// The claims that are condition keys of the session.
const SESSION_CLAIMS: [(&str, &str); 8] = [
    ("identity_store_user_id", "identitystore:UserId"),
    ("identity_store_arn", "aws:IdentityStoreArn"),
    ("ec2_source_instance_arn", "ec2:SourceInstanceArn"),
    ("ec2_instance_source_vpc", "aws:Ec2InstanceSourceVpc"),
    ("ec2_instance_source_private_ipv4", "aws:Ec2InstanceSourcePrivateIPv4"),
    ("ec2_role_delivery", "ec2:RoleDelivery"),
    ("lambda_source_function_arn", "lambda:SourceFunctionArn"),
    ("glue_credential_issuing_service", "glue:CredentialIssuingService"),
];
/// The greatest size of a token's claims in bytes. AWS does not publish its limit.
const MAX_CLAIMS_BYTES: usize = 8192;

/// Issues a token about the caller, signed by the caller's account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetWebIdentityToken {
    audience: Audiences,
    duration_seconds: Option<WebIdentityTokenDurationSeconds>,
    signing_algorithm: JwtAlgorithm,
    scope: Option<WebIdentityTokenScope>,
    subject_mode: Option<SubjectMode>,
    tags: Option<Tags>,
}

/// What `GetWebIdentityToken` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetWebIdentityTokenResult {
    web_identity_token: String,
    expiration: Timestamp,
}

impl Operation for GetWebIdentityToken {
    type Output = GetWebIdentityTokenResult;

    const ERRORS: &'static [Code] =
        &[Code::JWTPayloadSizeExceeded, Code::OutboundWebIdentityFederationDisabled, Code::SessionDurationEscalation];

    fn access(&self) -> Access<'_> {
        let audience: Vec<&str> = self.audience.iter().map(|audience| audience.as_str()).collect();
        let access = Access::any()
            .key("sts:DurationSeconds", Some(self.life().to_string()))
            .key("sts:IdentityTokenAudience", Some(audience))
            .key("sts:SigningAlgorithm", Some(self.signing_algorithm.as_str()))
            .key("sts:SubjectMode", Some(self.mode_name()))
            .key("sts:IdentityTokenScope", self.scope.as_ref().map(|scope| scope.split(' ').collect::<Vec<_>>()))
            .request_tags(self.tags.as_deref())
            .again("sts:TagGetWebIdentityToken", Need::Tags);
        match self.scope {
            Some(_) => access.again("sts:SetWebIdentityTokenScope", Need::Always),
            None => access,
        }
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        self.check_scope()?;
        if self.mode() == SubjectMode::OriginIdentity {
            origin_subject(cx.caller)?;
        }
        self.algorithm().map(drop)
    }
}

impl Query for GetWebIdentityToken {
    fn answer(self, cx: &View<'_>) -> Result<GetWebIdentityTokenResult> {
        let issuer = cx.account.token_issuer().filter(|issuer| issuer.enabled).ok_or_else(|| {
            let message = "Outbound web identity federation is not enabled for this account.";
            Error::new(Code::OutboundWebIdentityFederationDisabled, message)
        })?;
        let expiration = cx.now.plus(self.life().into());
        if cx.caller.session.as_ref().is_some_and(|session| expiration > session.expires) {
            let message = "The requested token duration exceeds the remaining duration of the session.";
            return Err(Error::new(Code::SessionDurationEscalation, message));
        }
        let key =
            issuer.signing_key(self.algorithm()?).ok_or_else(|| Error::internal("the account's key is damaged"))?;
        let claims = self.claims(cx, expiration)?;
        if claims.to_string().len() > MAX_CLAIMS_BYTES {
            let message = "The claims of the token are too large.";
            return Err(Error::new(Code::JWTPayloadSizeExceeded, message));
        }
        let web_identity_token = key.sign(&claims).map_err(Error::internal)?;
        Ok(GetWebIdentityTokenResult { web_identity_token, expiration })
    }
}

impl GetWebIdentityToken {
    fn life(&self) -> i32 {
        self.duration_seconds.map_or(DEFAULT_LIFE, WebIdentityTokenDurationSeconds::get)
    }

    fn mode(&self) -> SubjectMode {
        self.subject_mode.unwrap_or(SubjectMode::AWSIdentity)
    }

    fn mode_name(&self) -> &'static str {
        match self.mode() {
            SubjectMode::AWSIdentity => "AWSIdentity",
            SubjectMode::OriginIdentity => "OriginIdentity",
        }
    }

    /// A scope goes with the subject's own identity and one audience, and no value is in it twice.
    fn check_scope(&self) -> Result<()> {
        let Some(scope) = &self.scope else { return Ok(()) };
        let values: Vec<&str> = scope.split(' ').collect();
        let doubled =
            values.iter().enumerate().any(|(at, value)| values.iter().skip(at + 1).any(|other| other == value));
        let message = match () {
            () if self.mode() != SubjectMode::OriginIdentity => "Scope requires the SubjectMode OriginIdentity.",
            () if self.audience.len() != 1 => "Scope requires exactly one Audience.",
            () if doubled => "Scope must not contain a value more than once.",
            () => return Ok(()),
        };
        Err(Error::new(Code::ValidationError, message))
    }

    fn algorithm(&self) -> Result<Algorithm> {
        let named = TOKEN_ALGORITHMS.into_iter().find(|algorithm| algorithm.name() == &*self.signing_algorithm);
        named.ok_or_else(|| {
            let message = format!(
                "1 validation error detected: Value '{}' at 'signingAlgorithm' failed to satisfy constraint: Member must \
                 satisfy enum value set: [RS256, ES384]",
                self.signing_algorithm
            );
            Error::new(Code::ValidationError, message)
        })
    }

    fn claims(&self, cx: &View<'_>, expiration: Timestamp) -> Result<Value> {
        let standing = Standing::of(cx.caller, cx.account)?;
        let request_tags = TagSet::from_request(Kind::Role, self.tags.clone())
            .map_err(|error| Error::new(Code::ValidationError, error.message().unwrap_or_default().to_owned()))?;
        let audience = match &*self.audience {
            [one] => json!(one),
            several => json!(several),
        };
        let origin = match self.mode() {
            SubjectMode::OriginIdentity => Some(origin_subject(cx.caller)?),
            SubjectMode::AWSIdentity => None,
        };
        let mut claims = json!({
            "iss": cx.token_issuer_url(),
            "aud": audience,
            "sub": origin.unwrap_or(standing.principal_arn()),
            "iat": cx.now.seconds(),
            "exp": expiration.seconds(),
            "jti": cx.ids.uuid().to_string(),
            "https://sts.amazonaws.com/": about(cx, &standing, &request_tags),
        });
        let mode = origin.map(|_| ("subject_mode", json!(self.mode_name())));
        let scope = self.scope.as_ref().map(|scope| ("scope", json!(scope.as_str())));
        if let Some(members) = claims.as_object_mut() {
            members.extend(mode.into_iter().chain(scope).map(|(name, value)| (name.to_owned(), value)));
        }
        Ok(claims)
    }
}

/// AWS's own claims ("Understanding token claims"): those that there is something to say for.
fn about(cx: &Context<'_, impl AccountRef>, standing: &Standing<'_>, request_tags: &[Tag]) -> Value {
    let mut about = Map::new();
    let mut say = |name: &str, value: Value| about.insert(name.to_owned(), value);
    say("aws_account", json!(cx.account.id.to_string()));
    say("source_region", json!(cx.facts.region));
    say("principal_id", json!(standing.principal_arn()));
    if let Some(organization) = cx.organization() {
        say("org_id", json!(organization.id));
        if let Some(place) = organization.place(cx.account.id) {
            say("ou_path", json!(place.path()));
        }
    }
    for (name, tags) in [("principal_tags", standing.tags()), ("request_tags", request_tags)] {
        if !tags.is_empty() {
            let tags: Map<String, Value> = tags.iter().map(|tag| (tag.key.to_string(), json!(tag.value))).collect();
            say(name, Value::Object(tags));
        }
    }
    if let Some(session) = &cx.caller.session {
        say("original_session_exp", json!(session.expires.to_string()));
        for (claim, key) in SESSION_CLAIMS {
            if let Some(value) = session_key(session, key) {
                say(claim, json!(value));
            }
        }
        if let Some(provider) = &session.federated_provider {
            say("federated_provider", json!(provider));
        }
        if let Some(identity) = &session.source_identity {
            say("source_identity", json!(identity));
        }
    }
    Value::Object(about)
}

operations!(STS: query GetWebIdentityToken);
