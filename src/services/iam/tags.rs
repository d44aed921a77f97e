//! Tags of everything that carries them: one family. **To add a kind**: a line in `tags!`, the names of its operations
//! in the list at the end, and how its parameter is understood ([`Designated`]).

use serde::Deserialize;

use crate::account::{
    Account, Entity, InstanceProfile, ManagedPolicy, MfaDevice, OidcProvider, Resource, Role, SamlProvider,
    ServerCertificate, Taggable, User,
};
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    Arn, ExistingUserName, InstanceProfileName, Kind, Marker, MaxItems, RoleName, SerialNumber, ServerCertificateName,
    Tag, TagKey, TagKeys, Tags,
};

/// Declares the family for one kind of resource: the parameter that names it, the three operations, and the errors that
/// untagging and listing declare besides those of all kinds.
macro_rules! tags {
    ($($entity:ident by $field:ident $(($wire:literal))?: $name:ident =>
        $tag:ident, $untag:ident $([$untag_error:ident])?, $list:ident $([$list_error:ident])?;)+) => { $(
        #[doc = concat!("Tags a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $tag {
            $(#[serde(rename = $wire)])?
            $field: $name,
            tags: Tags,
        }

        impl Operation for $tag {
            type Output = ();

            const ERRORS: &'static [Code] = &[
                Code::NoSuchEntity,
                Code::LimitExceeded,
                Code::InvalidInput,
                Code::ConcurrentModification,
                Code::ServiceFailure,
            ];

            fn access(&self) -> Access<'_> {
                $entity::access(&self.$field).request_tags(Some(&self.tags))
            }
        }

        impl Command for $tag {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                let name = $entity::name_of(cx.account, &self.$field)?;
                not_empty(&self.tags, $entity::NO_TAGS)?;
                cx.account.update::<$entity, _>(&name, |tagged| tagged.tags_mut().merge($entity::KIND, self.tags))
            }
        }

        #[doc = concat!("Takes tags of a ", stringify!($entity), " away; keys that it has not are ignored.")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $untag {
            $(#[serde(rename = $wire)])?
            $field: $name,
            tag_keys: TagKeys,
        }

        impl Operation for $untag {
            type Output = ();

            const ERRORS: &'static [Code] = &[
                Code::NoSuchEntity,
                $(Code::$untag_error,)?
                Code::ConcurrentModification,
                Code::ServiceFailure,
            ];

            fn access(&self) -> Access<'_> {
                $entity::access(&self.$field).tag_keys(&self.tag_keys)
            }
        }

        impl Command for $untag {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                let name = $entity::name_of(cx.account, &self.$field)?;
                not_empty(&self.tag_keys, $entity::NO_KEYS)?;
                untag::<$entity>(cx, &name, &self.tag_keys)
            }
        }

        #[doc = concat!("Lists the tags of a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $list {
            $(#[serde(rename = $wire)])?
            $field: $name,
            marker: Option<Marker>,
            max_items: Option<MaxItems>,
        }

        impl Listing for $list {
            type Item = Tag;

            const MEMBERS: &'static str = "Tags";
            const ERRORS: &'static [Code] = &[Code::NoSuchEntity, $(Code::$list_error,)? Code::ServiceFailure];

            fn paging(&self) -> Paging<'_> {
                Paging(&self.marker, &self.max_items)
            }

            fn access(&self) -> Access<'_> {
                $entity::access(&self.$field)
            }

            fn members<'a>(
                &'a self,
                cx: &'a View<'_>,
                after: Option<&'a str>,
            ) -> Result<Members<'a, Tag>> {
                Ok(listed($entity::tags_of(cx.account, &self.$field)?, after))
            }
        }
    )+ };
}

tags! {
    User by user_name: ExistingUserName => TagUser, UntagUser, ListUserTags;
    Role by role_name: RoleName => TagRole, UntagRole, ListRoleTags;
    InstanceProfile by instance_profile_name: InstanceProfileName =>
        TagInstanceProfile, UntagInstanceProfile [InvalidInput], ListInstanceProfileTags;
    ManagedPolicy by policy_arn: Arn => TagPolicy, UntagPolicy [InvalidInput], ListPolicyTags [InvalidInput];
    OidcProvider by arn ("OpenIDConnectProviderArn"): Arn => TagOpenIDConnectProvider,
        UntagOpenIDConnectProvider [InvalidInput], ListOpenIDConnectProviderTags [InvalidInput];
    SamlProvider by arn ("SAMLProviderArn"): Arn =>
        TagSAMLProvider, UntagSAMLProvider [InvalidInput], ListSAMLProviderTags [InvalidInput];
    MfaDevice by serial_number: SerialNumber =>
        TagMFADevice, UntagMFADevice [InvalidInput], ListMFADeviceTags [InvalidInput];
    ServerCertificate by server_certificate_name: ServerCertificateName =>
        TagServerCertificate, UntagServerCertificate [InvalidInput], ListServerCertificateTags;
}

/// What AWS says to most requests that name neither tags nor keys; the blank at the end is AWS's.
const NOTHING: &str = "Error occurred while validating input. ";

