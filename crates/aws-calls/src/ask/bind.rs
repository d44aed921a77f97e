//! From the members of a request to the ARN of a resource.

use std::collections::BTreeMap;

use super::forms::Form;
use super::{Place, Refusal};
use crate::arn::Arn;
use crate::needs::{Facts, Need};
use crate::questions::Scene;
use crate::rules::{Demand, Expression, Resource, ResourceType, Rules, Source};
use crate::view::{View, text};

/// What is known of a resource while its ARN is put together.
#[derive(Debug, Default)]
pub struct Bound {
    /// The values of the template's variables.
    pub values: BTreeMap<String, String>,
    /// The partition that an ARN named.
    pub partition: Option<String>,
    /// The region that an ARN named; empty for global services.
    pub region: Option<String>,
    /// The account that an ARN or URL named.
    pub account: Option<String>,
    /// What only the upstream knows of it.
    pub needs: Vec<Need>,
    /// Whether it belongs to no account.
    pub is_ownerless: bool,
    /// Whether it is not known which resource it is, until the needs are answered or because there is none.
    pub unknown: bool,
}

impl Bound {
    /// Sets a variable.
    ///
    /// # Errors
    /// The request named another value before: what AWS, iamd and the upstream make of that may differ.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        agree(self.values.entry(name.to_owned()).or_insert_with(|| value.to_owned()), name, value)
    }

    /// Sets the account.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_account(&mut self, account: &str) -> Result<(), Refusal> {
        agree(self.account.get_or_insert_with(|| account.to_owned()), "account", account)
    }

    fn set_place(&mut self, arn: &Arn<'_>) -> Result<(), Refusal> {
        agree(self.partition.get_or_insert_with(|| arn.partition.to_owned()), "partition", arn.partition)?;
        agree(self.region.get_or_insert_with(|| arn.region.to_owned()), "region", arn.region)?;
        self.set_account(arn.account)
    }
}

fn agree(known: &str, name: &str, value: &str) -> Result<(), Refusal> {
    if known == value { Ok(()) } else { Err(Refusal::Contradiction(name.to_owned())) }
}

/// What is needed to find the resources of a demand.
#[derive(Clone, Copy)]
pub struct Binder<'b> {
    /// The table of the service.
    pub rules: &'b Rules,
    /// The caller and where it calls.
    pub scene: &'b Scene,
    /// What the upstream has said.
    pub facts: &'b Facts,
}

