//! What a connection must pass before anything is stored over it. The key of a database can be changed while no server uses
//! it, and a server that has lost its connections for a moment uses it all the same: it must neither be overlooked nor go on
//! with the old key.

use sqlx::postgres::PgConnection;

use super::beside::value;
use super::prepare::share_use;
use crate::store::fault::Fault;
use crate::store::seal::{MARK, Sealer};

/// Lets connections pass as long as the database is sealed as it was when the server began.
#[derive(Clone)]
pub(super) struct Fence(pub Option<Sealer>);

impl Fence {
    /// Notes that the database is in use for as long as the connection lasts, and holds the key against it.
    pub async fn pass(&self, connection: &mut PgConnection) -> Result<(), Fault> {
        if !share_use(connection).await? {
            return Err(Fault::Unavailable("the key of the database is being changed".to_owned()));
        }
        let place = ("server", "", MARK);
        match (&self.0, value(connection, MARK).await?) {
            (None, None) => Ok(()),
            (Some(sealer), Some(mark)) if sealer.open(place, &mark).is_ok() => Ok(()),
            _ => Err(Fault::Refused(
                "its key was changed since this server started: start it again with the new one".to_owned(),
            )),
        }
    }
}
