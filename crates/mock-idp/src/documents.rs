//! The documents that more than one file cites. One that a single file speaks for stands in that file.

use crate::refusal::Document;

pub(crate) static RFC6749: Document = Document {
    name: "RFC 6749",
    title: "The OAuth 2.0 Authorization Framework",
    url: "https://www.rfc-editor.org/rfc/rfc6749",
};

pub(crate) static RFC6750: Document = Document {
    name: "RFC 6750",
    title: "The OAuth 2.0 Authorization Framework: Bearer Token Usage",
    url: "https://www.rfc-editor.org/rfc/rfc6750",
};

pub(crate) static RFC7523: Document = Document {
    name: "RFC 7523",
    title: "JSON Web Token (JWT) Profile for OAuth 2.0 Client Authentication and Authorization Grants",
    url: "https://www.rfc-editor.org/rfc/rfc7523",
};

pub(crate) static RFC8725: Document = Document {
    name: "RFC 8725",
    title: "JSON Web Token Best Current Practices",
    url: "https://www.rfc-editor.org/rfc/rfc8725",
};

pub(crate) static RFC8414: Document = Document {
    name: "RFC 8414",
    title: "OAuth 2.0 Authorization Server Metadata",
    url: "https://www.rfc-editor.org/rfc/rfc8414",
};

pub(crate) static RFC9068: Document = Document {
    name: "RFC 9068",
    title: "JSON Web Token (JWT) Profile for OAuth 2.0 Access Tokens",
    url: "https://www.rfc-editor.org/rfc/rfc9068",
};

pub(crate) static RFC9700: Document = Document {
    name: "RFC 9700",
    title: "Best Current Practice for OAuth 2.0 Security",
    url: "https://www.rfc-editor.org/rfc/rfc9700",
};

pub(crate) static RFC9110: Document =
    Document { name: "RFC 9110", title: "HTTP Semantics", url: "https://www.rfc-editor.org/rfc/rfc9110" };

pub(crate) static OIDC_CORE: Document = Document {
    name: "OpenID Connect Core 1.0",
    title: "OpenID Connect Core 1.0",
    url: "https://openid.net/specs/openid-connect-core-1_0.html",
};

pub(crate) static RESPONSE_TYPES: Document = Document {
    name: "OAuth 2.0 Multiple Response Types",
    title: "OAuth 2.0 Multiple Response Type Encoding Practices",
    url: "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html",
};

pub(crate) static RFC7591: Document = Document {
    name: "RFC 7591",
    title: "OAuth 2.0 Dynamic Client Registration Protocol",
    url: "https://www.rfc-editor.org/rfc/rfc7591",
};

pub(crate) static FAPI2_SECURITY: Document = Document {
    name: "FAPI 2.0 Security Profile",
    title: "FAPI 2.0 Security Profile",
    url: "https://openid.net/specs/fapi-security-profile-2_0-final.html",
};
