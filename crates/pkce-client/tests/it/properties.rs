//! Whatever a server answers, the client ends with a value and not with a panic.

use pkce_client::{Client, Endpoint};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{Stage, response, sign};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("Bearer")),
        Just(json!("app")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn members(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::collection::btree_map(proptest::sample::select(names), json_value(), 0..6).prop_map(|map| json!(map))
}

fn run(stage: &Stage, login: impl AsyncFnOnce(&Client)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(login(&stage.client()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_token_response_panics(
        body in prop_oneof![
            ".{0,200}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..200),
            members(&["access_token", "token_type", "expires_in", "refresh_token", "scope", "error", "id_token"])
                .prop_map(|value| value.to_string().into_bytes()),
        ],
        status in prop_oneof![Just(200), 100_u16..600],
    ) {
        let stage = Stage::new();
        stage.instead(move |seen| {
            (seen.endpoint == Endpoint::Token).then(|| Ok(response(status, "application/json", body.clone())))
        });
        run(&stage, async |client| drop(stage.login(client).await));
    }

    #[test]
    fn no_id_token_panics(
        token in prop_oneof![".{0,100}", "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}"],
    ) {
        let stage = Stage::new();
        stage.member("id_token", token.into());
        run(&stage, async |client| drop(stage.login(client).await));
    }

    #[test]
    fn no_signed_claims_panic(
        header in members(&["alg", "kid", "typ", "crit", "jwk"]),
        claims in members(&["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "auth_time"]),
    ) {
        let stage = Stage::new();
        stage.with(|script| {
            let mut merged = script.claims.clone();
            merged.as_object_mut().expect("an object").extend(claims.as_object().expect("an object").clone());
            let mut headers = json!({"alg": "RS256", "kid": "one"});
            if merged["exp"].is_u64() {
                headers.as_object_mut().expect("an object").extend(header.as_object().expect("an object").clone());
            }
            let token = sign(&headers.to_string(), &merged.to_string(), &script.key, script.alg);
            script.members["id_token"] = token.into();
        });
        run(&stage, async |client| drop(stage.login(client).await));
    }

    #[test]
    fn no_key_set_panics(key in members(&["kty", "crv", "n", "e", "x", "y", "kid", "use", "alg", "key_ops"])) {
        let stage = Stage::new();
        stage.with(|script| script.jwks["keys"].as_array_mut().expect("keys").push(key));
        run(&stage, async |client| drop(stage.login(client).await));
    }
}
