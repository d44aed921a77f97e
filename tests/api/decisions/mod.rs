//! What policies allow and deny, and how a denial is worded.

mod authorization_message;
mod denial_details;
mod denials;
mod enforcement;
mod long_decisions;
