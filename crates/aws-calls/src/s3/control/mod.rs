//! S3 Control: access points, batch jobs, access grants, Storage Lens.

mod routes;

use std::borrow::Cow;

pub(crate) use routes::{ControlRoute, Resource};

use super::query::unescape;
use super::refusal::Refusal;

/// The variables of a path with what they stand for.
pub(crate) type Labels<'r> = Vec<(&'static str, Cow<'r, str>)>;

/// Finds an operation by its method and its path without the version.
///
/// # Errors
/// No such operation, or a path that is no text.
pub(crate) fn find<'r>(method: &str, path: &'r str) -> Result<(&'static str, Labels<'r>), Refusal> {
    for route in routes::ROUTES.iter().filter(|route| route.method == method) {
        if let Some(labels) = fit(route.path, path)? {
            return Ok((route.operation, labels));
        }
    }
    Err(Refusal::method())
}

/// The line of an operation.
pub(crate) fn route(operation: &str) -> Option<&'static ControlRoute> {
    routes::ROUTES.iter().find(|route| route.operation == operation)
}

/// Fits a path to a template such as `mrap/instances/{name+}/policy`.
fn fit<'r>(template: &'static str, path: &'r str) -> Result<Option<Labels<'r>>, Refusal> {
    let (mut template, mut path) = (Some(template), Some(path));
    let mut labels = Vec::new();
    while let Some(left) = template {
        let Some(sent) = path else { return Ok(None) };
        let (segment, rest) = first(left);
        let label = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let greedy = label.and_then(|name| name.strip_suffix('+'));
        let (value, after) = match (greedy, rest) {
            (Some(_), None) => (sent, None),
            // What follows a greedy label has no label of its own.
            (Some(_), Some(rest)) => match sent.strip_suffix(rest).and_then(|value| value.strip_suffix('/')) {
                Some(value) => (value, Some(rest)),
                None => return Ok(None),
            },
            (None, _) => first(sent),
        };
        match greedy.or(label) {
            Some(name) if !value.is_empty() => labels.push((name, unescape(value)?)),
            None if value == segment => {}
            _ => return Ok(None),
        }
        (template, path) = (rest, after);
    }
    Ok(path.is_none().then_some(labels))
}

/// The first segment of a path, and what comes after its slash.
fn first(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(segment, rest)| (segment, Some(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Option<(&'static str, String)> {
        let (operation, labels) = find(method, path).ok()?;
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some((operation, labels.join(",")))
    }

    #[test]
    fn paths_are_fitted_to_templates() {
        let said = |operation, labels: &str| Some((operation, labels.to_owned()));
        assert_eq!(found("GET", "accesspoint"), said("ListAccessPoints", ""));
        assert_eq!(found("PUT", "accesspoint/a"), said("CreateAccessPoint", "name=a"));
        assert_eq!(found("GET", "accesspoint/a/policyStatus"), said("GetAccessPointPolicyStatus", "name=a"));
        assert_eq!(found("GET", "mrap/instances/a/b"), said("GetMultiRegionAccessPoint", "name=a/b"));
        assert_eq!(found("GET", "mrap/instances/a/policy"), said("GetMultiRegionAccessPointPolicy", "name=a"));
        assert_eq!(found("PATCH", "mrap/instances/a/routes"), said("SubmitMultiRegionAccessPointRoutes", "mrap=a"));
        assert_eq!(
            found("POST", "tags/arn%3Aaws%3As3%3A%3A%3Aapp"),
            said("TagResource", "resourceArn=arn:aws:s3:::app")
        );
        assert_eq!(found("PUT", "bucket/a%2Fb"), said("CreateBucket", "name=a/b"));
        for (method, path) in [("GET", "accesspoint/"), ("GET", "other"), ("GET", "accesspoint/a/b"), ("PATCH", "jobs")]
        {
            assert_eq!(found(method, path), None, "{path}");
        }
    }

    #[test]
    fn every_route_is_found_by_its_own_template() {
        for route in routes::ROUTES {
            let path = route.path.replace(['{', '}', '+'], "");
            let (operation, _) = find(route.method, &path).unwrap();
            assert_eq!(operation, route.operation);
        }
    }
}
