//! Parameters of Organizations.

use super::{Text, numbers, texts};

texts! {
    /// Where the next page of a listing begins.
    OrganizationsNextToken = Text::length(0, 100_000);
}

numbers! {
    /// The most members of a page.
    OrganizationsPageSize = 1..=20;
}
