//! The check of transports: the bundled one passes, and one that breaks a rule is told which.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use pkce_client::http_conformance::{Nonconformity, Rule, check, check_with_patience};
use pkce_client::{BoxFuture, HttpClient, HttpRequest, ReqwestTransport, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

type Answer = Result<http::Response<Vec<u8>>, TransportError>;

/// How long what does not end in its time is waited for, where that is expected. For others it would be too short on a
/// busy machine.
const IMPATIENT: Duration = Duration::from_millis(300);

/// The names of the rules that a transport breaks.
async fn broken(transport: &dyn HttpClient) -> BTreeSet<String> {
    names(check(transport).await)
}

fn names(outcome: Result<(), Nonconformity>) -> BTreeSet<String> {
    match outcome {
        Ok(()) => BTreeSet::new(),
        Err(Nonconformity::Broken(breaches)) => {
            assert!(!breaches.is_empty());
            breaches.iter().map(|breach| format!("{:?}", breach.rule)).collect()
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn only(rule: Rule) -> BTreeSet<String> {
    BTreeSet::from([format!("{rule:?}")])
}

fn sound() -> ReqwestTransport {
    ReqwestTransport::builder().build().expect("a transport")
}

/// The bundled transport, with other requests and other answers.
struct Changed {
    sound: ReqwestTransport,
    request: fn(&mut HttpRequest),
    answer: fn(Answer) -> Answer,
}

impl HttpClient for Changed {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            (self.request)(&mut request);
            (self.answer)(self.sound.send(request).await)
        })
    }
}

async fn with_request(request: fn(&mut HttpRequest)) -> BTreeSet<String> {
    broken(&Changed { sound: sound(), request, answer: |answer| answer }).await
}

async fn with_answer(answer: fn(Answer) -> Answer) -> BTreeSet<String> {
    broken(&Changed { sound: sound(), request: |_| (), answer }).await
}

#[tokio::test]
async fn the_bundled_transport_keeps_every_rule() {
    check(&sound()).await.expect("a transport without a fault");
}

#[tokio::test]
async fn what_is_changed_on_the_way_is_noticed() {
    let faithful = only(Rule::Faithful);
    assert_eq!(with_request(|request| *request.request.method_mut() = http::Method::PUT).await, faithful);
    assert_eq!(with_request(|request| drop(request.request.headers_mut().remove("dpop"))).await, faithful);
    assert_eq!(with_request(|request| request.request.body_mut().truncate(3)).await, faithful);
    let failing = |answer: Answer| match answer {
        Ok(answer) if answer.status().is_client_error() => Err(TransportError::connection("a status")),
        other => other,
    };
    assert_eq!(with_answer(failing).await, faithful);
    let headless = |answer: Answer| {
        answer.map(|mut answer| {
            answer.headers_mut().clear();
            answer
        })
    };
    assert_eq!(with_answer(headless).await, faithful);
}

#[tokio::test]
async fn a_limit_that_is_not_kept_is_noticed() {
    assert_eq!(with_request(|request| request.max_body = usize::MAX).await, only(Rule::BodyLimit));
    assert_eq!(with_request(|request| request.max_body -= 1).await, only(Rule::BodyLimit));
    let slow = |request: &mut HttpRequest| request.timeout += Duration::from_secs(60);
    let slow = Changed { sound: sound(), request: slow, answer: |answer| answer };
    assert_eq!(names(check_with_patience(&slow, IMPATIENT).await), only(Rule::TimeLimit));
    let vague = |answer: Answer| answer.map_err(|_| TransportError::connection("something"));
    assert_eq!(with_answer(vague).await, &only(Rule::BodyLimit) | &only(Rule::TimeLimit));
    let unpacking = |answer: Answer| {
        answer.map(|answer| match answer.headers().contains_key("content-encoding") {
            true => answer.map(|body| vec![0; body.len() * 150]),
            false => answer,
        })
    };
    assert_eq!(with_answer(unpacking).await, only(Rule::UnpackedLimit));
}

/// Sends a request again that came to nothing.
struct Stubborn(ReqwestTransport);

impl HttpClient for Stubborn {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Answer> {
        let HttpRequest { endpoint, timeout, max_body, ref request } = request;
        let again = || HttpRequest { endpoint, timeout, max_body, request: request.clone() };
        let (first, second) = (again(), again());
        Box::pin(async move {
            match self.0.send(first).await {
                Err(TransportError::Connection(_)) => self.0.send(second).await,
                other => other,
            }
        })
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_noticed() {
    assert_eq!(broken(&Stubborn(sound())).await, only(Rule::SentOnce));
}

/// What most people would take first.
struct Plain(reqwest::Client);

impl HttpClient for Plain {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let failed = |error: reqwest::Error| TransportError::connection(error);
            let request = reqwest::Request::try_from(request.request).map_err(failed)?;
            let answer = self.0.execute(request).await.map_err(failed)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = http::Response::new(answer.bytes().await.map_err(failed)?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

#[tokio::test]
async fn a_client_that_was_not_told_otherwise_is_no_transport() {
    let expected = [Rule::NoRedirects, Rule::BodyLimit, Rule::UnpackedLimit, Rule::TimeLimit];
    let broken = names(check_with_patience(&Plain(reqwest::Client::new()), IMPATIENT).await);
    let expected: BTreeSet<String> = expected.iter().map(|rule| format!("{rule:?}")).collect();
    assert!(broken.is_subset(&expected) && broken.contains("NoRedirects"), "{broken:?}");
    assert!(broken.contains("BodyLimit") && broken.contains("TimeLimit"), "{broken:?}");
}

/// Sends back what it is given.
struct Jar(ReqwestTransport, Mutex<Option<http::HeaderValue>>);

impl HttpClient for Jar {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let kept = self.1.lock().expect("a jar").clone();
            if let Some(cookie) = kept.filter(|_| request.request.method() == http::Method::GET) {
                request.request.headers_mut().insert("cookie", cookie);
            }
            let answer = self.0.send(request).await?;
            if let Some(cookie) = answer.headers().get("set-cookie") {
                *self.1.lock().expect("a jar") = Some(cookie.clone());
            }
            Ok(answer)
        })
    }
}

#[tokio::test]
async fn a_cookie_that_is_kept_is_noticed() {
    assert_eq!(broken(&Jar(sound(), Mutex::default())).await, only(Rule::NoCookies));
}

/// Reads whatever comes until nothing more comes, and looks at it then.
struct Naive;

impl HttpClient for Naive {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let (uri, head) = (request.request.uri().clone(), request.request.headers());
            let mut text = format!("{} {uri} HTTP/1.1\r\n", request.request.method());
            for (name, value) in head {
                text += &format!("{name}: {}\r\n", value.to_str().expect("ASCII"));
            }
            text += &format!("content-length: {}\r\n\r\n", request.request.body().len());
            let failed = |error: std::io::Error| TransportError::connection(error);
            let authority = uri.authority().expect("a host").as_str();
            let mut stream = tokio::net::TcpStream::connect(authority).await.map_err(failed)?;
            stream.write_all(text.as_bytes()).await.map_err(failed)?;
            stream.write_all(request.request.body()).await.map_err(failed)?;
            stream.shutdown().await.map_err(failed)?;
            let mut octets = Vec::new();
            stream.read_to_end(&mut octets).await.map_err(failed)?;
            let end = octets.windows(4).position(|window| window == b"\r\n\r\n").map_or(octets.len(), |at| at + 4);
            Ok(http::Response::new(octets.split_off(end)))
        })
    }
}

#[tokio::test]
async fn a_transport_that_knows_no_http_breaks_most_rules() {
    let error = check_with_patience(&Naive, IMPATIENT).await.expect_err("a failure");
    let Nonconformity::Broken(breaches) = &error else { panic!("{error:?}") };
    for rule in [Rule::Faithful, Rule::BodyLimit, Rule::HeadLimit, Rule::TimeLimit, Rule::Complete] {
        assert!(breaches.iter().any(|breach| breach.rule == rule), "{rule}: {breaches:?}");
    }
    assert!(error.to_string().contains("headers are read up to some limit"), "{error}");
}
