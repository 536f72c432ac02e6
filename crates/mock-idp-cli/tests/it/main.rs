//! The program, seen from outside.

#[cfg(unix)]
mod attacks;
#[path = "../../../mock-idp/tests/it/canary.rs"]
mod canary;
mod channels;
mod commands;
mod control;
mod environment;
mod program;
mod readme;
#[cfg(unix)]
mod reload;
#[path = "../../../mock-idp/tests/it/scratch.rs"]
mod scratch;
mod secrets;
#[path = "../../../mock-idp/tests/it/story.rs"]
mod story;
mod tls;
#[expect(dead_code, reason = "the server's own tests use the rest of it")]
#[path = "../../../mock-idp/tests/it/wire.rs"]
mod wire;
