//! The metadata document: exactly what is on, and nothing else (RFC 8414 §2, OpenID Connect Discovery 1.0 §3).

use oauth_types::ResponseMode;
use oauth_types::fault::Point;
use serde_json::{Map, Value, json};

use crate::pipeline;
use crate::reply::Reply;
use crate::request::Place;
use crate::world::World;

pub(crate) fn metadata(world: &World, place: &Place) -> Reply {
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("issuer", place.issuer.clone().into());
    set("authorization_endpoint", place.url("/authorize").into());
    set("token_endpoint", place.url("/token").into());
    set("jwks_uri", place.url("/jwks").into());
    set("response_types_supported", json!(["code"]));
    let modes: Vec<&str> = pipeline::response_modes(world).map(ResponseMode::as_str).collect();
    set("response_modes_supported", json!(modes));
    set("grant_types_supported", json!(pipeline::grant_types(world).collect::<Vec<_>>()));
    pipeline::metadata(world, place, &mut members);
    Reply::Document { at: Point::Discovery, members }
}
