//! What a request of S3 asks permission for.

mod actions;
mod bodies;
mod bucket;
mod control;
mod directory;
mod keys;
mod object;
mod resources;

pub(crate) use control::is_tagged;

use super::address::{Bucket, Target};
use super::form::Fields;
use super::refusal::Refusal;
use super::route::{Operation, Routed};
use super::signing::Signing;
use crate::needs::{Fact, Facts, Need};
use crate::questions::{Asked, Owner, Question, Scene};
use keys::{Keys, sees_object_tags};
use resources::About;

/// A key that the body or a calculation gives: the actions it belongs to, its name and its values.
type FromBody = (&'static [&'static str], String, Vec<String>);

/// A request together with what its questions depend on.
pub(crate) struct Asking<'a, 'r> {
    pub routed: &'a Routed<'r>,
    /// The operation's name.
    pub operation: &'static str,
    /// The fields of a browser's form, which stand for headers.
    pub fields: Option<&'a Fields>,
    /// The body, if the request has one and it has been read.
    pub body: Option<&'a [u8]>,
    pub scene: &'a Scene,
    pub signing: &'a Signing<'a>,
    pub facts: &'a Facts,
    pub from_body: Vec<FromBody>,
}

/// Everything besides the request that its questions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Where and by whom it is asked.
    pub scene: &'a Scene,
    /// What signature and connection say.
    pub signing: &'a Signing<'a>,
    /// What the upstream has said.
    pub facts: &'a Facts,
}

/// The question whether the caller may list a bucket, with the keys that a request for an object has for it.
pub(crate) fn list_bucket(routed: &Routed<'_>, bucket: &Bucket<'_>, given: Given<'_>) -> Question {
    let Given { scene, signing, facts } = given;
    let (operation, from_body) = ("HeadBucket", Vec::new());
    let asking = Asking { routed, operation, fields: None, body: None, scene, signing, facts, from_body };
    let mut about = asking.about_bucket(bucket);
    let mut keys = asking.common();
    keys.append(&mut about.keys);
    resources::question("s3:ListBucket".to_owned(), about.arn, about.owner, keys)
}

impl<'r> Routed<'r> {
    /// What the request asks permission for. A preflight asks for nothing.
    ///
    /// # Errors
    /// A body or header that S3 would refuse; a body that [`Routed::body`] wants and that is missing.
    pub fn ask(&self, body: Option<&[u8]>, given: Given<'_>) -> Result<Asked, Refusal> {
        self.ask_with(None, body, given)
    }

    /// What an upload form asks permission for, by its fields.
    ///
    /// # Errors
    /// As [`Routed::ask`].
    pub fn ask_form(&self, fields: &Fields, given: Given<'_>) -> Result<Asked, Refusal> {
        self.ask_with(Some(fields), None, given)
    }

    fn ask_with(&self, fields: Option<&Fields>, body: Option<&[u8]>, given: Given<'_>) -> Result<Asked, Refusal> {
        let Some(operation) = self.operation.name() else { return Ok(Asked::default()) };
        if given.signing.place.is_none() && self.query.names().any(|name| name.starts_with("response-")) {
            let message = "Request specific response headers cannot be used for anonymous GET requests.";
            return Err(Refusal::request(message));
        }
        self.check_signed(given.signing)?;
        let Given { scene, signing, facts } = given;
        let asking = Asking { routed: self, operation, fields, body, scene, signing, facts, from_body: Vec::new() };
        asking.ask()
    }
}

impl Asking<'_, '_> {
    fn ask(mut self) -> Result<Asked, Refusal> {
        let routed = self.routed;
        if let Operation::Control { account, labels, .. } = &routed.operation {
            return self.control(account, labels);
        }
        match &routed.target {
            Target::Service => Ok(self.service()),
            Target::Bucket { bucket } | Target::Object { bucket, .. } if directory::is_directory(bucket) => {
                self.directory(bucket)
            }
            Target::Bucket { bucket } if self.operation == "DeleteObjects" => self.delete_objects(bucket),
            Target::Bucket { bucket } if self.fields.is_some() => self.form(bucket),
            Target::Bucket { bucket } => self.bucket(bucket),
            Target::Object { bucket, key } => self.object(bucket, key),
        }
    }

