//! The key set: public keys alone (RFC 7517 §5).

use oauth_types::fault::Point;
use serde_json::Map;

use crate::pipeline;
use crate::reply::Reply;
use crate::world::World;

pub(crate) fn jwks(world: &World) -> Reply {
    let mut members = Map::new();
    members.insert("keys".to_owned(), pipeline::keys(world).into());
    Reply::Document { at: Point::Jwks, status: http::StatusCode::OK, members }
}
