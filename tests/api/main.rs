//! The operations as a client sees them: signed requests to the router in memory, a module per behaviour.

mod client;

mod groups;
mod users;
