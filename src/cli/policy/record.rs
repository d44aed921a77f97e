//! `iamd policy record`: the policy for what a principal did, from a running server.

use std::io::Write;

use serde::Deserialize;

use super::{Failure, Outcome, RecordArgs};
use crate::cli::admin::call;

#[derive(Deserialize)]
struct Recorded {
    policies: Vec<String>,
}

pub(super) fn run(args: &RecordArgs, out: &mut dyn Write) -> Outcome {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("principal", &args.principal);
    if let Some(since) = &args.since {
        query.append_pair("since", since);
    }
    if args.generalise {
        query.append_pair("generalise", "true");
    }
    let path = format!("policy?{}", query.finish());
    let recorded: Recorded = call(&args.server, "GET", &path, "").map_err(|failure| Failure(failure.to_string()))?;
    for policy in recorded.policies {
        writeln!(out, "{policy}")?;
    }
    Ok(true)
}
