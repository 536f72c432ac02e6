//! A web application that logs its users in, and shows who they are. What it needs is in its environment: `ISSUER`,
//! `CLIENT_ID`, `CLIENT_SECRET` if it has one, and `REDIRECT_URI`, which is on this machine.
//!
//! `cargo xtask attack client --web` attacks it, see the README.
#![expect(clippy::print_stderr, reason = "whoever runs it is told why a login fails")]

use std::env::var;
use std::error::Error;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use pkce_client::{Bff, Client, SealKey, SystemDice, User};
use tokio::net::TcpListener;

const HOME: &str = r#"<a href="/login?return_to=/me">Log in</a>
    <form method="post" action="/logout"><button>Log out</button></form>"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let redirect_uri = url::Url::parse(&var("REDIRECT_URI")?)?;
    let client = Client::builder(&var("ISSUER")?, &var("CLIENT_ID")?).redirect_uri(redirect_uri.as_str());
    let client = match var("CLIENT_SECRET") {
        Ok(secret) => client.secret(secret),
        Err(_) => client,
    };
    let app = app(client.discover().await?)?;
    let listener = TcpListener::bind(("127.0.0.1", redirect_uri.port().ok_or("REDIRECT_URI has no port")?)).await?;
    Ok(axum::serve(listener, app).await?)
}

/// The application of this client.
pub(crate) fn app(client: Client) -> Result<Router, Box<dyn Error>> {
    let app = Router::new().route("/", get(async || Html(HOME))).route("/me", get(me));
    let bff = Bff::builder(client, SealKey::generate(&SystemDice)?).scopes(["profile"]);
    Ok(bff.on_failure(|failure| eprintln!("{failure}")).allow_http_on_loopback().protect(app)?)
}

/// Whoever is logged in.
async fn me(user: User) -> String {
    format!("Hello, {}.", user.claims().subject())
}