impl Binder<'_> {
    /// The resource that the demand is about.
    ///
    /// # Errors
    /// The request names none, an ARN of something else, or two that contradict each other.
    pub fn place(&self, demand: &Demand, view: View<'_>) -> Result<Place, Refusal> {
        if let Some(arn) = &demand.arn {
            return self.place_of_arn(demand, arn, view);
        }
        let mut missing = None;
        for resource in &demand.resources {
            if !view.holds(&resource.when)? {
                continue;
            }
            match self.place_of(demand.owner.as_ref(), resource, view) {
                Err(Refusal::Missing(member)) => missing = missing.or(Some(member)),
                found => return found,
            }
        }
        Err(missing.map_or(Refusal::Unclear, Refusal::Missing))
    }

    /// The resource of this type that the members name which the table names for all rules; none if they are absent.
    ///
    /// # Errors
    /// As [`place`](Self::place).
    pub fn place_of_type(&self, name: &str, view: View<'_>) -> Result<Option<Place>, Refusal> {
        let Some(of) = self.rules.resource_type(name) else { return Ok(None) };
        let fill = of.template.names().filter_map(|name| Some((name.to_owned(), self.rules.fill.get(name)?.clone())));
        let resource = Resource { when: Vec::new(), of: Some(of.clone()), fill: fill.collect() };
        match self.place_of(None, &resource, view) {
            Err(Refusal::Missing(_)) => Ok(None),
            found => found.map(Some),
        }
    }

    fn place_of(&self, owner: Option<&Expression>, resource: &Resource, view: View<'_>) -> Result<Place, Refusal> {
        let Some(of) = &resource.of else { return Ok(Place::nowhere()) };
        let mut bound = Bound::default();
        for (variable, expression) in &resource.fill {
            self.fill(&mut bound, of, variable, expression, view)?;
        }
        // What the request says goes before what the table says.
        for (variable, expression) in &resource.fill {
            if let (Some(text), false) = (expression.literal(), bound.values.contains_key(variable)) {
                bound.set(variable, text)?;
            }
        }
        if bound.account.is_none() {
            let owner = owner.or(self.rules.owner.as_ref());
            let named = owner.map(|owner| view.texts(owner)).transpose()?.unwrap_or_default();
            if let [account] = named.as_slice() {
                bound.set_account(account)?;
            }
        }
        let missing = of.template.names().find(|name| !bound.values.contains_key(*name) && !bound.unknown);
        if let Some(name) = missing {
            let member = resource.fill.iter().find(|(variable, _)| variable == name);
            return Err(Refusal::Missing(
                member.and_then(|(_, of)| first_member(of)).unwrap_or_else(|| name.to_owned()),
            ));
        }
        self.finish(of, bound)
    }

    fn fill(
        &self,
        bound: &mut Bound,
        of: &ResourceType,
        variable: &str,
        expression: &Expression,
        view: View<'_>,
    ) -> Result<(), Refusal> {
        // All sources that the request has are read: they must not contradict each other.
        for source in expression.0.iter().filter(|source| !matches!(source, Source::Literal(_))) {
            let found = view.of(source)?;
            let [one] = found.as_slice() else {
                if found.is_empty() {
                    continue;
                }
                return Err(Refusal::Contradiction(variable.to_owned()));
            };
            let name = text(&one.value).ok_or_else(|| Refusal::WrongName(one.value.to_string()))?;
            if name.is_empty() {
                continue;
            }
            let form = self.rules.forms.get(&one.member).copied().unwrap_or_default();
            self.bind(bound, of, variable, form, &name)?;
        }
        Ok(())
    }

    fn bind(
        &self,
        bound: &mut Bound,
        of: &ResourceType,
        variable: &str,
        form: Form,
        name: &str,
    ) -> Result<(), Refusal> {
        let name = form.read(self, bound, variable, name)?;
        let Some(name) = name else { return Ok(()) };
        match Arn::parse(&name) {
            Some(arn) => self.bind_arn(bound, of, &name, arn),
            None if name.starts_with("arn:") => Err(Refusal::WrongArn(name)),
            None => bound.set(variable, &name),
        }
    }

    fn bind_arn(&self, bound: &mut Bound, of: &ResourceType, text: &str, arn: Arn<'_>) -> Result<(), Refusal> {
        let own = of.prefix == self.rules.prefix;
        let read = if own { self.rules.read(text) } else { of.template.read(text).map(|values| (of, values)) };
        let (found, values) = read.ok_or_else(|| Refusal::WrongArn(text.to_owned()))?;
        // The ARN of a table also says of which table an index is; that of an index does not name a table.
        if found.template.names().any(|name| of.template.names().all(|wanted| wanted != name)) {
            return Err(Refusal::WrongArn(text.to_owned()));
        }
        bound.set_place(&arn)?;
        let names = values.iter().filter(|(name, _)| of.template.names().any(|wanted| wanted == *name));
        names.into_iter().try_for_each(|(name, value)| bound.set(name, value))
    }

    fn place_of_arn(&self, demand: &Demand, arn: &Expression, view: View<'_>) -> Result<Place, Refusal> {
        let found = view.first(arn)?;
        let [one] = found.as_slice() else {
            return Err(Refusal::Missing(first_member(arn).unwrap_or_default()));
        };
        let wrong = |text: &str| Refusal::WrongArn(text.to_owned());
        let text = text(&one.value).unwrap_or_default();
        let parts = Arn::parse(&text).ok_or_else(|| wrong(&text))?;
        let types = || demand.resources.iter().filter_map(|resource| resource.of.as_ref());
        let fits = |of: &&ResourceType| of.template.read(&text).is_some();
        // An ARN fits the type that writes most of it, and that must be one of those that the rule names.
        let best = self.rules.read(&text).map(|(of, _)| of.template.literal_length());
        let Some(of) = types().filter(fits).max_by_key(|of| of.template.literal_length()) else {
            let is_whole = demand.takes_any_arn && parts.service == self.rules.prefix && !parts.resource.is_empty();
            return if is_whole { self.place_of_any(&text, &parts) } else { Err(wrong(&text)) };
        };
        if of.prefix == self.rules.prefix && best.is_some_and(|best| best > of.template.literal_length()) {
            return Err(wrong(&text));
        }
        let mut bound = Bound::default();
        bound.set_place(&parts)?;
        for (name, value) in of.template.read(&text).unwrap_or_default() {
            if of.template.names().any(|wanted| wanted == name) {
                bound.set(name, value)?;
            }
        }
        self.finish(of, bound)
    }

    /// A resource of the service that the reference has no type for: its ARN is what is decided about.
    fn place_of_any(&self, arn: &str, parts: &Arn<'_>) -> Result<Place, Refusal> {
        let is_here = parts.region.is_empty() || parts.region == self.scene.region;
        if !is_here || parts.partition != self.scene.partition {
            return Err(Refusal::Elsewhere(arn.to_owned()));
        }
        let account = Some(parts.account.to_owned()).filter(|account| !account.is_empty());
        Ok(Place { resource: arn.to_owned(), account, ..Place::nowhere() })
    }

    fn finish(&self, of: &ResourceType, mut bound: Bound) -> Result<Place, Refusal> {
        let needs = std::mem::take(&mut bound.needs);
        if bound.unknown {
            let account = bound.account.clone();
            let values = bound.values;
            return Ok(Place { resource: "*".to_owned(), of: Some(of.name.clone()), account, values, needs });
        }
        let region = bound.region.as_deref().unwrap_or(&self.scene.region);
        let partition = bound.partition.as_deref().unwrap_or(&self.scene.partition);
        let elsewhere = !region.is_empty() && region != self.scene.region || partition != self.scene.partition;
        let account = bound.account.as_deref().filter(|account| !account.is_empty());
        let account = if bound.is_ownerless { "" } else { account.unwrap_or(&self.scene.account) };
        let value = |name: &str| match name {
            "Partition" => Some(partition),
            "Region" => Some(region),
            "Account" => Some(account),
            name => bound.values.get(name).map(String::as_str),
        };
        let resource = of.template.fill(value).map_err(|name| Refusal::Missing(name.to_owned()))?;
        if elsewhere && of.prefix == self.rules.prefix {
            return Err(Refusal::Elsewhere(resource));
        }
        let account = (of.template.has_account() && !bound.is_ownerless).then(|| account.to_owned());
        Ok(Place { resource, of: Some(of.name.clone()), account, values: bound.values, needs })
    }
}

fn first_member(expression: &Expression) -> Option<String> {
    expression.paths().find_map(|path| path.member().map(str::to_owned))
}
