//! Whether it matters to anything that a Kconfig symbol is on: in Kconfig, in code, in makefiles.

use condition::{Answer as Solved, Condition, Level};
use csource::{File, TokenKind, whole_words};
use text::{Name, Span};

use crate::{Analysis, Fact, Place};

/// Whether a symbol has any influence on an architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Influence {
    /// It has, here for example.
    Has(Fact),
    /// In no configuration it has; so many uses were looked at.
    None(usize),
    /// Not found out.
    Unknown(String),
}

impl<'t> Analysis<'t> {
    /// Whether `symbol`, once it is on, decides anything: a line of Kconfig, a line of code that is
    /// compiled or not, a makefile. A use counts where some configuration has it.
    pub fn influence(&mut self, symbol: &str) -> Influence {
        let canonical = self.store.set_canonical(false);
        let answer = self.influence_of(Name::new(symbol));
        self.store.set_canonical(canonical);
        answer
    }

    /// Whether a `select` takes effect in some configuration; `None` where that was not found out.
    pub fn can_select(&mut self, select: &kconfig::Select) -> Option<bool> {
        let by = self.store.enabled(&select.by);
        let (on, _) = self
            .constraints
            .value_of(&mut self.store, &select.condition);
        self.can_hold(&[by, on])
    }

    /// The selects of `symbol` that can take effect, and whether it is on in every configuration.
    pub fn selecting(&mut self, symbol: &str) -> (Vec<&'t kconfig::Select>, bool) {
        let model: &'t kconfig::Model = self.model;
        let mut selects = model.selectors(Name::new(symbol));
        selects.retain(|select| !select.weak && self.can_select(select) != Some(false));
        let on = self.store.enabled(symbol);
        let always = !selects.is_empty() && self.can_hold(&[!on]) == Some(false);
        (selects, always)
    }

    fn influence_of(&mut self, symbol: Name) -> Influence {
        let on = self.store.symbol(&symbol, Level::Yes);
        let mut seen = Seen {
            symbol,
            on,
            uses: 0,
            undecided: false,
        };
        let found = self
            .in_kconfig(&mut seen)
            .or_else(|| self.in_code(&mut seen))
            .or_else(|| self.in_makefiles(symbol));
        match found {
            Some(fact) => Influence::Has(fact),
            None if seen.undecided => Influence::Unknown(format!(
                "the solver was given up after {} steps",
                self.limits.solver_steps
            )),
            None => Influence::None(seen.uses),
        }
    }

    fn in_kconfig(&mut self, seen: &mut Seen) -> Option<Fact> {
        for used in self.model.uses(seen.symbol) {
            seen.uses += 1;
            let (needed, _) = self.constraints.value_of(&mut self.store, &used.term);
            if self.decides(seen, Condition::TRUE, needed) {
                let place = Place {
                    file: Name::new(&used.place.file),
                    span: used.place.span,
                };
                return Some(Fact::new(format!("{} asks about it", used.by), Some(place)));
            }
        }
        None
    }

    /// Whether in some configuration with the symbol, where `around` holds, `asked` would be another
    /// without it.
    fn decides(&mut self, seen: &mut Seen, around: Condition, asked: Condition) -> bool {
        let with = self.at_level(asked, seen.symbol, Some(Level::Yes));
        let without = self.at_level(asked, seen.symbol, None);
        let same = self.store.iff(with, without);
        match self.solve(&[seen.on, around, !same]) {
            Solved::Sat(_) => true,
            Solved::Unsat(_) => false,
            Solved::Unknown(_) => {
                seen.undecided = true;
                false
            }
        }
    }

    fn in_code(&mut self, seen: &mut Seen) -> Option<Fact> {
        let word = Name::new(&format!("CONFIG_{}", seen.symbol));
        let index = self.tree.words(&kernel::Silent);
        let paths: Vec<Name> = index
            .files(&word)
            .filter(|path| self.is_of_arch(path))
            .map(Name::new)
            .collect();
        for path in paths {
            let Some(file) = self.read_file(path) else {
                continue;
            };
            for at in occurrences(&file, &word) {
                seen.uses += 1;
                if self.matters(seen, path, at) {
                    let place = Place {
                        file: path,
                        span: at.span,
                    };
                    return Some(Fact::new("code asks about it", Some(place)));
                }
            }
        }
        None
    }

    /// Whether a mention in code makes a difference somewhere.
    fn matters(&mut self, seen: &mut Seen, path: Name, at: Occurrence) -> bool {
        if path.ends_with(".S") {
            // What stands around it in assembler is not read.
            let built = self.built(path);
            return self.can_hold(&[seen.on, built]) != Some(false);
        }
        let Some((unit, visit)) = self.place_of(path) else {
            return false;
        };
        let built = self.built(path);
        let line = self.line_condition(unit, visit, at.span.start);
        let around = self.store.and(built, line);
        match at.behind {
            Some(behind) => {
                let inside = self.line_condition(unit, visit, behind);
                self.decides(seen, around, inside)
            }
            None => self.can_hold(&[seen.on, around]) != Some(false),
        }
    }

    /// A makefile of the kernel that names the symbol; when it is read is not asked.
    fn in_makefiles(&mut self, symbol: Name) -> Option<Fact> {
        let word = format!("CONFIG_{symbol}");
        let is_makefile = |path: &String| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_kbuild = name == "Kbuild" || name.starts_with("Kbuild.");
            kernel::is_indexed(path) && (is_kbuild || name.starts_with("Makefile"))
        };
        let source = self.tree.source();
        let paths = source.files_named(&["Kbuild", "Makefile"]);
        for path in paths.into_iter().filter(is_makefile) {
            let Ok(text) = source.read(&path) else {
                continue;
            };
            if let Some(span) = whole_words(&text, &word)
                .next()
                .filter(|_| self.is_of_arch(&path))
            {
                let file = Name::new(&path);
                return Some(Fact::new(
                    "a makefile asks about it",
                    Some(Place { file, span }),
                ));
            }
        }
        None
    }
}

struct Seen {
    symbol: Name,
    /// The symbol is on.
    on: Condition,
    /// Uses that were looked at.
    uses: usize,
    /// The solver was given up on one.
    undecided: bool,
}

/// A mention of a symbol in code.
#[derive(Clone, Copy, Debug)]
struct Occurrence {
    span: Span,
    /// For one in a conditional directive, the first byte behind its line.
    behind: Option<u32>,
}

fn occurrences(file: &File, word: &str) -> Vec<Occurrence> {
    let (text, tokens) = file.tokens_for(Name::new(word));
    let mut found = Vec::new();
    for token in tokens {
        let own = token.span.of(text);
        let span = match token.kind {
            TokenKind::Ident if own == word.as_bytes() => token.span,
            TokenKind::Directive => match whole_words(own, word).next() {
                Some(inner) => inner.moved(token.span.start),
                None => continue,
            },
            _ => continue,
        };
        let is_directive = token.kind == TokenKind::Directive;
        let behind = (is_directive && is_conditional(own)).then_some(token.span.end + 1);
        found.push(Occurrence { span, behind });
    }
    found
}

/// `#if`, `#ifdef`, `#ifndef`, `#elif`.
fn is_conditional(directive: &[u8]) -> bool {
    let hash = directive.iter().position(|byte| *byte == b'#');
    let rest = hash.map_or(directive, |at| &directive[at + 1..]);
    let word = rest.trim_ascii_start();
    word.starts_with(b"if") || word.starts_with(b"elif")
}
