//! Passwords, access keys and MFA devices of users.

use data_encoding::BASE32_NOPAD;
use serde_json::json;

use super::session::{Done, Session};
use crate::account::{
    AccessKey, Credentials, CredentialsOwner, EnabledMfaDevice, MfaDevice, Quota, Reference, Resource, User,
};
use crate::description::{AccessKeyDescription, Given, MfaDeviceDescription, PasswordDescription, UserDescription};
use crate::error::{Code, Error};
use crate::keys::Seed;
use crate::markup::{Place, Placed};
use crate::shapes::{Secret, account_of_access_key};

/// The characters of generated passwords; one of each class comes before them.
const PASSWORD: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/// The fewest bytes of the seed of an MFA device (RFC 4226, "Notation and Symbols": 128 bits).
const MIN_SEED: usize = 16;

impl Session<'_> {
    pub(super) fn credentials(&mut self, name: &Placed<String>, user: &UserDescription) -> Done {
        if let Some(password) = &user.password {
            self.password(name, password)?;
        }
        if let Some(keys) = &user.access_keys {
            self.access_keys(name, keys)?;
        }
        for (device, description) in user.mfa_devices.iter().flat_map(|devices| &devices.0) {
            self.mfa_device(name, device, description)?;
        }
        Ok(())
    }

    fn credentials_of(&self, user: &str) -> Credentials {
        self.account.get::<User>(user).map(|user| user.credentials.clone()).unwrap_or_default()
    }

    fn password(&mut self, name: &Placed<String>, wanted: &Placed<PasswordDescription>) -> Done {
        let profile = self.credentials_of(name).login_profile;
        let secret = match (&wanted.secret, &profile) {
            (Given::Generated, Some(_)) => return Ok(()),
            (Given::Generated, None) => {
                let text = self.run(wanted.place, |cx| Ok(format!("aA1!{}", cx.ids.text(PASSWORD, 24))))?;
                let secret = Secret::new(text);
                self.done.secrets.of(&self.number, name).password = Some(secret.clone());
                secret
            }
            (Given::Secret(secret), _) => secret.clone(),
        };
        let parameters = json!({
            "UserName": name.value,
            "Password": secret.reveal(),
            "PasswordResetRequired": wanted.reset_required,
        });
        match profile {
            None => self.call(wanted.place, "CreateLoginProfile", parameters)?,
            Some(profile) if profile.password.as_ref().is_some_and(|hash| hash.is_of(secret.reveal())) => {
                if profile.reset_required || !wanted.reset_required {
                    return Ok(());
                }
                let parameters = json!({"UserName": name.value, "PasswordResetRequired": true});
                self.call(wanted.place, "UpdateLoginProfile", parameters)?;
            }
            Some(_) => self.call(wanted.place, "UpdateLoginProfile", parameters)?,
        }
        self.changed("password");
        Ok(())
    }

    /// Gives a user these access keys. Those that are only described as generated are made if there are fewer.
    fn access_keys(&mut self, name: &Placed<String>, wanted: &[Placed<AccessKeyDescription>]) -> Done {
        let given: Vec<_> = wanted.iter().filter_map(|key| key.id.as_ref().map(|id| id.value.as_str())).collect();
        if let Some(twice) = wanted
            .iter()
            .filter_map(|key| key.id.as_ref())
            .find(|id| given.iter().filter(|known| **known == id.value).count() > 1)
        {
            return Err(self.error(twice.place, format!("the access key {} appears twice", twice.value)));
        }
        let mut spare = self.credentials_of(name).access_keys;
        spare.retain(|key| !given.contains(&key.id.as_str()));
        for key in wanted {
            let present = match &key.id {
                Some(id) => self.credentials_of(name).access_keys.into_iter().find(|present| present.id == id.value),
                None => {
                    let is_it = |present: &AccessKey| match &key.secret {
                        Given::Generated => true,
                        Given::Secret(secret) => present.secret == *secret,
                    };
                    spare.iter().position(is_it).map(|index| spare.remove(index))
                }
            };
            match present {
                Some(present) => self.update_access_key(name, key, &present)?,
                None => self.add_access_key(name, key)?,
            }
        }
        Ok(())
    }

    fn update_access_key(&mut self, user: &str, wanted: &Placed<AccessKeyDescription>, present: &AccessKey) -> Done {
        let secret = match &wanted.secret {
            Given::Secret(secret) if *secret != present.secret => secret.clone(),
            _ if wanted.active == present.active => return Ok(()),
            _ => present.secret.clone(),
        };
        let (id, active) = (present.id.clone(), wanted.active);
        self.update_keys(user, wanted.place, |keys| {
            for key in keys.iter_mut().filter(|key| key.id == id) {
                key.secret = secret.clone();
                key.active = active;
            }
        })?;
        self.changed(format!("access key {}", present.id));
        Ok(())
    }

    fn add_access_key(&mut self, user: &str, wanted: &Placed<AccessKeyDescription>) -> Done {
        let account = self.account.id;
        let made = self.run(wanted.place, |cx| Ok((cx.ids.access_key("AKIA", account), cx.ids.secret_access_key())))?;
        let id = match &wanted.id {
            None => made.0,
            Some(id) => {
                let is_form = id.len() == 20
                    && id.starts_with("AKIA")
                    && account_of_access_key(id).map(|of| of.number()) == Some(account.number());
                if !is_form {
                    let message = format!("an access key id of this account carries its number, such as {}", made.0);
                    return Err(self.error(id.place, message));
                }
                if self.account.owner_of(&Reference::AccessKey(id.value.clone())).is_some() {
                    return Err(self.error(id.place, format!("the access key {} is another user's", id.value)));
                }
                id.value.clone()
            }
        };
        let is_generated = matches!(wanted.secret, Given::Generated);
        let secret = match &wanted.secret {
            Given::Generated => made.1,
            Given::Secret(secret) => secret.clone(),
        };
        if !(16..=128).contains(&secret.reveal().len()) || !secret.reveal().bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(self.error(wanted.place, "the secret of an access key is 16 to 128 characters without blanks"));
        }
        let key =
            AccessKey { id: id.clone(), secret: secret.clone(), active: wanted.active, created: self.ground.facts.now };
        let count = self.credentials_of(user).access_keys.len();
        self.run(wanted.place, |cx| cx.check_quota(Quota::AccessKeysPerUser, count))?;
        self.update_keys(user, wanted.place, |keys| keys.push(key.clone()))?;
        if is_generated {
            self.done.secrets.of(&self.number, user).access_keys.insert(id.clone(), secret);
        }
        self.changed(format!("access key {id}"));
        Ok(())
    }

    fn update_keys(&mut self, user: &str, place: Place, change: impl Fn(&mut Vec<AccessKey>)) -> Done {
        let owner = CredentialsOwner::User(user.to_owned());
        self.run(place, |cx| {
            cx.account.update_credentials(&owner, |credentials| {
                change(&mut credentials.access_keys);
                Ok(())
            })
        })
    }

    /// Gives a user a virtual MFA device, which is enabled without its codes.
    fn mfa_device(&mut self, user: &str, device: &Placed<String>, wanted: &MfaDeviceDescription) -> Done {
        let key = format!("/{}", device.value).to_ascii_lowercase();
        let place = wanted.seed.place;
        if self.account.mfa_devices.get(&key).is_none() {
            self.call(device.place, "CreateVirtualMFADevice", json!({"VirtualMFADeviceName": device.value}))?;
        }
        let Some(present) = self.account.mfa_devices.get(&key).map(|device| (**device).clone()) else { return Ok(()) };
        let serial = present.arn(self.account.id);
        let owner = CredentialsOwner::User(user.to_owned());
        let is_enabled = self.account.enabled_mfa_device(&owner, &serial).is_some();
        match &wanted.seed.value {
            Given::Secret(seed) => {
                let bytes = BASE32_NOPAD.decode(seed.reveal().trim_end_matches('=').as_bytes()).ok();
                let Some(bytes) = bytes.filter(|bytes| bytes.len() >= MIN_SEED) else {
                    return Err(self.error(place, "the seed of an MFA device is base32 of 16 bytes or more"));
                };
                if present.seed != Seed::new(&bytes) {
                    self.run(place, |cx| cx.account.put(MfaDevice { seed: Seed::new(&bytes), ..present.clone() }))?;
                    self.changed(format!("seed of {}", device.value));
                }
            }
            Given::Generated if !is_enabled => {
                let seed = Secret::new(present.seed.reveal());
                self.done.secrets.of(&self.number, user).mfa_seeds.insert(serial.clone(), seed);
            }
            Given::Generated => {}
        }
        if is_enabled {
            return Ok(());
        }
        self.run(place, |cx| {
            let reference = Reference::MfaDevice(serial.clone());
            if cx.account.owner_of(&reference).is_some() {
                return Err(Error::new(Code::EntityAlreadyExists, "the MFA device belongs to another user"));
            }
            cx.check_quota(Quota::MFADevicesPerUser, cx.account.credentials(&owner)?.mfa_devices.len())?;
            let enabled = EnabledMfaDevice { serial_number: serial.clone(), enabled: cx.now, drift: 0 };
            cx.account.update_credentials(&owner, |credentials| {
                credentials.mfa_devices.push(enabled);
                Ok(())
            })
        })?;
        self.changed(format!("MFA device {}", device.value));
        Ok(())
    }
}
