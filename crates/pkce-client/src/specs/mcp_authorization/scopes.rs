//! Which scopes are asked for (MCP 2025-11-25, Scope Selection Strategy).

use crate::asked::judge_scopes;
use crate::specs::rfc6750_bearer::Challenge;

/// The most that are asked for. They come from a stranger.
const MOST: usize = 64;

/// Scopes, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scopes(Vec<String>);

impl Scopes {
    /// Those that a challenge names. What is no scope is left out.
    pub(super) fn of(challenge: &Challenge) -> Self {
        Self::from_words(challenge.parameter("scope").unwrap_or_default().split(' '))
    }

    pub(super) fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut scopes = Self::default();
        for word in words {
            let usable = word.len() <= 256 && judge_scopes(&[word.to_owned()]).is_ok();
            if usable && scopes.0.len() < MOST && !scopes.0.iter().any(|known| known == word) {
                scopes.0.push(word.to_owned());
            }
        }
        scopes
    }

    /// These and those.
    pub(super) fn and(&self, others: &Self) -> Self {
        Self::from_words(self.0.iter().chain(&others.0).map(String::as_str))
    }

    /// Whether all of `others` are among these, or could not be asked for any more.
    pub(super) fn have(&self, others: &Self) -> bool {
        self.and(others) == *self
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.0.clone()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_cannot_ask_for_ever_more() {
        let many: Vec<String> = (0..100).map(|n| format!("s{n}")).collect();
        let scopes = Scopes::from_words(many.iter().map(String::as_str));
        assert_eq!(scopes.words().len(), MOST);
        assert!(scopes.have(&Scopes::from_words(["another"])));
        assert_eq!(Scopes::from_words(["a", "", "a", "b\"", &"x".repeat(300)]).words(), ["a"]);
    }

    #[test]
    fn what_was_asked_for_before_is_asked_for_again() {
        let before = Scopes::from_words(["a", "b"]);
        let both = before.and(&Scopes::from_words(["b", "c"]));
        assert_eq!(both.words(), ["a", "b", "c"]);
        assert!(both.have(&before) && !before.have(&both) && before.have(&Scopes::default()));
    }
}
