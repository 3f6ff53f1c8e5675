//! What makes a finding the same one in another version of a tree.
//!
//! Lines move, functions move to other files, and the way to a sink changes with each caller: none of them
//! counts. What counts is the rule, the architecture, the function that holds the place, and the words of the
//! code there. Where a rule is about Kconfig as a whole, its file stands for the function, and no architecture
//! counts: others may join those of which it is true.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use source::ReadError;

use crate::{Finding, Place};

/// Longer code is known by its beginning.
const LONGEST_CODE: usize = 400;

/// A finding, without what changes from one version to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Id of the rule.
    pub rule: String,
    /// The architecture; empty where it is said of many at once.
    pub arch: String,
    /// The function that holds the place; of what stands in none, the file.
    pub within: String,
    /// The words of the code.
    pub code: String,
}

impl Identity {
    /// The identity of `finding`.
    pub fn of(finding: &Finding) -> Identity {
        let is_of_arch = !finding.path.is_empty() || finding.kconfig.is_some();
        let within = match finding.path.last() {
            Some(step) => &step.function,
            None => &finding.sink.file,
        };
        Identity {
            rule: finding.rule.clone(),
            arch: if is_of_arch {
                finding.arch.clone()
            } else {
                String::new()
            },
            within: within.clone(),
            code: finding.code.clone(),
        }
    }

    /// Sixteen hexadecimal digits for it; of several that are equal, `index` tells which.
    fn fingerprint(&self, index: usize) -> String {
        let index = index.to_string();
        digest(&[&self.rule, &self.arch, &self.within, &self.code, &index])
    }
}

/// Sixteen hexadecimal digits that stand for some words.
pub fn digest(words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word);
        hash.update([0]);
    }
    let mut digits = String::with_capacity(16);
    for byte in hash.finalize().iter().take(8) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// A fingerprint for each finding, all of them different: the same as long as its [`Identity`] is.
pub fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut met: BTreeMap<Identity, usize> = BTreeMap::new();
    let mut fingerprint = |finding: &Finding| {
        let identity = Identity::of(finding);
        let index = met.entry(identity.clone()).or_insert(0);
        *index += 1;
        identity.fingerprint(*index - 1)
    };
    findings.iter().map(&mut fingerprint).collect()
}

/// The words of the code at a place, with single blanks between them; nothing where it cannot be read.
pub(crate) fn code_at(text: Result<Arc<[u8]>, ReadError>, place: &Place) -> String {
    let Ok(text) = text else {
        return String::new();
    };
    let span = place.span.range();
    let code = text.get(span).unwrap_or_default();
    let code = &code[..code.len().min(LONGEST_CODE)];
    let words = code
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    String::from_utf8_lossy(&words.collect::<Vec<_>>().join(&b' ')).into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use text::Span;

    use super::*;
    use crate::{Severity, Step};

    pub(crate) fn finding(arch: &str, function: &str, code: &str) -> Finding {
        let step = Step {
            function: function.into(),
            place: Place::default(),
            entry: String::new(),
        };
        Finding {
            rule: "r".into(),
            arch: arch.into(),
            arches: vec![arch.into()],
            severity: Severity::Error,
            message: String::new(),
            help: String::new(),
            sink: Place::default(),
            code: code.into(),
            symbol: String::new(),
            instead: Vec::new(),
            path: vec![step],
            paths: None,
            kconfig: None,
            config: BTreeMap::new(),
            assumptions: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_place_that_moves_keeps_its_fingerprint_and_equal_ones_have_their_own() {
        let one = finding("x86", "f", "g(1)");
        let mut moved = one.clone();
        moved.sink.line = 77;
        moved.sink.file = "mm/other.c".into();
        let other = finding("arm", "f", "g(1)");
        let all = fingerprints(&[one.clone(), moved.clone(), other.clone()]);
        assert_eq!(all[0], fingerprints(&[moved])[0]);
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
        assert_eq!(all[2], fingerprints(&[other])[0]);
        assert_eq!(all[0].len(), 16);
    }

    #[test]
    fn of_what_is_said_of_many_architectures_the_first_does_not_count() {
        let mut one = finding("x86", "", "select A");
        one.path.clear();
        let mut other = one.clone();
        other.arch = "arm".into();
        assert_eq!(fingerprints(&[one]), fingerprints(&[other]));
    }

    #[test]
    fn code_is_its_words() {
        let text = || Ok(Arc::from(&b"x = f(a,\n\t  b);"[..]));
        let place = |start, end| Place {
            file: "a.c".into(),
            span: Span { start, end },
            ..Place::default()
        };
        assert_eq!(code_at(text(), &place(4, 14)), "f(a, b)");
        assert_eq!(code_at(text(), &place(4, 99)), "");
    }
}
