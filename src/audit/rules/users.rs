//! Rules about the credentials of users.

use super::{Examination, Offender, Verdict, command};
use crate::account::{AccessKey, User};
use crate::shapes::Timestamp;

impl<'a> Examination<'a> {
    fn users(&self) -> impl Iterator<Item = &'a User> + use<'a> {
        self.account().users.iter().map(|user| &**user)
    }

    /// The offences of all users.
    fn of_users(&self, offences: impl Fn(&User) -> Vec<(String, String)>) -> Verdict {
        let offenders = self.users().flat_map(|user| {
            let arn = self.arn(user);
            offences(user).into_iter().map(move |(reason, mend)| Offender::new(arn.clone(), reason, mend))
        });
        offenders.collect::<Vec<_>>().into()
    }
}

fn active_keys(user: &User) -> impl Iterator<Item = &AccessKey> {
    user.credentials.access_keys.iter().filter(|key| key.active)
}

fn has_password(user: &User) -> bool {
    user.credentials.login_profile.is_some()
}

fn deactivate(user: &User, key: &AccessKey) -> String {
    let template = "aws iam update-access-key --user-name {} --access-key-id {} --status Inactive";
    command(template, [&user.name, &key.id])
}

fn enable_device(user: &User) -> String {
    let template = "aws iam enable-mfa-device --user-name {} --serial-number SERIAL --authentication-code1 CODE1 \
                    --authentication-code2 CODE2";
    command(template, [&user.name])
}

pub(super) fn console_users_have_mfa(x: &Examination<'_>) -> Verdict {
    let is_bad = |user: &User| has_password(user) && user.credentials.mfa_devices.is_empty();
    x.of_users(|user| {
        let offence = || ("the user has a password and no MFA device".to_owned(), enable_device(user));
        is_bad(user).then(offence).into_iter().collect()
    })
}

pub(super) fn have_mfa(x: &Examination<'_>) -> Verdict {
    x.of_users(|user| {
        let offence = || ("the user has no MFA device".to_owned(), enable_device(user));
        user.credentials.mfa_devices.is_empty().then(offence).into_iter().collect()
    })
}

/// CIS finds keys that were made with the user by their never having been used.
pub(super) fn have_no_initial_key(x: &Examination<'_>) -> Verdict {
    x.of_users(|user| {
        let keys = active_keys(user).filter(|key| has_password(user) && x.last_use(&key.id).is_none());
        let offence = |key: &AccessKey| {
            let mend = command("aws iam delete-access-key --user-name {} --access-key-id {}", [&user.name, &key.id]);
            (format!("the access key {} was never used", key.id), mend)
        };
        keys.map(offence).collect()
    })
}

pub(super) fn have_one_key(x: &Examination<'_>) -> Verdict {
    x.of_users(|user| {
        let keys = active_keys(user).skip(1);
        keys.map(|key| (format!("{} is a further active access key", key.id), deactivate(user, key))).collect()
    })
}

pub(super) fn rotate_keys(x: &Examination<'_>) -> Verdict {
    let most = x.values.number("maxAccessKeyAge");
    x.of_users(|user| {
        let keys = active_keys(user).filter(|key| x.days_since(key.created) > most);
        let reason = |key: &AccessKey| format!("the access key {} is {} days old", key.id, x.days_since(key.created));
        keys.map(|key| (reason(key), deactivate(user, key))).collect()
    })
}

/// What was never used counts from when it was made, a password from its last change.
pub(super) fn use_their_credentials(x: &Examination<'_>) -> Verdict {
    let most = x.values.number("maxCredentialUsageAge");
    let is_old = |since: &Timestamp| x.days_since(*since) > most;
    x.of_users(|user| {
        let keys = active_keys(user).filter_map(|key| {
            let since = Some(x.last_use(&key.id).unwrap_or(key.created)).filter(is_old)?;
            let reason = format!("the access key {} is unused for {} days", key.id, x.days_since(since));
            Some((reason, deactivate(user, key)))
        });
        let password = user.credentials.login_profile.as_ref();
        let password = password.map(|profile| profile.last_used.unwrap_or(profile.changed)).filter(is_old);
        let password = password.map(|since| {
            let reason = format!("the password is unused for {} days", x.days_since(since));
            (reason, command("aws iam delete-login-profile --user-name {}", [&user.name]))
        });
        keys.chain(password).collect()
    })
}
