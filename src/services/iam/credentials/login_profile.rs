//! Passwords: those that administrators give to users, and those that users choose themselves.

use serde::{Deserialize, Serialize};

use crate::account::{CredentialsOwner, LoginProfile, PasswordHash};
use crate::call::{Access, AccountRef, Command, Context, Operation, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{MaxSigninSessionDuration, Password, Timestamp, UserName};

/// A login profile in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoginProfileShape {
    user_name: Option<String>,
    create_date: Timestamp,
    password_reset_required: bool,
    max_signin_session_duration: Option<i32>,
}

impl LoginProfileShape {
    fn of(profile: &LoginProfile, owner: &CredentialsOwner, cx: &Context<'_, impl AccountRef>) -> Self {
        Self {
            user_name: cx.account.shown_name(owner),
            create_date: profile.created,
            password_reset_required: profile.reset_required,
            max_signin_session_duration: profile.max_signin_session_duration,
        }
    }
}

/// What the operations on login profiles answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoginProfileResult {
    login_profile: LoginProfileShape,
}

/// Refuses the root user's long-term credentials: its password is within reach of sessions of `AssumeRoot` only.
fn must_name_an_owner(cx: &Context<'_, impl AccountRef>, given: Option<&str>) -> Result<()> {
    if cx.is_about_root(given) && cx.caller.has_assumed_root() {
        return Ok(());
    }
    cx.user_name(given).map(drop)
}

fn find<'a>(cx: &'a Context<'_, impl AccountRef>, owner: &CredentialsOwner) -> Result<&'a LoginProfile> {
    let profile = cx.account.credentials(owner)?.login_profile.as_ref();
    profile.ok_or_else(|| {
        let name = cx.account.shown_name(owner).unwrap_or_else(|| "root".to_owned());
        Error::new(Code::NoSuchEntity, format!("Login Profile for User {name} cannot be found."))
    })
}

impl Transaction<'_> {
    fn put_login_profile(&mut self, owner: &CredentialsOwner, profile: Option<LoginProfile>) -> Result<()> {
        self.account.update_credentials(owner, |credentials| {
            credentials.login_profile = profile;
            Ok(())
        })
    }
}

/// Gives a user a password. In a session of `AssumeRoot` it allows the root user to recover its own instead.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLoginProfile {
    user_name: Option<UserName>,
    password: Option<Password>,
    password_reset_required: Option<bool>,
    max_signin_session_duration: Option<MaxSigninSessionDuration>,
}

impl Operation for CreateLoginProfile {
    type Output = LoginProfileResult;

    const ERRORS: &'static [Code] = &[
        Code::EntityAlreadyExists,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::PasswordPolicyViolation,
        Code::ServiceFailure,
    ];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(Target::UserOrCaller(self.user_name.as_deref()))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        let given = self.user_name.as_deref();
        must_name_an_owner(cx, given)?;
        let message = match (cx.is_about_root(given), &self.password) {
            (true, Some(_)) => "Must not specify password when calling with AssumeRoot credentials",
            // The setting is for users and roles only.
            (true, None) if self.max_signin_session_duration.is_some() => {
                "Must not specify maxSigninSessionDuration when calling with AssumeRoot credentials"
            }
            (false, None) => {
                "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null"
            }
            _ => return Ok(()),
        };
        Err(Error::new(Code::ValidationError, message))
    }
}

impl Command for CreateLoginProfile {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<LoginProfileResult> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        let present = cx.account.credentials(&owner)?.login_profile.is_some();
        let mut hash = None;
        if let Some(password) = &self.password {
            cx.account.check_password(password.reveal(), None)?;
            if !present {
                hash = Some(PasswordHash::of(password.reveal(), &cx.ids.bytes())?);
            }
        }
        if present {
            let name = cx.account.shown_name(&owner).unwrap_or_else(|| "root".to_owned());
            let message = format!("Login Profile for user {name} already exists.");
            return Err(Error::new(Code::EntityAlreadyExists, message));
        }
        let reset_required = self.password_reset_required.unwrap_or_default();
        let profile = LoginProfile {
            max_signin_session_duration: self.max_signin_session_duration.map(MaxSigninSessionDuration::get),
            ..LoginProfile::new(hash, reset_required, cx.now)
        };
        let login_profile = LoginProfileShape::of(&profile, &owner, cx);
        cx.put_login_profile(&owner, Some(profile))?;
        Ok(LoginProfileResult { login_profile })
    }
}

