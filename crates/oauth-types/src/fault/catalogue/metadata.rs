//! Metadata that promises too much, too little, or something else.

use serde_json::json;

use super::{ELSEWHERE, Edit, Fault, Layer, Named, Point, append, remove, set, suffix};
use crate::fault::When;

fn foreign(path: &str) -> String {
    format!("{ELSEWHERE}/{path}")
}

faults! { METADATA of Metadata:
    DISCOVERY_ISSUER_MISMATCH = "discovery-issuer-mismatch", Discovery, "RFC 8414 §3.3",
        "The issuer of the metadata is not the one they were asked of", [set("issuer", ELSEWHERE)];
    DISCOVERY_ISSUER_NORMALISED = "discovery-issuer-normalised", Discovery, "RFC 8414 §3.3",
        "The issuer of the metadata has a slash more", [suffix("issuer", "/")];
    DISCOVERY_ISSUER_MISSING = "discovery-issuer-missing", Discovery, "RFC 8414 §2",
        "The metadata name no issuer", [remove("issuer")];
    METADATA_WITHOUT_S256 = "metadata-without-s256", Discovery, "RFC 9700 §2.1.1",
        "The metadata promise PKCE with the method plain alone", [set("code_challenge_methods_supported", json!(["plain"]))];
    METADATA_WITHOUT_PKCE = "metadata-without-pkce", Discovery, "RFC 9700 §2.1.1",
        "The metadata do not promise PKCE", [remove("code_challenge_methods_supported")];
    METADATA_WITHOUT_ISS = "metadata-without-iss", Discovery, "RFC 9207 §3",
        "The metadata do not promise `iss` in authorization responses, which have it",
        [remove("authorization_response_iss_parameter_supported")];
    METADATA_WITHOUT_PAR = "metadata-without-par", Discovery, "RFC 9126 §5",
        "The metadata have no endpoint for pushed requests", [remove("pushed_authorization_request_endpoint")];
    METADATA_WITHOUT_JWKS = "metadata-without-jwks", Discovery, "OpenID Connect Discovery 1.0 §3",
        "The metadata do not say where the keys are", [remove("jwks_uri")];
    METADATA_WITHOUT_TOKEN_ENDPOINT = "metadata-without-token-endpoint", Discovery, "RFC 8414 §2",
        "The metadata have no token endpoint", [remove("token_endpoint")];
    METADATA_FOREIGN_JWKS = "metadata-foreign-jwks", Discovery, "OpenID Connect Discovery 1.0 §7.2",
        "The keys are said to be at somebody else's", [set("jwks_uri", foreign("jwks"))];
    METADATA_FOREIGN_AUTHORIZATION_ENDPOINT = "metadata-foreign-authorization-endpoint", Discovery, "RFC 9700 §4.4",
        "The authorization endpoint is somebody else's", [set("authorization_endpoint", foreign("authorize"))];
    MIX_UP = "mix-up", Discovery, "RFC 9700 §4.4",
        "The authorization endpoint is that of the honest server, and the token endpoint that of the attacker",
        [set("token_endpoint", foreign("token"))];
    METADATA_ALG_NONE = "metadata-alg-none", Discovery, "RFC 8725 §3.1",
        "The metadata promise ID tokens without a signature", [append("id_token_signing_alg_values_supported", "none")];
    METADATA_LIST_AS_TEXT = "metadata-list-as-text", Discovery, "RFC 8414 §2",
        "A list of the metadata is one text", [set("response_types_supported", "code")];
    METADATA_NULL = "metadata-null", Discovery, "RFC 8414 §3.2",
        "A member of the metadata is null", [set("userinfo_endpoint", json!(null))];
    METADATA_NOT_JSON = "metadata-not-json", Discovery, "RFC 8414 §3.2",
        "The metadata are a page of HTML with status 200",
        [Edit::Body { content_type: "text/html".to_owned(), text: "<!doctype html><title>Welcome</title>".to_owned() }];
    METADATA_UNAVAILABLE = "metadata-unavailable", Discovery, "RFC 9110 §15.6.4",
        "The metadata cannot be had now", [Edit::Status { code: 503 }, Edit::http_header("Retry-After", "5")];
    RESOURCE_METADATA_MISMATCH = "resource-metadata-mismatch", ResourceMetadata, "RFC 9728 §3.3",
        "The metadata of a resource name another one", [set("resource", ELSEWHERE)];
    RESOURCE_METADATA_FOREIGN_SERVER = "resource-metadata-foreign-server", ResourceMetadata, "RFC 9728 §7.6",
        "The metadata of a resource name somebody else's authorization server",
        [set("authorization_servers", json!([ELSEWHERE]))];
}
