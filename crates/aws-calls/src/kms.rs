//! The keys of KMS: aliases, ciphertexts and the condition keys of both.

use crate::arn::Arn;
use crate::ask::{Binder, Bound, Draft, Refusal};
use crate::needs::{Fact, Facts, Need};
use crate::questions::{Owner, Question, Shown};

/// The variable in which the alias of a request is kept, for `kms:RequestAlias`.
const REQUEST_ALIAS: &str = "RequestAlias";

/// The identifier or ARN of the key that a value names. None: only the upstream knows.
///
/// # Errors
/// The request contradicts itself.
pub fn key(binder: &Binder<'_>, bound: &mut Bound, value: &str) -> Result<Option<String>, Refusal> {
    let scene = binder.scene;
    let alias = match Arn::parse(value) {
        Some(arn) if arn.resource.starts_with("alias/") => value.to_owned(),
        None if value.starts_with("alias/") => {
            format!("arn:{}:kms:{}:{}:{value}", scene.partition, scene.region, scene.account)
        }
        _ => return Ok(Some(value.to_owned())),
    };
    let name = alias.split_once(":alias/").map(|(_, name)| format!("alias/{name}")).unwrap_or_default();
    bound.set(REQUEST_ALIAS, &name)?;
    let need = Need::KeyOfAlias { alias };
    match binder.facts.get(&need) {
        Some(Fact::Text(key)) => return Ok(Some(key.clone())),
        // KMS answers NotFoundException; until the upstream does, only a policy for all keys allows the call.
        Some(_) => {}
        None => bound.needs.push(need),
    }
    bound.unknown = true;
    Ok(None)
}

/// Adds what every question of KMS has: who calls, the alias that was used, and what the upstream knows of the key.
pub fn add_keys(draft: &mut Draft, account: &str, facts: &Facts) {
    let question = &mut draft.question;
    question.keys.push(("kms:CallerAccount".to_owned(), vec![account.to_owned()]));
    if let Some(alias) = draft.values.get(REQUEST_ALIAS) {
        question.keys.push(("kms:RequestAlias".to_owned(), vec![alias.clone()]));
    }
    if question.resource_type.as_deref() != Some("key") || question.resource == "*" {
        return;
    }
    let key = question.resource.clone();
    let need = Need::AliasesOfKey { key: key.clone() };
    match facts.get(&need) {
        Some(Fact::Texts(aliases)) => question.keys.push(("kms:ResourceAliases".to_owned(), aliases.clone())),
        Some(_) => {}
        None => draft.needs.push(need),
    }
    let need = Need::KeyProperties { key };
    match facts.get(&need) {
        Some(Fact::Tags(properties)) => {
            for (name, value) in properties {
                question.keys.push((name.clone(), vec![value.clone()]));
            }
        }
        Some(_) => {}
        None => draft.needs.push(need),
    }
}

/// The key that encrypted the ciphertext, which the answer of the call names.
pub fn of_ciphertext(draft: &mut Draft, caller: &str, facts: &Facts) {
    let question = &mut draft.question;
    question.sentence.resource = Shown::Ciphertext;
    match facts.get(&Need::KeyOfCiphertext) {
        Some(Fact::Text(key)) => question.resource.clone_from(key),
        Some(_) => "*".clone_into(&mut question.resource),
        None => {
            draft.needs.push(Need::KeyOfCiphertext);
            "*".clone_into(&mut question.resource);
        }
    }
    if let Some(arn) = Arn::parse(&question.resource).filter(|arn| arn.account != caller) {
        question.owner = Owner::Account(arn.account.to_owned());
    }
}

/// `kms:ReEncryptOnSameKey`, once both keys are known.
pub fn add_same_key(questions: &mut [Question]) {
    let of = |action: &str| {
        let question = questions.iter().find(|question| question.action == action);
        question.map(|question| question.resource.clone()).filter(|resource| resource != "*")
    };
    let (Some(from), Some(to)) = (of("kms:ReEncryptFrom"), of("kms:ReEncryptTo")) else { return };
    let same = (from == to).to_string();
    for question in questions {
        question.keys.push(("kms:ReEncryptOnSameKey".to_owned(), vec![same.clone()]));
    }
}
