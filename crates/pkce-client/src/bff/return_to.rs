//! Where a browser goes after its login: within this application, and nowhere else.

use url::Url;

/// The longest path, in octets. It is kept in a cookie.
const MAX_LENGTH: usize = 1024;

/// The address of this path, with its query and fragment, if it is one of this origin. It is written out whole, so that a
/// browser has nothing to make of it.
pub(super) fn within(origin: &Url, path: &str) -> Option<Url> {
    let plain = |octet: u8| octet.is_ascii_graphic() && octet != b'\\';
    if path.len() > MAX_LENGTH || !path.starts_with('/') || path.starts_with("//") || !path.bytes().all(plain) {
        return None;
    }
    let url = origin.join(path).ok()?;
    (url.origin() == origin.origin() && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin() -> Url {
        Url::parse("https://app.example").expect("a URL")
    }

    #[test]
    fn paths_of_this_origin_are_taken() {
        for path in ["/", "/a/b?c=d&e=//x#f", "/?next=https://evil.example", "/a//b", "/a@b", "/%2F%2Fevil.example"] {
            let url = within(&origin(), path).expect(path);
            assert_eq!(url.as_str(), format!("https://app.example{path}"));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for path in [
            "",
            "a",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /",
            "https://evil.example/",
            "https:/evil.example",
            "javascript:alert(1)",
            "?x",
            "#x",
            "@evil.example",
            ".evil.example",
            "/é",
        ] {
            assert_eq!(within(&origin(), path), None, "{path:?}");
        }
        assert_eq!(within(&origin(), &format!("/{}", "x".repeat(MAX_LENGTH))), None);
    }

    proptest! {
        #[test]
        fn nobody_is_led_elsewhere(path in "[/\\\\.:@?#%a-f0-9 \t]{0,20}") {
            if let Some(url) = within(&origin(), &path) {
                prop_assert_eq!(url.host_str(), Some("app.example"));
                prop_assert!(url.as_str().starts_with("https://app.example/"));
            }
        }
    }
}
