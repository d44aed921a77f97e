//! From a call to the questions that IAM asks.

mod bind;
mod code;
mod fault;
mod forms;
mod services;
mod tags;

use std::collections::BTreeMap;

pub use bind::{Binder, Bound};
pub use code::Code;
pub use forms::Form;
pub(crate) use tags::tag;

use crate::arn::Arn;
use crate::input::Unreadable;
use crate::needs::{Fact, Facts, Need};
use crate::questions::{Asked, Mapping, Owner, Question, Scene, Sentence, Shown};
use crate::rules::{self, ActionWording, Demand, Expression, PassRole, Path, Rule, Rules, Source};
use crate::view::{Element, Members, View, text};
use crate::{Call, Input};

/// Why a call cannot be turned into questions. Nothing that is refused may be forwarded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A member that names the resource is absent.
    #[error("The request must contain the parameter {0}.")]
    Missing(String),
    /// Two parts of the request name different resources.
    #[error("The request names two different values for {0}.")]
    Contradiction(String),
    /// The text is no ARN, or that of something else than the operation is about.
    #[error("Invalid ARN: {0}")]
    WrongArn(String),
    /// The text is no name of a resource.
    #[error("Invalid name: {0}")]
    WrongName(String),
    /// The resource is in another region or partition than the request.
    #[error("The resource {0} is not in the region of the request.")]
    Elsewhere(String),
    /// An expression or statement of the request cannot be read.
    #[error("Invalid {0}")]
    Syntax(String),
    /// No rule says what a request with these members asks for.
    #[error("The request's parameters do not go together.")]
    Unclear,
}

/// The questions that a call asks: of any service but S3, which has its own.
///
/// # Errors
/// The request does not say clearly what it is about. It must not be forwarded.
pub fn questions(call: &Call, input: &Input<'_>, scene: &Scene, facts: &Facts) -> Result<Asked, Refusal> {
    let rules = rules::of_service(&call.service);
    Asking { rules: &rules, operation: call.name(), members: input, scene, facts }.questions()
}

/// Where the resource of a demand is.
#[derive(Debug)]
pub struct Place {
    /// The ARN, or `*`.
    pub resource: String,
    /// Its type.
    pub of: Option<String>,
    /// The account that it names.
    pub account: Option<String>,
    /// What the request says of it.
    pub values: BTreeMap<String, String>,
    /// What only the upstream knows of it.
    pub needs: Vec<Need>,
}

impl Place {
    /// The action has no resource.
    pub(super) fn nowhere() -> Self {
        let resource = "*".to_owned();
        Self { resource, of: None, account: None, values: BTreeMap::new(), needs: Vec::new() }
    }
}

/// A question that is being made.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The question so far.
    pub question: Question,
    /// What the request says of the resource.
    pub values: BTreeMap<String, String>,
    /// What only the upstream knows of it.
    pub needs: Vec<Need>,
}

/// A call whose questions are being made.
pub struct Asking<'a> {
    /// The table of the service.
    pub rules: &'a Rules,
    /// The operation.
    pub operation: &'a str,
    /// The members of the request.
    pub members: &'a dyn Members,
    /// Who calls, and where.
    pub scene: &'a Scene,
    /// What the upstream has said.
    pub facts: &'a Facts,
}

