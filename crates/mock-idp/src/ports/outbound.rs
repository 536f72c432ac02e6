//! What the server asks of others: a client's keys, request objects, metadata, and the news it sends to clients.
//!
//! Who wrote a URL decides how far a request may go: see [`Reach`].

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode, Uri};

use super::store::BoxFuture;

/// Sends requests to other servers.
pub trait Outbound: Debug + Send + Sync {
    /// Sends a request with an absolute URI, and gives the whole answer, whatever its status below 300 or above 399.
    ///
    /// The request's extensions may hold a [`Reach`]; without one it is [`Reach::Outside`]. Redirects are not followed.
    /// The server's own implementation takes at most 5 seconds for everything and 64 KiB of body.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>>;
}

/// How far a request may go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// The URL came from outside: a client identifier, a registration, a parameter of a request. It leads to loopback,
    /// where tests live, or by https to a public address, and nowhere else: a stranger must not be able to look around
    /// in the server's network (RFC 7591 §5).
    #[default]
    Outside,
    /// Whoever runs the server wrote the URL. It may lead to private addresses as well, and need not be https.
    Configured,
}

/// Why a request was not sent, or not answered. No URL is quoted: it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The request was not sent.
    #[error("not asked: {0}")]
    Refused(Why),
    /// Nothing, or not everything, came in time.
    #[error("no whole answer came within 5 seconds")]
    TimedOut,
    /// The answer is too large.
    #[error("the answer has more than 64 KiB")]
    TooLarge,
    /// The answer leads elsewhere. It is not followed: the other place was not checked.
    #[error("the answer is a redirect ({0}), and redirects are not followed")]
    Redirected(StatusCode),
    /// The other end could not be reached, or hung up.
    #[error("the connection failed: {0}")]
    Io(io::ErrorKind),
    /// What came is not HTTP/1.1.
    #[error("the answer is not HTTP/1.1")]
    NotHttp,
    /// The other end is not who it should be, or there is no common ground for TLS.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// This program cannot ask by https.
    #[error("https needs the cargo feature `tls`, which this program was built without")]
    NoTls,
}

/// Why a request is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// There is no scheme or no host, or there are characters that no URL has.
    #[error("this is no absolute URL")]
    NotAUrl,
    /// The scheme is neither `http` nor `https`.
    #[error("the scheme is neither http nor https")]
    Scheme,
    /// The URL holds a name or a password (RFC 3986 §3.2.1).
    #[error("the URL holds a user's name")]
    UserInfo,
    /// The URL came from outside, is not `https`, and does not lead to loopback.
    #[error("without https only loopback is asked")]
    NotHttps,
    /// The address is none that is asked.
    #[error("{address} is {range}")]
    Address {
        /// The address, as written or as the name was resolved.
        address: IpAddr,
        /// What kind of address it is.
        range: Range,
    },
}

/// A kind of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Range {
    /// 127.0.0.0/8 and `::1`.
    #[error("the machine itself")]
    Loopback,
    /// What is left.
    #[error("a public address")]
    Public,
    /// RFC 1918, RFC 6598 (shared), RFC 4193 (unique local), and what carries such an address in IPv6.
    #[error("a private address")]
    Private,
    /// 169.254.0.0/16 and `fe80::/10`: among others, what clouds tell a machine about itself.
    #[error("a link-local address")]
    LinkLocal,
    /// 0.0.0.0/8 and `::`.
    #[error("an unspecified address")]
    Unspecified,
    /// 224.0.0.0/4, `ff00::/8`, and the reserved rest of IPv4 with its broadcast address.
    #[error("a multicast or reserved address")]
    Multicast,
}

/// Where a URL leads, once it has been allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// Whether by TLS.
    pub https: bool,
    /// The name or address, without the brackets of IPv6.
    pub host: String,
    /// The port; without one in the URL that of the scheme.
    pub port: u16,
}

/// Whether `url` may be asked. A name is not resolved here: [`Outbound::send`] judges what it resolves to.
///
/// # Errors
/// [`OutboundError::Refused`].
pub fn allowed(url: &str, reach: Reach) -> Result<Destination, OutboundError> {
    let uri = url.parse().map_err(|_| OutboundError::Refused(Why::NotAUrl))?;
    Destination::of(&uri, reach)
}

/// A GET request.
///
/// # Errors
/// [`OutboundError::Refused`] if `url` may not be asked.
pub fn get(url: &str, reach: Reach) -> Result<Request<Bytes>, OutboundError> {
    allowed(url, reach)?;
    let uri: Uri = url.parse().map_err(|_| OutboundError::Refused(Why::NotAUrl))?;
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    request.extensions_mut().insert(reach);
    Ok(request)
}

