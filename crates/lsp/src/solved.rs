//! What a solver has found in Kconfig files, which stays while only comments and help texts change.

use std::collections::BTreeMap;
use std::sync::Arc;

use ide::{Diagnosis, Kconfig};
use kconfig::Moved;
use kernel::MARK;
use source::Source;
use text::Span;

/// What was found, and in what.
pub(crate) struct Solved {
    kconfig: Arc<Kconfig>,
    /// Of which files it was asked, and what they held.
    texts: BTreeMap<Arc<str>, Arc<[u8]>>,
    /// What stands for how it was asked.
    asked: u128,
    told: Vec<Diagnosis>,
}

impl Solved {
    pub(crate) fn new(
        kconfig: &Arc<Kconfig>,
        (open, source): (&[Arc<str>], &dyn Source),
        (asked, told): (u128, &[Diagnosis]),
    ) -> Option<Solved> {
        let text = |path: &Arc<str>| Some((Arc::clone(path), source.read(path).ok()?));
        Some(Solved {
            kconfig: Arc::clone(kconfig),
            texts: open.iter().map(text).collect::<Option<_>>()?,
            asked,
            told: told.to_vec(),
        })
    }

    /// The same of what is there now, at the places where it is now; `None` where it has to be asked again.
    pub(crate) fn again(
        &self,
        kconfig: &Arc<Kconfig>,
        (open, source): (&[Arc<str>], &dyn Source),
        asked: u128,
    ) -> Option<Vec<Diagnosis>> {
        let is_known = |path: &Arc<str>| self.texts.contains_key(path);
        let is_same = open.len() == self.texts.len() && open.iter().all(is_known);
        if !is_same || self.asked != asked {
            return None;
        }
        let changed = if Arc::ptr_eq(kconfig, &self.kconfig) {
            Vec::new()
        } else {
            kconfig.only_moved(&self.kconfig)?
        };
        let mut told = self.told.clone();
        for path in changed {
            let (old, new) = (self.texts.get(&path)?, source.read(&path).ok()?);
            // A comment may accept what was found.
            let has_mark = |text: &[u8]| memchr::memmem::find(text, MARK.as_bytes()).is_some();
            if has_mark(old) || has_mark(&new) {
                return None;
            }
            let moved = Moved::new(old, &new)?;
            for one in &mut told {
                put(one, &path, &moved)?;
            }
        }
        Some(told)
    }
}

/// Puts a diagnosis where its places in a file have moved; `None` where one is not known.
fn put(one: &mut Diagnosis, path: &str, moved: &Moved) -> Option<()> {
    let place = |file: &str, span: &mut Span, line: u32| {
        if file == path {
            if line != 0 && span.start == span.end {
                return None;
            }
            *span = moved.span(*span)?;
        }
        Some(())
    };
    place(&one.file, &mut one.span, one.line)?;
    for related in &mut one.related {
        place(&related.file, &mut related.span, related.line)?;
    }
    let related = one.related.iter().map(|related| &related.text);
    let mut words = one
        .each
        .iter()
        .chain([&one.message, &one.help])
        .chain(related);
    // Words that name a line do not move.
    (!words.any(|words| words.contains(&format!("{path}:")))).then_some(())
}
