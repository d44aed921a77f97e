//! Users and roles as the principals of policies: by ARN while they exist, by unique id for ever.

mod group;
mod instance_profile;
mod role;
mod root_user;
mod user;

pub use group::*;
pub use instance_profile::*;
pub use role::*;
pub use root_user::*;
pub use user::*;

use crate::account::{Account, Reference, Resource};
use crate::shapes::{ArnParts, Kind};

impl Account {
    /// The unique id of the user or role with this ARN. ARNs are compared to the letter, path included.
    pub fn unique_id_of(&self, arn: &str) -> Option<&str> {
        let parts = ArnParts::parse(arn)?;
        if let Some((_, name)) = parts.path_and_name(Kind::User) {
            let user = self.get::<User>(name).filter(|user| user.arn(self.id) == arn);
            return user.map(|user| user.id.as_str());
        }
        self.role(arn).map(|role| role.id.as_str())
    }

    /// The ARN that the user or role with this unique id has now.
    pub fn arn_of(&self, unique_id: &str) -> Option<String> {
        let reference = Reference::UniqueId(unique_id.to_owned());
        let user = self.referrers::<User>(&reference).next().map(|user| user.arn(self.id));
        user.or_else(|| self.referrers::<Role>(&reference).next().map(|role| role.arn(self.id)))
    }
}