impl Asking<'_> {
    /// The questions of the call.
    ///
    /// # Errors
    /// The request does not say clearly what it is about.
    pub fn questions(&self) -> Result<Asked, Refusal> {
        if self.rules.code.contains(&Code::Verbs) {
            return self.verbs();
        }
        let Some(rule) = self.rule()? else { return Ok(self.assumed()) };
        let mut drafts = self.drafts(&rule.main, None)?;
        for code in rule.code.iter().filter(|code| !code.is_for_all()) {
            code.apply(self, &mut drafts)?;
        }
        let action = drafts.first().map(|draft| draft.question.action.clone());
        for demand in &rule.also {
            drafts.extend(self.drafts(demand, action.as_deref())?);
        }
        for code in rule.code.iter().filter(|code| code.is_for_all()).chain(&self.rules.code) {
            code.apply(self, &mut drafts)?;
        }
        for draft in &mut drafts {
            tags::add_known(self, draft);
            if rule.derived {
                draft.question.mapping = Mapping::Derived;
            }
        }
        for pass_role in &rule.pass_roles {
            drafts.extend(self.passed_roles(pass_role)?);
        }
        // A call about no element at all would be allowed to everybody.
        if drafts.is_empty() {
            let each = rule.main.each.as_ref().and_then(Source::path).and_then(Path::member);
            return Err(each.map_or(Refusal::Unclear, |member| Refusal::Missing(member.to_owned())));
        }
        let mut asked = collect(drafts);
        if rule.code.contains(&Code::KmsSameKey) {
            crate::kms::add_same_key(&mut asked.questions);
        }
        Ok(asked)
    }

    fn verbs(&self) -> Result<Asked, Refusal> {
        let mut drafts = services::verbs(self)?;
        let role = services::ROLES.parse().map_err(|_| Refusal::Unclear)?;
        let pass = PassRole { when: Vec::new(), role, service: "apigateway.amazonaws.com".to_owned() };
        drafts.extend(self.passed_roles(&pass)?);
        Ok(collect(drafts))
    }

    /// What is read of the request.
    pub fn view<'v>(&'v self, element: Option<&'v Element>) -> View<'v> {
        View { members: self.members, element, account: &self.scene.account }
    }

    /// What finds the resources.
    pub fn binder(&self) -> Binder<'_> {
        Binder { rules: self.rules, scene: self.scene, facts: self.facts }
    }

    fn rule(&self) -> Result<Option<&Rule>, Refusal> {
        let mut rules = self.rules.of_operation(self.operation).peekable();
        if rules.peek().is_none() {
            return Ok(None);
        }
        for rule in rules {
            // With `each`, the conditions of a rule are about the request and not about the elements.
            if self.view(None).holds(&rule.main.when)? {
                return Ok(Some(rule));
            }
        }
        Err(Refusal::Unclear)
    }

    /// The operation exists, and nothing is known of what it needs.
    fn assumed(&self) -> Asked {
        let action = format!("{}:{}", self.rules.prefix, self.operation);
        let mut question = self.question(action, Place::nowhere());
        question.mapping = Mapping::Assumed;
        Asked { questions: vec![question], needs: Vec::new() }
    }

    fn drafts(&self, demand: &Demand, main: Option<&str>) -> Result<Vec<Draft>, Refusal> {
        let Some(each) = &demand.each else {
            let holds = main.is_none() || self.view(None).holds(&demand.when)?;
            return if holds { self.draft(demand, main, None) } else { Ok(Vec::new()) };
        };
        let mut drafts = Vec::new();
        for found in self.view(None).of(each)? {
            let element = Element { of: found.member, value: found.value };
            if main.is_none() || self.view(Some(&element)).holds(&demand.when)? {
                drafts.extend(self.draft(demand, main, Some(&element))?);
            }
        }
        Ok(drafts)
    }

    fn draft(&self, demand: &Demand, main: Option<&str>, element: Option<&Element>) -> Result<Vec<Draft>, Refusal> {
        if demand.resources.is_empty() {
            return Ok(Vec::new());
        }
        let view = self.view(element);
        let place = match &demand.token {
            Some(token) => self.place_of_token(demand, token, view)?,
            None => self.binder().place(demand, view)?,
        };
        let operation = || format!("{}:{}", self.rules.prefix, self.operation);
        let action = demand.action.clone().or_else(|| main.map(str::to_owned)).unwrap_or_else(operation);
        let (values, needs) = (place.values.clone(), place.needs.clone());
        let mut question = self.question(action, place);
        if demand.token.is_some() && question.resource == "*" {
            question.mapping = Mapping::Assumed;
        }
        for (key, of) in &demand.keys {
            self.add_key(&mut question, key, of, view)?;
        }
        if let Some(path) = &demand.tags {
            tags::add_requested(&mut question, path, view)?;
        }
        if let Some(of) = &demand.tag_keys {
            question.keys.push(("aws:TagKeys".to_owned(), view.texts(of)?));
        }
        if let Some(of) = &demand.shown
            && let Some(shown) = view.texts(of)?.into_iter().next()
        {
            question.sentence.resource = Shown::Text(shown);
        }
        if let Some(of) = &demand.part {
            question.part = view.texts(of)?.into_iter().next();
        }
        Ok(vec![Draft { question, values, needs }])
    }

    /// A question about a place, without condition keys.
    pub fn question(&self, action: String, place: Place) -> Question {
        let wording = &self.rules.sentence;
        let written = match &wording.action {
            ActionWording::Usual => None,
            ActionWording::Lower => Some(action.to_ascii_lowercase()),
            ActionWording::Prefix(prefix) => action.split_once(':').map(|(_, name)| format!("{prefix}:{name}")),
        };
        let resource = if wording.without_resource { Shown::Nothing } else { Shown::Resource };
        let owner = match place.account {
            Some(account) if account != self.scene.account => Owner::Account(account),
            _ => Owner::Caller,
        };
        Question {
            action,
            resource: place.resource,
            resource_type: place.of,
            spellings: Vec::new(),
            keys: Vec::new(),
            owner,
            across_accounts: !self.rules.not_across_accounts.contains(self.operation),
            sentence: Sentence { action: written, resource },
            part: None,
            mapping: Mapping::Exact,
        }
    }

    fn add_key(&self, question: &mut Question, key: &str, of: &Expression, view: View<'_>) -> Result<(), Refusal> {
        if let Some(prefix) = key.strip_suffix('*') {
            for found in view.first(of)? {
                if let (Some(name), Some(value)) = (found.key, text(&found.value)) {
                    question.keys.push((format!("{prefix}{name}"), vec![value]));
                }
            }
            return Ok(());
        }
        let found = view.first(of)?;
        if !found.is_empty() {
            question.keys.push((key.to_owned(), found.iter().filter_map(|found| text(&found.value)).collect()));
        }
        Ok(())
    }

    /// What an opaque token of an earlier answer stands for.
    fn place_of_token(&self, demand: &Demand, token: &Expression, view: View<'_>) -> Result<Place, Refusal> {
        let token = view.texts(token)?.into_iter().next().ok_or_else(|| Refusal::Missing("token".to_owned()))?;
        let of = demand.resources.iter().find_map(|resource| Some(resource.of.as_ref()?.name.clone()));
        let mut place = Place { of, ..Place::nowhere() };
        let need = Need::ResourceOfToken { operation: self.operation.to_owned(), token };
        match self.facts.get(&need) {
            Some(Fact::Text(arn)) => {
                place.account = Arn::parse(arn).map(|arn| arn.account.to_owned());
                place.resource.clone_from(arn);
            }
            Some(_) => {}
            None => place.needs.push(need),
        }
        Ok(place)
    }

    fn passed_roles(&self, pass: &PassRole) -> Result<Vec<Draft>, Refusal> {
        let view = self.view(None);
        if !view.holds(&pass.when)? {
            return Ok(Vec::new());
        }
        let roles = view.texts(&pass.role)?;
        // API Gateway takes this for the caller's credentials.
        let is_role = |role: &String| !role.is_empty() && role != "arn:aws:iam::*:user/*";
        let questions = roles.into_iter().filter(is_role).map(|role| {
            let scene = self.scene;
            let arn = if role.starts_with("arn:") {
                role
            } else {
                format!("arn:{}:iam::{}:role/{}", scene.partition, scene.account, role.trim_start_matches('/'))
            };
            let account = Arn::parse(&arn).map(|arn| arn.account.to_owned());
            let place = Place { resource: arn, of: Some("role".to_owned()), account, ..Place::nowhere() };
            let mut question = self.question("iam:PassRole".to_owned(), place);
            question.sentence = Sentence::default();
            question.keys.push(("iam:PassedToService".to_owned(), vec![pass.service.clone()]));
            Draft { question, values: BTreeMap::new(), needs: Vec::new() }
        });
        Ok(questions.collect())
    }
}

/// The questions and needs of the drafts, each once.
fn collect(drafts: Vec<Draft>) -> Asked {
    let mut asked = Asked::default();
    for Draft { question, needs, .. } in drafts {
        for need in needs {
            if !asked.needs.contains(&need) {
                asked.needs.push(need);
            }
        }
        if !asked.questions.contains(&question) {
            asked.questions.push(question);
        }
    }
    asked
}
