//! Listings: an operation says where its members come from, and paging is done for it.

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Access, AccountRef, Context, Named, Operation, Query, View};
use crate::account::Account;
use crate::error::{Code, Error, Result};
use crate::identity::ServerKey;
use crate::shapes::{AccountId, Marker, MaxItems, Timestamp};

/// The members of a page when the caller does not say.
const DEFAULT_PAGE: usize = 100;

/// What nearly every listing answers to a wrong marker.
const WRONG_MARKER: (Code, &str) = (Code::ValidationError, "Invalid Marker.");

/// The `Marker` and `MaxItems` of a request.
#[derive(Clone, Copy)]
pub struct Paging<'a>(pub &'a Option<Marker>, pub &'a Option<MaxItems>);

/// Members of a listing, each after its key: a place in the listing that stays while others come and go.
pub type Members<'a, T> = Box<dyn Iterator<Item = (String, T)> + 'a>;

/// An operation that lists something.
pub trait Listing: Named + DeserializeOwned + Send + Sync + 'static {
    /// What it lists.
    type Item: Serialize + Send + 'static;

    /// The name of the list in the answer, such as `Users`.
    const MEMBERS: &'static str;

    /// The errors of its own that the service model declares.
    const ERRORS: &'static [Code];

    /// The answer to a marker that this listing did not give out.
    const WRONG_MARKER: (Code, &'static str) = WRONG_MARKER;

    /// See [`Operation::COMPUTES`].
    const COMPUTES: bool = false;

    /// The request's paging parameters.
    fn paging(&self) -> Paging<'_>;

    /// What the caller needs permission for.
    fn access(&self) -> Access<'_>;

    /// See [`Operation::other_accounts`].
    fn other_accounts(&self, _account: &Account) -> Vec<AccountId> {
        Vec::new()
    }

    /// See [`Operation::precondition`].
    ///
    /// # Errors
    /// The refusal.
    fn precondition(&self, _: &View<'_>) -> Result<()> {
        Ok(())
    }

    /// The members whose keys come after `after`, in the order of their keys.
    ///
    /// # Errors
    /// `NoSuchEntity` for listings of what belongs to an entity.
    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, Self::Item>>;
}

impl<L: Listing> Operation for L {
    type Output = Page<L::Item>;

    const ERRORS: &'static [Code] = <L as Listing>::ERRORS;
    const COMPUTES: bool = <L as Listing>::COMPUTES;

    fn access(&self) -> Access<'_> {
        Listing::access(self)
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        Listing::other_accounts(self, account)
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        Listing::precondition(self, cx)
    }
}

impl<L: Listing> Query for L {
    fn answer(self, cx: &View<'_>) -> Result<Page<L::Item>> {
        let (code, message) = L::WRONG_MARKER;
        let after = self.paging().after(L::NAME, cx).map_err(|_| Error::new(code, message))?;
        let members = self.members(cx, after.as_deref())?;
        Ok(self.paging().page(L::NAME, L::MEMBERS, members, cx))
    }
}

impl Paging<'_> {
    /// The key behind which the page begins.
    ///
    /// # Errors
    /// `ValidationError` for a marker that this listing did not give out.
    pub fn after(self, listing: &str, cx: &Context<'_, impl AccountRef>) -> Result<Option<String>> {
        let Some(marker) = self.0 else { return Ok(None) };
        let key = cx.environment.key.read_marker(&scope(listing, cx), marker);
        let (code, message) = WRONG_MARKER;
        key.map(Some).ok_or_else(|| Error::new(code, message))
    }

    /// The members, behind their keys, that the page may show: known before the call is authorized and its marker
    /// verified, so that a call looks into no more accounts than its page needs.
    pub fn preview<T>(self, members: impl Iterator<Item = (String, T)>) -> impl Iterator<Item = T> {
        let after = self.0.as_ref().and_then(|marker| ServerKey::unverified_marker(marker));
        let following = members.filter(move |(key, _)| after.as_ref().is_none_or(|after| key > after));
        following.take(self.size()).map(|(_, member)| member)
    }

    fn size(self) -> usize {
        self.1.map_or(DEFAULT_PAGE, |max| usize::try_from(max.get()).unwrap_or(DEFAULT_PAGE))
    }

    /// The page of members that begins with the first of `members`.
    pub fn page<T>(
        self,
        listing: &str,
        name: &'static str,
        mut members: impl Iterator<Item = (String, T)>,
        cx: &Context<'_, impl AccountRef>,
    ) -> Page<T> {
        let size = self.size();
        let mut page = Vec::new();
        let mut last_key = None;
        for (key, member) in members.by_ref().take(size) {
            page.push(member);
            last_key = Some(key);
        }
        let marker = members.next().and(last_key).map(|key| cx.environment.key.marker(&scope(listing, cx), &key));
        Page { name, members: page, marker }
    }
}

