//! The metadata document: exactly what is on, and nothing else (RFC 8414 §2, OpenID Connect Discovery 1.0 §3).

use http::StatusCode;
use oauth_types::fault::Point;

use crate::pipeline;
use crate::reply::Reply;
use crate::request::Place;
use crate::world::World;

pub(crate) fn metadata(world: &World, place: &Place) -> Reply {
    Reply::Document { at: Point::Discovery, status: StatusCode::OK, members: pipeline::metadata(world, place) }
}
