//! Connections that break, stall and never end. They act at the token endpoint unless they are moved.

use super::{Edit, Fault, Layer, Named, Point};
use crate::fault::When;

faults! { CONNECTION of Connection:
    CONNECTION_RESET = "connection-reset", TokenResponse, "RFC 9293 §3.10.7",
        "The connection is reset instead of an answer", [Edit::Reset];
    BODY_TRUNCATED = "body-truncated", TokenResponse, "RFC 9112 §8",
        "The connection ends in the middle of the body", [Edit::Truncate { after: 20 }];
    ANSWER_STALLED = "answer-stalled", TokenResponse, "RFC 9110 §9.2",
        "The answer never begins, and the connection stays open", [Edit::Stall { after: None }];
    BODY_STALLED = "body-stalled", TokenResponse, "RFC 9112 §8",
        "The body stops in its middle, and the connection stays open", [Edit::Stall { after: Some(20) }];
    ANSWER_DELAYED = "answer-delayed", TokenResponse, "RFC 9110 §15.5.9",
        "The answer comes after ten seconds", [Edit::Delay { milliseconds: 10_000 }];
    SLOW_DRIP = "slow-drip", TokenResponse, "RFC 9112 §7.1",
        "The body comes in pieces of eight octets, one a second", [Edit::Drip { octets: 8, milliseconds: 1000 }];
    BODY_ENDLESS = "body-endless", TokenResponse, "RFC 9112 §8",
        "The body never ends", [Edit::Endless];
    HEADER_BOMB = "header-bomb", TokenResponse, "RFC 9110 §5.4",
        "The head has a thousand headers of a thousand octets", [Edit::HeaderBomb { headers: 1000, octets: 1000 }];
}
