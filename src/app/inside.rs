//! Calls from pages of the server, which name an operation and give its parameters as forms do.

use std::any::Any;

use form_urlencoded::Serializer;
use serde_json::Value;

use super::{App, Line, Record, overtaken};
use crate::account::{Account, CredentialsOwner};
use crate::call::{Entry, MfaCheck, MfaCode, Operation};
use crate::error::{Error, Result};
use crate::identity::{Caller, RequestFacts};
use crate::services;
use crate::shapes::{AccountId, SessionSerialNumber, TokenCode};
use crate::wire::{Input, Output, Params, recorded_parameters};

/// A call that did not come over the wire.
pub(super) const INSIDE: Line<'_> = Line { method: "POST", path: "/" };

impl App {
    /// Calls an operation by its entry, with parameters as the Query protocol has them, and writes one line about it. The
    /// caller's permissions are checked like anyone's. The result is in JSON, with AWS's names.
    ///
    /// # Errors
    /// The operation's, and those of parameters that break its constraints.
    pub async fn call_named(
        &self,
        caller: &Caller,
        entry: &'static Entry,
        parameters: &[(&str, &str)],
        facts: &RequestFacts,
    ) -> Result<Value> {
        let output = self.output_of(caller, entry, parameters, facts).await?;
        serde_json::from_str(&output.to_json()?).map_err(Error::internal)
    }

    /// The same, with the result as the operation gives it.
    ///
    /// # Errors
    /// Those of [`Self::call_named`].
    pub async fn call_typed<O: Operation>(
        &self,
        caller: &Caller,
        parameters: &[(&str, &str)],
        facts: &RequestFacts,
    ) -> Result<O::Output> {
        let output: Box<dyn Any> = self.output_of(caller, O::ENTRY, parameters, facts).await?;
        let output = output.downcast::<O::Output>();
        output.map(|output| *output).map_err(|_| Error::internal(format!("{} has another output", O::NAME)))
    }

    async fn output_of(
        &self,
        caller: &Caller,
        entry: &'static Entry,
        parameters: &[(&str, &str)],
        facts: &RequestFacts,
    ) -> Result<Box<dyn Output>> {
        let mut record = Record::begin();
        record.action = entry.action().into();
        record.called_by(caller);
        record.entry = Some(entry);
        self.note_caller(&mut record, caller).await?;
        self.note_use(entry.service.prefix(), caller, &record.action, facts);
        let result = self.call_with(caller, entry, parameters, facts, &mut record).await;
        self.keep(&mut record, facts, result.as_ref().map(|output| &**output));
        record.write(INSIDE, facts, result.as_ref().err());
        self.environment.metrics.request("", &record.action, result.as_ref().err(), record.elapsed());
        result
    }

    async fn call_with(
        &self,
        caller: &Caller,
        entry: &'static Entry,
        parameters: &[(&str, &str)],
        facts: &RequestFacts,
        record: &mut Record,
    ) -> Result<Box<dyn Output>> {
        let body = Serializer::new(String::new()).extend_pairs(parameters).finish();
        let input = Input::Query(Params::read("", body.as_bytes())?);
        if self.trail.is_some() {
            record.parameters = recorded_parameters(services::shape(entry), &input);
        }
        self.invoke(entry, || entry.decode(&input), caller, facts, record).await
    }

    /// Changes an account in its turn, and waits until the change is on disk. Where another server was quicker, `change`
    /// runs again.
    ///
    /// # Errors
    /// What `change` returns, and when the store fails.
    pub async fn change<T>(&self, id: AccountId, change: impl FnMut(&mut Account) -> Result<T>) -> Result<T> {
        overtaken::change(&self.accounts, id, change).await
    }

    /// Checks an MFA code of somebody who signs in, against each of the devices that are enabled, and uses it up. The
    /// serial number of the device that it is of.
    ///
    /// # Errors
    /// When the account cannot be read or written.
    pub async fn check_sign_in_code(
        &self,
        caller: &Caller,
        owner: &CredentialsOwner,
        code: &str,
        facts: &RequestFacts,
    ) -> Result<Option<String>> {
        let account = self.accounts.get(caller.account).await?.durable();
        let devices = account.credentials(owner)?.mfa_devices.iter().map(|device| device.serial_number.clone());
        let code = TokenCode::new(code);
        for device in devices {
            let serial_number = SessionSerialNumber::new(device.as_str());
            let Some(given) = MfaCode::given(Some(&serial_number), Some(&code)) else { continue };
            let check = self.check_mfa(caller, given, facts.now).await?;
            if check == MfaCheck::Right {
                return Ok(Some(device));
            }
        }
        Ok(None)
    }
}