/// A POST request with a body of this media type.
///
/// # Errors
/// [`OutboundError::Refused`] if `url` may not be asked.
pub fn post(url: &str, reach: Reach, media_type: &'static str, body: Bytes) -> Result<Request<Bytes>, OutboundError> {
    let mut request = get(url, reach)?.map(|_| body);
    *request.method_mut() = http::Method::POST;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    Ok(request)
}

impl Destination {
    /// Where `uri` leads, if it may be asked.
    ///
    /// # Errors
    /// [`OutboundError::Refused`].
    pub fn of(uri: &Uri, reach: Reach) -> Result<Self, OutboundError> {
        let refused = |why| Err(OutboundError::Refused(why));
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return refused(Why::NotAUrl);
        };
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return refused(Why::Scheme),
        };
        if authority.as_str().contains('@') {
            return refused(Why::UserInfo);
        }
        let host = authority.host();
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let literal = match bracketed {
            Some(host) => Some(IpAddr::V6(host.parse().map_err(|_| OutboundError::Refused(Why::NotAUrl))?)),
            None => host.parse().ok(),
        };
        // What follows the host is a colon and a port, or nothing.
        let port = match authority.as_str()[host.len()..].strip_prefix(':') {
            None | Some("") => Some(if https { 443 } else { 80 }),
            Some(port) => port.parse().ok().filter(|port| *port != 0),
        };
        let Some(port) = port.filter(|_| !host.is_empty()) else { return refused(Why::NotAUrl) };
        if let Some(address) = literal {
            reach.permits(address, https)?;
        }
        Ok(Self { https, host: bracketed.unwrap_or(host).to_owned(), port })
    }
}

impl Reach {
    /// Whether this address may be asked.
    ///
    /// # Errors
    /// [`OutboundError::Refused`].
    pub fn permits(self, address: IpAddr, https: bool) -> Result<(), OutboundError> {
        let range = Range::of(address);
        match (range, self) {
            (Range::Loopback, _) | (Range::Public | Range::Private, Self::Configured) => Ok(()),
            (Range::Public, Self::Outside) if https => Ok(()),
            (Range::Public, Self::Outside) => Err(OutboundError::Refused(Why::NotHttps)),
            _ => Err(OutboundError::Refused(Why::Address { address, range })),
        }
    }
}