/// A marker is good for the listing and the account that gave it.
fn scope(listing: &str, cx: &Context<'_, impl AccountRef>) -> String {
    format!("{listing} {}", cx.account.id)
}

/// A page of a listing with a `NextToken`.
pub struct TokenPage<T> {
    /// The members.
    pub members: Vec<T>,
    /// What asks for the next page, if there is one.
    pub next_token: Option<String>,
}

/// The page after `token` of a listing, at most `size` members long. Each member has its key, by which they are
/// ordered. `None` for a token that this listing did not give out.
pub fn token_page<T>(
    cx: &Context<'_, impl AccountRef>,
    listing: &str,
    token: Option<&str>,
    size: i32,
    members: impl Iterator<Item = (String, T)>,
) -> Option<TokenPage<T>> {
    token_page_while(cx, listing, token, members, room_for(size))
}

/// The same of members that can be had from behind a key on, so that late pages cost no more than the first.
pub fn token_page_from<T, I: Iterator<Item = (String, T)>>(
    cx: &Context<'_, impl AccountRef>,
    listing: &str,
    token: Option<&str>,
    size: i32,
    members: impl FnOnce(Option<&str>) -> I,
) -> Option<TokenPage<T>> {
    let scope = scope(listing, cx);
    let after = read_token(cx, &scope, token)?;
    Some(take_page(cx, &scope, members(after.as_deref()), room_for(size)))
}

fn room_for<T>(size: i32) -> impl FnMut(&T) -> bool {
    let mut left = usize::try_from(size).unwrap_or(1);
    move |_| {
        left = left.saturating_sub(1);
        left > 0
    }
}

/// The key that a token holds; `None` for a token of another listing.
fn read_token(cx: &Context<'_, impl AccountRef>, scope: &str, token: Option<&str>) -> Option<Option<String>> {
    match token {
        Some(token) => Some(Some(cx.environment.key.read_marker(scope, token)?)),
        None => Some(None),
    }
}

/// The same of a page that takes members as long as there is room behind each.
pub fn token_page_while<T>(
    cx: &Context<'_, impl AccountRef>,
    listing: &str,
    token: Option<&str>,
    members: impl Iterator<Item = (String, T)>,
    has_room_behind: impl FnMut(&T) -> bool,
) -> Option<TokenPage<T>> {
    let scope = scope(listing, cx);
    let after = read_token(cx, &scope, token)?;
    let following = members.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    Some(take_page(cx, &scope, following, has_room_behind))
}

fn take_page<T>(
    cx: &Context<'_, impl AccountRef>,
    scope: &str,
    mut following: impl Iterator<Item = (String, T)>,
    mut has_room_behind: impl FnMut(&T) -> bool,
) -> TokenPage<T> {
    let (mut page, mut last) = (Vec::new(), None);
    for (key, member) in following.by_ref() {
        let has_room = has_room_behind(&member);
        page.push(member);
        last = Some(key);
        if !has_room {
            break;
        }
    }
    let next_token = following.next().and(last).map(|last| cx.environment.key.marker(scope, &last));
    TokenPage { members: page, next_token }
}

/// What belongs to a user, the oldest first, behind a key: `age` gives when each was made, and its id.
pub fn oldest_first<'i, T>(
    items: &'i [T],
    after: Option<&str>,
    age: fn(&T) -> (Timestamp, &str),
) -> impl Iterator<Item = (String, &'i T)> + use<'i, T> {
    let keyed = items.iter().map(|item| {
        let (made, id) = age(item);
        (format!("{:020} {id}", made.seconds()), item)
    });
    let mut keyed: Vec<_> = keyed.filter(|(key, _)| after.is_none_or(|after| key.as_str() > after)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.into_iter()
}

/// A page of a listing.
pub struct Page<T> {
    name: &'static str,
    /// The members.
    pub members: Vec<T>,
    /// Where the next page begins, if there is one.
    pub marker: Option<String>,
}

impl<T: Serialize> Page<T> {
    /// Writes the page's elements into a larger answer.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn write_into<S: SerializeStruct>(&self, answer: &mut S) -> Result<(), S::Error> {
        answer.serialize_field("IsTruncated", &self.marker.is_some())?;
        answer.serialize_field(self.name, &self.members)?;
        if let Some(marker) = &self.marker {
            answer.serialize_field("Marker", marker)?;
        }
        Ok(())
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("Page", 3)?;
        self.write_into(&mut answer)?;
        answer.end()
    }
}
