//! Identity providers.

use axum::response::Response;
use serde_json::Value;

use super::parts::{danger, done, form, shown, table};
use crate::console::view::{Cell, Field, Row};
use crate::console::visit::Visit;

const PLACE: &str = "/console/providers";

/// All identity providers.
pub async fn page(visit: &Visit) -> Response {
    let oidc = |provider: &Value| {
        let arn = shown(provider, "Arn");
        let actions =
            vec![danger("Delete", "iam:DeleteOpenIDConnectProvider", &[("OpenIDConnectProviderArn", &arn)], PLACE)];
        Row { cells: vec![Cell::text(arn.clone())], actions }
    };
    let saml = |provider: &Value| {
        let arn = shown(provider, "Arn");
        let actions = vec![danger("Delete", "iam:DeleteSAMLProvider", &[("SAMLProviderArn", &arn)], PLACE)];
        Row { cells: vec![Cell::text(arn.clone()), Cell::text(shown(provider, "CreateDate"))], actions }
    };
    let of_oidc = vec![
        Field::required("Url", "URL of the issuer"),
        Field::optional("ClientIDList.member.1", "Audience"),
        Field::optional("ThumbprintList.member.1", "Thumbprint"),
    ];
    let of_saml = vec![
        Field::required("Name", "Name"),
        Field::required("SAMLMetadataDocument", "Metadata (XML)").of_kind("area"),
    ];
    let list = visit.iam("ListOpenIDConnectProviders", &[]).await;
    let others = visit.iam("ListSAMLProviders", &[]).await;
    let blocks = vec![
        table("OpenID Connect", "There are none yet.", &["ARN"], list, "OpenIDConnectProviderList", oidc),
        form(
            "Add an OpenID Connect provider",
            "Add the provider",
            "iam:CreateOpenIDConnectProvider",
            &[],
            of_oidc,
            PLACE,
        ),
        table("SAML", "There are none yet.", &["ARN", "Created"], others, "SAMLProviderList", saml),
        form("Add a SAML provider", "Add the provider", "iam:CreateSAMLProvider", &[], of_saml, PLACE),
    ];
    visit.page("providers", "Identity providers", done(visit), blocks)
}