impl Range {
    /// What kind of address this is.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [0, ..] => Self::Unspecified,
            [127, ..] => Self::Loopback,
            [169, 254, ..] => Self::LinkLocal,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            // RFC 6598 §7, RFC 6890 §2.2.2 (protocol assignments) and RFC 2544 (benchmarks).
            [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] => Self::Private,
            [224..=255, ..] => Self::Multicast,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let carried = |high: u16, low: u16| match Self::of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        {
            Self::Public => Self::Public,
            _ => Self::Private,
        };
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            // RFC 4291 §2.5.5.2: the address itself is meant.
            [0, 0, 0, 0, 0, 0xffff, high, low] => Self::of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
            // RFC 4291 §2.5.5.1, RFC 6052 §2.1 and RFC 3056 §2: somebody on the way takes the inner address.
            [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                carried(high, low)
            }
            // RFC 8215 (local translation) and RFC 4380 (Teredo).
            [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..] => Self::Private,
            [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Self::Private,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xff00..=0xffff, ..] => Self::Multicast,
            _ => Self::Public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, reach: Reach) -> Option<Why> {
        match allowed(url, reach) {
            Ok(_) => None,
            Err(OutboundError::Refused(why)) => Some(why),
            Err(other) => panic!("{url}: {other}"),
        }
    }

    fn range(address: &str) -> Range {
        Range::of(address.parse().expect(address))
    }

    #[test]
    fn a_url_says_where_it_leads() {
        for (url, https, host, port) in [
            ("http://127.0.0.1:8080/jwks?x=y", false, "127.0.0.1", 8080),
            ("http://localhost", false, "localhost", 80),
            ("https://client.example/", true, "client.example", 443),
            ("https://client.example:/", true, "client.example", 443),
            ("HTTPS://[::1]:8443/a", true, "::1", 8443),
        ] {
            let found = allowed(url, Reach::Outside).expect(url);
            assert_eq!((found.https, found.host.as_str(), found.port), (https, host, port), "{url}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_not_asked() {
        for (url, why) in [
            ("", Why::NotAUrl),
            ("/jwks", Why::NotAUrl),
            ("client.example", Why::NotAUrl),
            ("https:///jwks", Why::NotAUrl),
            ("https://a b/", Why::NotAUrl),
            ("https://b\u{fc}cher.example/", Why::NotAUrl),
            ("https://a.example:0/", Why::NotAUrl),
            ("https://a.example:65536/", Why::NotAUrl),
            ("https://[::1/", Why::NotAUrl),
            ("https://[x]/", Why::NotAUrl),
            ("https://:443/", Why::NotAUrl),
            ("file:///etc/passwd", Why::NotAUrl),
            ("ftp://a.example/", Why::Scheme),
            ("gopher://127.0.0.1:25/", Why::Scheme),
            ("https://alice@a.example/", Why::UserInfo),
            ("https://alice:pw@127.0.0.1/", Why::UserInfo),
        ] {
            for reach in [Reach::Outside, Reach::Configured] {
                assert_eq!(refused(url, reach), Some(why), "{url}");
            }
        }
    }

    #[test]
    fn ranges_are_told_apart() {
        for (addresses, expected) in [
            (&["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"][..], Range::Loopback),
            (&["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"], Range::Private),
            (&["192.0.0.8", "198.19.0.1", "fc00::1", "fdff::1", "fec0::1", "::ffff:10.0.0.1"], Range::Private),
            (&["64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1"], Range::Private),
            (&["2002:7f00:1::1", "2001::1", "::127.0.0.1"], Range::Private),
            (&["169.254.169.254", "fe80::1", "febf::1", "::ffff:169.254.0.1"], Range::LinkLocal),
            (&["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"], Range::Unspecified),
            (&["224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "ff02::1"], Range::Multicast),
            (&["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.1.1"], Range::Public),
            (&["2606:4700::1111", "2001:1::1", "64:ff9b::1.1.1.1", "2002:101:101::1"], Range::Public),
        ] {
            for address in addresses {
                assert_eq!(range(address), expected, "{address}");
            }
        }
    }

    #[test]
    fn a_stranger_leads_the_server_to_loopback_or_by_https_to_the_public() {
        for url in ["http://127.0.0.1/", "https://[::1]/", "https://1.1.1.1/", "https://client.example/"] {
            assert_eq!(refused(url, Reach::Outside), None, "{url}");
        }
        assert_eq!(refused("http://1.1.1.1/", Reach::Outside), Some(Why::NotHttps));
        for url in ["https://10.0.0.1/", "http://192.168.0.1/", "https://[fd00::1]/", "https://[::ffff:10.0.0.1]/"] {
            let why = refused(url, Reach::Outside);
            assert!(matches!(why, Some(Why::Address { range: Range::Private, .. })), "{url}: {why:?}");
        }
    }

    #[test]
    fn whoever_runs_the_server_may_name_private_addresses_too() {
        for url in ["http://10.0.0.1/", "http://1.1.1.1/", "https://[fd00::1]/", "http://jwks.internal/"] {
            assert_eq!(refused(url, Reach::Configured), None, "{url}");
        }
    }

    #[test]
    fn nobody_leads_the_server_to_what_is_no_host() {
        for reach in [Reach::Outside, Reach::Configured] {
            for (url, expected) in [
                ("http://169.254.169.254/latest/meta-data", Range::LinkLocal),
                ("https://[fe80::1]/", Range::LinkLocal),
                ("http://0.0.0.0:8080/", Range::Unspecified),
                ("https://[::]/", Range::Unspecified),
                ("https://224.0.0.1/", Range::Multicast),
                ("https://255.255.255.255/", Range::Multicast),
            ] {
                let why = refused(url, reach);
                assert!(matches!(why, Some(Why::Address { range, .. }) if range == expected), "{url}: {why:?}");
            }
        }
    }

    #[test]
    fn a_request_carries_how_far_it_may_go() {
        let request = post("https://client.example/bye?a=b", Reach::Configured, "text/plain", Bytes::from("x"));
        let request = request.expect("a request");
        assert_eq!(request.extensions().get(), Some(&Reach::Configured));
        assert_eq!((request.method().as_str(), request.uri().query()), ("POST", Some("a=b")));
        assert_eq!(request.headers()[CONTENT_TYPE], "text/plain");
        assert!(get("http://10.0.0.1/", Reach::Outside).is_err());
    }

    #[test]
    fn an_error_says_what_and_not_where() {
        for (url, says) in [
            ("https://alice:canary@a.example/", "not asked: the URL holds a user's name"),
            ("https://10.0.0.1/canary", "not asked: 10.0.0.1 is a private address"),
            ("http://1.1.1.1/canary", "not asked: without https only loopback is asked"),
        ] {
            let error = allowed(url, Reach::Outside).expect_err(url);
            assert_eq!(error.to_string(), says);
            assert!(!format!("{error:?}").contains("canary"));
        }
    }
}
