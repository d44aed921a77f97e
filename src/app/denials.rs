//! Denials that can be looked up by an authorization id.

use super::App;
use crate::audit::{AuthorizationId, Details};
use crate::config::AuthorizationIds;
use crate::identity::Caller;
use crate::shapes::AccountId;

impl App {
    /// The id of a denial of an action to a caller, if it is to have one.
    pub(super) fn id_of_denial(&self, caller: &Caller, action: &str) -> Option<AuthorizationId> {
        let trail = self.trail.as_ref().filter(|_| self.authorization_ids.covers(action))?;
        // The sessions of a role are one caller: their names are free to choose.
        let who = caller.unique_id().map_or_else(|| caller.label(), str::to_owned);
        let who = format!("{} {who}", caller.account.qualified());
        trail.may_keep_denial(&who).then(|| AuthorizationId::new(rand::random()))
    }

    /// The id of a denial that the server answers, but does not call its own, to a principal of an account.
    pub fn id_of_answer(&self, account: AccountId) -> Option<AuthorizationId> {
        let trail = self.trail.as_ref().filter(|_| self.authorization_ids == AuthorizationIds::All)?;
        let may_keep = trail.may_keep_denial(&format!("{} evaluated", account.qualified()));
        may_keep.then(|| AuthorizationId::new(rand::random()))
    }

    /// Keeps the details of a denial.
    pub fn keep_denial(&self, details: Option<Box<Details>>) {
        if let (Some(trail), Some(details)) = (&self.trail, details) {
            trail.keep_denial(*details);
        }
    }
}
