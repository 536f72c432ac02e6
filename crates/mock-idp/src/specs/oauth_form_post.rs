//! OAuth 2.0 Form Post Response Mode: the browser submits the authorization response to the client.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oauth_types::ResponseMode;
use sha2::{Digest, Sha256};

use crate::escape::html;
use crate::refusal::Document;
use crate::reply::{AuthorizationResponse, Delivery, Page};
use crate::spec::Spec;

#[derive(Debug)]
pub(crate) struct FormPost;

/// Submits the form as soon as the page is there. Without scripts, the button does it.
const SCRIPT: &str = "document.forms[0].submit()";

impl Spec for FormPost {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn optional(&self) -> bool {
        true
    }

    fn response_modes(&self) -> &'static [ResponseMode] {
        &[ResponseMode::FormPost]
    }

    /// "The action attribute of the form MUST be the Client's Redirection URI. The method of the form attribute MUST
    /// be POST" (§2).
    fn deliver(&self, response: &AuthorizationResponse) -> Option<Delivery> {
        if response.mode != ResponseMode::FormPost {
            return None;
        }
        let inputs: String = response
            .params
            .iter()
            .map(|(name, value)| {
                format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", html(name), html(value))
            })
            .collect();
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Submit this form</title></head>\n\
             <body>\n<form method=\"post\" action=\"{}\">\n{inputs}\
             <noscript><button type=\"submit\">Continue</button></noscript>\n</form>\n\
             <script>{SCRIPT}</script>\n</body>\n</html>\n",
            html(&response.redirect_uri)
        );
        let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
        let policy =
            format!("default-src 'none'; script-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'");
        Some(Delivery { location: None, page: Some(Page { html: page, policy }) })
    }
}

static DOCUMENT: Document = Document {
    name: "OAuth 2.0 Form Post Response Mode",
    title: "OAuth 2.0 Form Post Response Mode",
    url: "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html",
};