    fn service(&self) -> Asked {
        if self.operation == "ListDirectoryBuckets" {
            return asked(vec![resources::unnamed("s3express:ListAllMyDirectoryBuckets", "*", self.common())]);
        }
        let resource = format!("arn:{}:s3:::*", self.scene.partition);
        asked(vec![resources::unnamed("s3:ListAllMyBuckets", &resource, self.common())])
    }

    /// A parameter, a header, or the field of a form that stands for one.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        match self.fields {
            Some(fields) => fields.header(name),
            None => self.routed.value(name),
        }
    }

    /// The body of an operation that cannot do without.
    pub(crate) fn body(&self) -> Result<&[u8], Refusal> {
        let missing = || Refusal::new(400, "MissingRequestBodyError", "Request Body is empty");
        self.body.filter(|body| !body.is_empty()).ok_or_else(missing)
    }

    /// An action on an object or on a bucket, with the keys of the request.
    pub(crate) fn question(&self, action: &str, about: About) -> Question {
        let action = format!("s3:{action}");
        let mut keys = self.keys(&action);
        keys.extend(about.keys);
        resources::question(action, about.arn, about.owner, keys)
    }

    /// Adds the tags of an object that exists to the questions that see them, or the need to know them.
    pub(crate) fn see_tags(
        &self,
        asked: &mut Asked,
        from: usize,
        bucket: &Bucket<'_>,
        key: &str,
        version: Option<&str>,
    ) {
        let Some(bucket) = bucket.name() else { return };
        let need =
            Need::ObjectTags { bucket: bucket.to_owned(), key: key.to_owned(), version: version.map(str::to_owned) };
        let fact = self.facts.get(&need);
        let mut is_needed = false;
        for question in asked.questions.iter_mut().skip(from).filter(|question| sees_object_tags(&question.action)) {
            is_needed |= fact.is_none();
            if let Some(Fact::Tags(tags)) = fact {
                question.keys.extend(tags.iter().map(|(key, value)| tag("s3:ExistingObjectTag/", key, value)));
            }
        }
        if is_needed && !asked.needs.contains(&need) {
            asked.needs.push(need);
        }
    }

    /// Adds the tags of a bucket to the questions about it or its objects, or the need to know them.
    pub(crate) fn see_bucket_tags(&self, asked: &mut Asked, bucket: &Bucket<'_>) {
        let Some(name) = bucket.name() else { return };
        let need = Need::BucketTags { bucket: name.to_owned() };
        match self.facts.get(&need) {
            None if asked.needs.contains(&need) => {}
            None => asked.needs.push(need),
            Some(Fact::Tags(tags)) => {
                let own = Owner::Bucket(name.to_owned());
                for question in asked.questions.iter_mut().filter(|question| question.owner == own) {
                    for prefix in ["s3:BucketTag/", "aws:ResourceTag/"] {
                        question.keys.extend(tags.iter().map(|(key, value)| tag(prefix, key, value)));
                    }
                }
            }
            Some(_) => {}
        }
    }
}

pub(crate) fn tag(prefix: &str, key: &str, value: &str) -> (String, Vec<String>) {
    (format!("{prefix}{key}"), vec![value.to_owned()])
}

/// The keys of tags that a request sets.
pub(crate) fn request_tags(prefix: &str, all: &str, tags: &[(String, String)]) -> Keys {
    let mut keys: Keys = tags.iter().map(|(key, value)| tag(prefix, key, value)).collect();
    if !tags.is_empty() {
        keys.push((all.to_owned(), tags.iter().map(|(key, _)| key.clone()).collect()));
    }
    keys
}

pub(crate) fn asked(questions: Vec<Question>) -> Asked {
    Asked { questions, needs: Vec::new() }
}
