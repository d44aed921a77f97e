//! XML bodies as the JSON that they mean by the model.

use aws_reference::operations::{Member, Service, Shape};
use serde_json::{Map, Value};

use super::Unreadable;
use crate::Call;
use crate::s3::xml::Element;

const MALFORMED: Unreadable = Unreadable::Malformed("XML");

/// The members of the input in a body.
pub(super) fn members(body: &[u8], call: &Call, shape: Option<&Shape>) -> Result<Map<String, Value>, Unreadable> {
    let root = Element::parse(body).map_err(|_| MALFORMED)?;
    let Some(shape) = shape else { return Ok(Map::new()) };
    let service = &call.service;
    match &shape.payload {
        None => structure(&root, shape, service),
        Some(payload) => {
            let member = shape.members.get(payload).ok_or(MALFORMED)?;
            Ok(Map::from_iter([(payload.clone(), value(&root, member, service)?)]))
        }
    }
}

fn structure(element: &Element, shape: &Shape, service: &Service) -> Result<Map<String, Value>, Unreadable> {
    let mut map = Map::new();
    for (name, member) in &shape.members {
        let sent = member.name.as_deref().unwrap_or(name);
        let found: Vec<&Element> = element.children.iter().filter(|child| child.name == sent).collect();
        let inner = member.shape().and_then(|name| service.shape(name));
        let flattened = inner.filter(|shape| shape.flattened || member.flattened);
        let value = match (flattened, found.as_slice()) {
            (_, []) => continue,
            (Some(Shape { item: Some(item), .. }), found) => list(found, item, service)?,
            (_, [one]) => value(one, member, service)?,
            _ => return Err(Unreadable::ambiguous(sent)),
        };
        map.insert(name.clone(), value);
    }
    Ok(map)
}

fn value(element: &Element, member: &Member, service: &Service) -> Result<Value, Unreadable> {
    let Some(shape) = member.shape().and_then(|name| service.shape(name)) else {
        return text(element).map(Value::String);
    };
    match (&shape.item, &shape.key, &shape.value) {
        (Some(item), ..) => {
            let sent = item.name.as_deref().unwrap_or("member");
            let items: Vec<&Element> = element.children.iter().filter(|child| child.name == sent).collect();
            if items.len() == element.children.len() { list(&items, item, service) } else { Err(MALFORMED) }
        }
        (_, Some(key), Some(of_map)) => entries(element, key, of_map, service),
        _ => structure(element, shape, service).map(Value::Object),
    }
}

fn list(elements: &[&Element], item: &Member, service: &Service) -> Result<Value, Unreadable> {
    elements.iter().map(|element| value(element, item, service)).collect::<Result<_, _>>().map(Value::Array)
}

fn entries(element: &Element, key: &Member, of_map: &Member, service: &Service) -> Result<Value, Unreadable> {
    let mut map = Map::new();
    for entry in &element.children {
        let part = |name: &str| entry.child(name).ok().flatten().ok_or(MALFORMED);
        let name = text(part(key.name.as_deref().unwrap_or("key"))?)?;
        let value = value(part(of_map.name.as_deref().unwrap_or("value"))?, of_map, service)?;
        if map.insert(name.clone(), value).is_some() {
            return Err(Unreadable::ambiguous(name));
        }
    }
    Ok(Value::Object(map))
}

fn text(element: &Element) -> Result<String, Unreadable> {
    element.text().map(str::to_owned).map_err(|_| MALFORMED)
}
