//! The browser of a program: a script that says what it is to open, and a harness that opens it.

use std::io;
use std::path::{Path, PathBuf};

use http::header::CONTENT_TYPE;

use super::{LONGEST, PATIENCE};
use crate::client::Page;
use crate::dice::fresh;

/// A folder for the browser and the pipes, which is gone with the client.
pub(super) struct Folder(pub(super) PathBuf);

/// The variable with the pipe that the browser writes to.
pub(super) const OPENED: &str = "OAUTH_ATTACKS_OPENED";

impl Folder {
    pub(super) fn new() -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Self(std::env::temp_dir().join(format!("oauth-attacks-{}", fresh())));
        std::fs::create_dir(&folder.0)?;
        let only_mine = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
        only_mine(&folder.0)?;
        let script = format!("#!/bin/sh\nfor address do :; done\nprintf '%s\\0' \"$address\" > \"${OPENED}\"\n");
        std::fs::write(folder.browser(), script)?;
        only_mine(&folder.browser())?;
        Ok(folder)
    }

    pub(super) fn browser(&self) -> PathBuf {
        self.0.join("browser")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is in the folder for temporary files: what is left there is swept some day.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How the fields of a form are written.
const FORM: &str = "application/x-www-form-urlencoded";
/// How many redirects a program may lead a browser through to its own page.
const MOST_REDIRECTS: usize = 5;

/// Brings a browser back to the program, and on to the page that it shows in the end, if the program leads to one of its
/// own. Where it asked for a form (OAuth 2.0 Form Post Response Mode section 2), the browser posts the parameters. `None` if
/// nobody listens there.
pub(super) async fn visit(address: &str, posts: bool) -> Option<Page> {
    let at_home = reqwest::redirect::Policy::custom(|step| {
        let home = step.previous().first().map(reqwest::Url::origin);
        match home == Some(step.url().origin()) && step.previous().len() <= MOST_REDIRECTS {
            true => step.follow(),
            false => step.stop(),
        }
    });
    let http = reqwest::Client::builder().redirect(at_home).referer(false).no_proxy().timeout(PATIENCE);
    let http = http.tls_certs_only([]).build().ok()?;
    let request = match address.split_once('?').filter(|_| posts && !address.contains('#')) {
        Some((action, fields)) => http.post(action).header(CONTENT_TYPE, FORM).body(fields.to_owned()),
        None => http.get(address),
    };
    let mut response = request.send().await.ok()?;
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let (status, headers) = (response.status().as_u16(), headers.collect());
    let mut octets = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        octets.extend_from_slice(&chunk);
        if octets.len() > LONGEST {
            break;
        }
    }
    Some(Page { status, headers, body: String::from_utf8_lossy(&octets).into_owned(), ..Page::default() })
}