/// Says whether a user has a password.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetLoginProfile {
    user_name: Option<UserName>,
}

impl Operation for GetLoginProfile {
    type Output = LoginProfileResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::to(Target::UserOrCaller(self.user_name.as_deref()))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        must_name_an_owner(cx, self.user_name.as_deref())
    }
}

impl Query for GetLoginProfile {
    fn answer(self, cx: &View<'_>) -> Result<LoginProfileResult> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        let login_profile = LoginProfileShape::of(find(cx, &owner)?, &owner, cx);
        Ok(LoginProfileResult { login_profile })
    }
}

/// Gives a user another password, or changes the limits of it. What is not given stays.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateLoginProfile {
    user_name: UserName,
    password: Option<Password>,
    password_reset_required: Option<bool>,
    max_signin_session_duration: Option<MaxSigninSessionDuration>,
    reset_max_signin_session_duration: Option<bool>,
}

impl Operation for UpdateLoginProfile {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::EntityTemporarilyUnmodifiable,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::PasswordPolicyViolation,
        Code::ServiceFailure,
    ];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(Target::UserOrCaller(Some(&self.user_name)))
    }
}

impl Command for UpdateLoginProfile {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.credentials_owner(Some(&self.user_name))?;
        let mut profile = find(cx, &owner)?.clone();
        profile.max_signin_session_duration = MaxSigninSessionDuration::updated(
            profile.max_signin_session_duration,
            self.max_signin_session_duration,
            self.reset_max_signin_session_duration,
        )?;
        if let Some(password) = &self.password {
            cx.account.check_password(password.reveal(), Some(&profile))?;
            profile.change(PasswordHash::of(password.reveal(), &cx.ids.bytes())?, cx.now);
        }
        if let Some(required) = self.password_reset_required {
            profile.reset_required = required;
        }
        cx.put_login_profile(&owner, Some(profile))
    }
}

/// Takes a user's password away.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteLoginProfile {
    user_name: Option<UserName>,
}

impl Operation for DeleteLoginProfile {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::EntityTemporarilyUnmodifiable, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::to(Target::UserOrCaller(self.user_name.as_deref()))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        must_name_an_owner(cx, self.user_name.as_deref())
    }
}

impl Command for DeleteLoginProfile {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        find(cx, &owner)?;
        cx.put_login_profile(&owner, None)
    }
}

/// Changes the calling user's own password.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangePassword {
    old_password: Password,
    new_password: Password,
}

impl Operation for ChangePassword {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::EntityTemporarilyUnmodifiable,
        Code::InvalidUserType,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::PasswordPolicyViolation,
        Code::ServiceFailure,
    ];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Caller).or_by_password_policy()
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        if cx.caller.user(cx.account)?.is_none() {
            return Err(Error::new(Code::InvalidUserType, "Only IAM Users can change their own password"));
        }
        Ok(())
    }
}

impl Command for ChangePassword {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.credentials_owner(None)?;
        let mut profile = find(cx, &owner)?.clone();
        if !profile.password.as_ref().is_some_and(|password| password.is_of(self.old_password.reveal())) {
            return Err(Error::new(Code::AccessDenied, "The old password was incorrect."));
        }
        cx.account.check_password(self.new_password.reveal(), Some(&profile))?;
        profile.change(PasswordHash::of(self.new_password.reveal(), &cx.ids.bytes())?, cx.now);
        profile.reset_required = false;
        cx.put_login_profile(&owner, Some(profile))
    }
}

operations!(
    IAM:
    query GetLoginProfile;
    command ChangePassword, CreateLoginProfile, DeleteLoginProfile, UpdateLoginProfile
);
