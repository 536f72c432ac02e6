//! Dates in headers, by the tenant's clock.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;
use httpdate::fmt_http_date;

/// 9999-12-31T23:59:59Z, the last second that can be written down (RFC 9110 §5.6.7).
const LAST: u64 = 253_402_300_799;

/// A time in seconds since 1970-01-01T00:00:00Z, as an HTTP date. What cannot be written down is the last date that can.
pub(crate) fn text(seconds: u64) -> String {
    fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.min(LAST)))
}

/// The same, as the value of a header.
pub(crate) fn value(seconds: u64) -> HeaderValue {
    HeaderValue::try_from(text(seconds)).unwrap_or_else(|_| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_a_date() {
        assert_eq!(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(text(1_445_412_480), "Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(value(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