/// How a parameter designates a resource that carries tags: by name, unless the kind says otherwise.
trait Designated: Taggable {
    /// The refusal of a request without tags, for the kinds that have one.
    const NO_TAGS: Option<&'static str> = None;

    /// The refusal of a request without keys, for the kinds that have one.
    const NO_KEYS: Option<&'static str> = None;

    /// The permission on the resource.
    fn access(given: &str) -> Access<'_> {
        Access::existing(Self::KIND, given)
    }

    /// The name that the account knows the resource by, if it can be tagged.
    fn name_of(account: &Account, given: &str) -> Result<String> {
        account.find::<Self>(given).map(|resource| resource.name().to_owned())
    }

    /// The tags of the resource.
    fn tags_of<'a>(account: &'a Account, given: &str) -> Result<&'a [Tag]> {
        let resource = account.find::<Self>(given)?;
        Ok(resource.tags().map(|tags| &**tags).unwrap_or_default())
    }
}

impl Designated for User {
    const NO_TAGS: Option<&'static str> = Some(NOTHING);
}

impl Designated for Role {}
impl Designated for InstanceProfile {}

impl Designated for ServerCertificate {
    const NO_TAGS: Option<&'static str> = Some("The provided tag map must not be null/empty.");
    const NO_KEYS: Option<&'static str> = Some("The provided tag keys must not be null/empty.");
}

impl Designated for ManagedPolicy {
    fn access(arn: &str) -> Access<'_> {
        Access::policy(arn)
    }

    fn name_of(account: &Account, arn: &str) -> Result<String> {
        let refused = || Error::new(Code::InvalidInput, "Tags not supported for policies in this domain");
        account.find_own_policy(arn, || Error::missing(Kind::Policy, arn), refused).map(|policy| policy.name.clone())
    }

    fn tags_of<'a>(account: &'a Account, arn: &str) -> Result<&'a [Tag]> {
        let policy = account.find_managed_policy(arn, || Error::missing(Kind::Policy, arn))?;
        Ok(policy.tags().map(|tags| &**tags).unwrap_or_default())
    }
}

impl Designated for MfaDevice {
    fn access(serial_number: &str) -> Access<'_> {
        Access::arn(serial_number)
    }

    fn name_of(account: &Account, serial_number: &str) -> Result<String> {
        account.find_virtual_mfa_device(serial_number).map(Entity::key)
    }

    fn tags_of<'a>(account: &'a Account, serial_number: &str) -> Result<&'a [Tag]> {
        account.find_virtual_mfa_device(serial_number).map(|device| &*device.tags)
    }
}

/// Providers are designated by ARN.
macro_rules! by_arn {
    ($($entity:ident),+) => { $(
        impl Designated for $entity {
            const NO_TAGS: Option<&'static str> = Some(NOTHING);
            const NO_KEYS: Option<&'static str> = Some(NOTHING);

            fn access(arn: &str) -> Access<'_> {
                Access::arn(arn)
            }

            fn name_of(account: &Account, arn: &str) -> Result<String> {
                account.find_by_arn::<Self>(arn).map(|provider| provider.name().to_owned())
            }

            fn tags_of<'a>(account: &'a Account, arn: &str) -> Result<&'a [Tag]> {
                account.find_by_arn::<Self>(arn).map(|provider| &*provider.tags)
            }
        }
    )+ };
}

by_arn!(OidcProvider, SamlProvider);

fn not_empty<T>(list: &[T], refusal: Option<&'static str>) -> Result<()> {
    match refusal {
        Some(message) if list.is_empty() => Err(Error::new(Code::InvalidInput, message)),
        _ => Ok(()),
    }
}

fn untag<T: Taggable>(cx: &mut Transaction<'_>, name: &str, keys: &[TagKey]) -> Result<()> {
    cx.account.update::<T, _>(name, |tagged| {
        tagged.tags_mut().remove(T::KIND, keys);
        Ok(())
    })
}

/// Short keys come before long ones, as observed at AWS. A page's marker holds the place of a tag, for its key may be
/// longer than a marker.
fn listed<'a>(tags: &'a [Tag], after: Option<&'a str>) -> Members<'a, Tag> {
    let mut tags: Vec<&Tag> = tags.iter().collect();
    tags.sort_by_key(|tag| (tag.key.len(), tag.key.as_str()));
    let places = tags.into_iter().enumerate().map(|(place, tag)| (format!("{place:02}"), tag.clone()));
    Box::new(places.filter(move |(place, _)| after.is_none_or(|after| place.as_str() > after)))
}

operations!(
    IAM:
    query ListInstanceProfileTags, ListMFADeviceTags, ListOpenIDConnectProviderTags, ListPolicyTags, ListRoleTags,
        ListSAMLProviderTags, ListServerCertificateTags, ListUserTags;
    command TagInstanceProfile, TagMFADevice, TagOpenIDConnectProvider, TagPolicy, TagRole, TagSAMLProvider,
        TagServerCertificate, TagUser, UntagInstanceProfile, UntagMFADevice, UntagOpenIDConnectProvider,
        UntagPolicy, UntagRole, UntagSAMLProvider, UntagServerCertificate, UntagUser
);
