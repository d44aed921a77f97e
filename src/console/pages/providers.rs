//! Identity providers.

use axum::response::Response;
use serde_json::{Value, json};

use super::parts::{danger, done, facts, form, members, path, shown, table, tags};
use super::tabs::Tabs;
use crate::console::view::{Block, Cell, Field, Row, Search};
use crate::console::visit::Visit;
use crate::error::Error;

const SECTION: &str = "providers";
const PLACE: &str = "/console/providers";

const TABS: &[(&str, &str)] = &[("provider", "Provider"), ("tags", "Tags"), ("settings", "Settings")];

/// All identity providers.
pub async fn page(visit: &Visit) -> Response {
    let wanted = visit.sent.field("q").to_lowercase();
    let row = |provider: &Value| {
        let arn = shown(provider, "Arn");
        let name = arn.split_once('/').map_or(arn.as_str(), |(_, name)| name);
        let cells = vec![
            Cell::link(name, path(SECTION, &arn)),
            Cell::text(arn.clone()),
            Cell::text(shown(provider, "CreateDate")),
        ];
        Row { cells, actions: Vec::new() }
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
    let found = |result, list| found(result, list, &wanted);
    let list = found(visit.iam("ListOpenIDConnectProviders", &[]).await, "OpenIDConnectProviderList");
    let others = found(visit.iam("ListSAMLProviders", &[]).await, "SAMLProviderList");
    let empty = if wanted.is_empty() { "There are none yet." } else { "None has that in its name." };
    let columns = ["Name", "ARN", "Created"];
    let create = ["iam:CreateOpenIDConnectProvider", "iam:CreateSAMLProvider"];
    let blocks = vec![
        Block::Search(Search { text: visit.sent.field("q").to_owned(), ..Search::default() }),
        table("OpenID Connect", empty, &columns[..2], list, "OpenIDConnectProviderList", |provider| {
            let mut row = row(provider);
            row.cells.truncate(2);
            row
        }),
        form("Add an OpenID Connect provider", "Add the provider", create[0], &[], of_oidc, PLACE),
        table("SAML", empty, &columns, others, "SAMLProviderList", row),
        form("Add a SAML provider", "Add the provider", create[1], &[], of_saml, PLACE),
    ];
    visit.page(SECTION, "Identity providers", done(visit), blocks)
}

/// The providers with a text in their ARN. AWS lists all at once: there are at most a hundred of a kind.
fn found(result: Result<Value, Error>, list: &str, wanted: &str) -> Result<Value, Error> {
    let fits = |provider: &&Value| shown(provider, "Arn").to_lowercase().contains(wanted);
    result.map(|value| json!({list: members(&value, list).iter().filter(fits).collect::<Vec<_>>()}))
}

/// One provider.
pub async fn detail(visit: &Visit, arn: &str) -> Response {
    let is_saml = arn.splitn(6, ':').nth(5).is_some_and(|resource| resource.starts_with("saml-provider/"));
    let (name, operation) = match is_saml {
        true => ("SAMLProviderArn", "GetSAMLProvider"),
        false => ("OpenIDConnectProviderArn", "GetOpenIDConnectProvider"),
    };
    let owner = (name, arn);
    let provider = match visit.iam(operation, &[owner]).await {
        Ok(provider) => provider,
        Err(error) => return visit.refusal(SECTION, arn, &error),
    };
    let tabs = Tabs::new(visit, path(SECTION, arn), TABS);
    let place = tabs.place();
    let names = [
        ("Issuer", "Url"),
        ("Created", "CreateDate"),
        ("Valid until", "ValidUntil"),
        ("Unique id", "SAMLProviderUUID"),
    ];
    let mut blocks =
        vec![Block::Facts(String::new(), vec![("ARN".to_owned(), Cell::text(arn))]), facts("", &provider, &names)];
    blocks.push(tabs.block());
    match (tabs.current(), is_saml) {
        ("tags", true) => {
            let found = visit.iam("ListSAMLProviderTags", &[owner]).await;
            blocks.extend(tags(found, ["iam:TagSAMLProvider", "iam:UntagSAMLProvider"], owner, &place));
        }
        ("tags", false) => {
            let found = visit.iam("ListOpenIDConnectProviderTags", &[owner]).await;
            let operations = ["iam:TagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider"];
            blocks.extend(tags(found, operations, owner, &place));
        }
        ("settings", _) => {
            let operation = if is_saml { "iam:DeleteSAMLProvider" } else { "iam:DeleteOpenIDConnectProvider" };
            blocks.push(Block::Form(danger("Delete the provider", operation, &[owner], PLACE)));
        }
        (_, true) => blocks.extend(saml(&provider, owner, &place)),
        (_, false) => blocks.extend(oidc(&provider, owner, &place)),
    }
    let title = arn.split_once('/').map_or(arn, |(_, name)| name);
    visit.page(SECTION, title, done(visit), blocks)
}

fn saml(provider: &Value, owner: (&str, &str), place: &str) -> [Block; 2] {
    let metadata = shown(provider, "SAMLMetadataDocument");
    let field = Field::required("SAMLMetadataDocument", "Metadata (XML)").of_kind("area").with(metadata.clone());
    [
        Block::Text("Metadata".to_owned(), metadata),
        form("Replace the metadata", "Save the metadata", "iam:UpdateSAMLProvider", &[owner], vec![field], place),
    ]
}

fn oidc(provider: &Value, owner: (&str, &str), place: &str) -> [Block; 4] {
    let texts = |list: &str| {
        let texts = members(provider, list).iter().filter_map(Value::as_str);
        json!({list: texts.map(|text| json!({"Text": text})).collect::<Vec<_>>()})
    };
    let audience = |value: &Value| {
        let id = shown(value, "Text");
        let remove = "iam:RemoveClientIDFromOpenIDConnectProvider";
        Row { actions: vec![danger("Remove", remove, &[owner, ("ClientID", &id)], place)], cells: vec![Cell::text(id)] }
    };
    let thumbprint = |value: &Value| Row { cells: vec![Cell::text(shown(value, "Text"))], actions: Vec::new() };
    let (audiences, thumbprints) = ("ClientIDList", "ThumbprintList");
    let field = Field::required("ClientID", "Audience");
    let replace = "iam:UpdateOpenIDConnectProviderThumbprint";
    let known = members(provider, thumbprints).iter().map(|known| known.as_str().unwrap_or_default());
    // AWS takes five.
    let replaced = known.chain(std::iter::repeat("")).take(5).enumerate();
    let replaced = replaced.map(|(index, known)| {
        Field::optional(&format!("ThumbprintList.member.{}", index + 1), "Thumbprint").with(known)
    });
    let replaced = replaced.collect();
    let add = "iam:AddClientIDToOpenIDConnectProvider";
    [
        table("Audiences", "There is none.", &["Audience"], Ok(texts(audiences)), audiences, audience),
        form("Add an audience", "Add the audience", add, &[owner], vec![field], place),
        table("Thumbprints", "There is none.", &["Thumbprint"], Ok(texts(thumbprints)), thumbprints, thumbprint),
        form("Replace the thumbprints", "Save the thumbprints", replace, &[owner], replaced, place),
    ]
}
