//! Unique ids and times of creation, for accounts that are copied.

use super::session::{Done, Session};
use crate::account::{Group, InstanceProfile, ManagedPolicy, OidcProvider, Resource, Role, SamlProvider, User};
use crate::description::Identity;
use crate::markup::Place;
use crate::shapes::Timestamp;

/// An entity with a unique id.
pub(super) trait Identified: Resource {
    /// What its ids begin with.
    const PREFIX: &'static str;

    fn identify(&mut self, identity: Identity);
    fn identity(&self) -> (&str, Timestamp);
}

macro_rules! identified {
    ($($entity:ident = $prefix:literal),+) => { $(
        impl Identified for $entity {
            const PREFIX: &'static str = $prefix;

            fn identify(&mut self, identity: Identity) {
                self.id = identity.id;
                self.created = identity.created;
            }

            fn identity(&self) -> (&str, Timestamp) {
                (&self.id, self.created)
            }
        }
    )+ };
}

identified!(User = "AIDA", Group = "AGPA", Role = "AROA", ManagedPolicy = "ANPA", InstanceProfile = "AIPA");

/// An entity without a unique id, whose time of creation is known.
pub(super) trait Dated: Resource {
    fn created(&mut self) -> &mut Timestamp;
}

macro_rules! dated {
    ($($entity:ident),+) => { $(
        impl Dated for $entity {
            fn created(&mut self) -> &mut Timestamp {
                &mut self.created
            }
        }
    )+ };
}

dated!(OidcProvider, SamlProvider);

impl Session<'_> {
    /// Gives an entity the unique id that it has on AWS.
    pub(super) fn identify<E: Identified>(&mut self, place: Place, name: &str, identity: Option<&Identity>) -> Done {
        let Some(identity) = identity else { return Ok(()) };
        let fits = identity.id.strip_prefix(E::PREFIX).is_some_and(|rest| {
            (12..=124).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        });
        if !fits {
            return Err(self.error(place, format!("the unique id of {name} is none of {}…", E::PREFIX)));
        }
        let now = self.account.get::<E>(name).map(|entity| entity.identity());
        if now == Some((identity.id.as_str(), identity.created)) {
            return Ok(());
        }
        if self.account.arn_of(&identity.id).is_some_and(|arn| !arn.ends_with(&format!("/{name}"))) {
            return Err(self.error(place, format!("the unique id {} belongs to another entity", identity.id)));
        }
        self.run(place, |cx| {
            cx.account.update::<E, _>(name, |entity| {
                entity.identify(identity.clone());
                Ok(())
            })
        })?;
        self.changed("unique id");
        Ok(())
    }

    /// Gives an entity the time of creation that it has on AWS.
    pub(super) fn date<E: Dated>(&mut self, place: Place, name: &str, created: Option<Timestamp>) -> Done {
        let Some(created) = created else { return Ok(()) };
        self.run(place, |cx| {
            let mut entity = cx.account.find::<E>(name)?.clone();
            if *entity.created() == created {
                return Ok(());
            }
            *entity.created() = created;
            cx.account.put(entity)
        })
    }
}
