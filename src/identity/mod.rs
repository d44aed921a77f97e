//! Who is calling: access keys, session tokens, and the policies that bear on a caller.

mod authenticate;
mod caller;
mod clock;
mod facts;
mod identities;
mod packing;
mod server_key;
mod session;
mod standing;
mod user_identity;

pub use authenticate::{Authenticator, Moment, RootCredentials, Verified};
pub use caller::{Caller, Principal, ServicePrincipal};
pub use clock::{Clock, OutOfRange, Reading};
pub use facts::RequestFacts;
pub use identities::Identities;
pub use server_key::ServerKey;
pub use session::{
    Delegation, MAX_TOKEN_SIZE, ProviderValue, SIGN_IN_SESSION_KEY, Session, SessionPolicy, SessionPrincipal,
};
pub use standing::{Key, Standing};
