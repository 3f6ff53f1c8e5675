//! What a mail's subject says of its place in a series: `[PATCH v3 2/7] mm: one more`.

/// A subject, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// All of it.
    pub text: String,
    /// What it is about, without prefixes.
    pub title: String,
    /// Whether it answers another mail (`Re:`).
    pub is_reply: bool,
    /// Which version of the series, from 1.
    pub version: u32,
    /// Which patch of how many; 0 is the cover letter.
    pub number: Option<(u32, u32)>,
}

impl Default for Subject {
    /// That of a mail which has none.
    fn default() -> Subject {
        Subject::parse("")
    }
}

impl Subject {
    /// Takes a subject apart, whose lines are joined.
    pub fn parse(text: &str) -> Subject {
        let mut rest = text.trim();
        let mut subject = Subject {
            text: rest.to_owned(),
            title: String::new(),
            is_reply: false,
            version: 1,
            number: None,
        };
        loop {
            if let Some(after) = reply(rest) {
                subject.is_reply = true;
                rest = after;
            } else if let Some((tags, after)) = bracketed(rest) {
                for word in tags.split([' ', '\t', ',']) {
                    subject.add(word);
                }
                rest = after;
            } else {
                break;
            }
        }
        rest.clone_into(&mut subject.title);
        subject
    }

    /// Notes what a word between brackets says: `v3`, `2/7`, `PATCHv3`.
    fn add(&mut self, word: &str) {
        let lower = word.to_ascii_lowercase();
        let word = lower.strip_prefix("patch").unwrap_or(&lower);
        if let Some((number, total)) = word.split_once('/') {
            if let (Ok(number), Ok(total)) = (number.parse(), total.parse())
                && number <= total
            {
                self.number = Some((number, total));
            }
        } else if let Some(version) = word.strip_prefix('v')
            && let Ok(version) = version.parse()
        {
            self.version = version;
        }
    }
}

/// What follows `Re:` and the like.
fn reply(text: &str) -> Option<&str> {
    let (word, rest) = text.split_once(':')?;
    let is_reply = ["re", "aw", "fwd", "fw"].contains(&word.to_ascii_lowercase().as_str());
    is_reply.then(|| rest.trim_start())
}

fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (tags, rest) = text.strip_prefix('[')?.split_once(']')?;
    Some((tags, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_tells_version_number_and_title() {
        let cases = [
            ("[PATCH v3 2/7] mm: a", (false, 3, Some((2, 7)), "mm: a")),
            (
                "[RFC PATCH net-next 00/12] b",
                (false, 1, Some((0, 12)), "b"),
            ),
            (
                "Re: [PATCHv2 1/1] [foo] c: d",
                (true, 2, Some((1, 1)), "c: d"),
            ),
            ("[PATCH V4,2/3] e", (false, 4, Some((2, 3)), "e")),
            (
                "mm: no brackets [at all]",
                (false, 1, None, "mm: no brackets [at all]"),
            ),
            ("[PATCH 9/7] f", (false, 1, None, "f")),
            ("RE: FW: g", (true, 1, None, "g")),
            ("[PATCH", (false, 1, None, "[PATCH")),
            ("", (false, 1, None, "")),
        ];
        for (text, (is_reply, version, number, title)) in cases {
            let expected = Subject {
                text: text.into(),
                title: title.into(),
                is_reply,
                version,
                number,
            };
            assert_eq!(Subject::parse(text), expected, "{text}");
        }
    }
}
