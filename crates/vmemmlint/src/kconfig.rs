//! `vmemmlint kconfig …`: questions about Kconfig.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::process::ExitCode;

use ::kconfig::{Fact, Fragment, Library, Model, Needed, Place, Standing, Toolchain, Wish};
use kernel::{Architecture, Tree};
use rayon::prelude::*;
use report::kconfig::{self as answer, Asked, FragmentAnswer, Line, SymbolAnswer};
use text::Name;

use crate::arguments::{About, Format, Kconfig};
use crate::{Failure, exit, one_line, print, terminal, tree};

/// A tree, and what is asked of it.
struct Question<'a> {
    about: &'a About,
    tree: Tree,
    arches: Vec<Architecture>,
    toolchain: Toolchain,
    library: Library,
}

/// What stands above the questions to a toolchain.
const TOOLCHAIN_HEAD: &str = "\
# What Kconfig asks the toolchain. Take the # away before a line and write the answer behind the =, as the
# command would print it: y or n of a test, a number of a version. What is left out stays open.
";

pub(crate) fn run(kconfig: &Kconfig) -> Result<ExitCode, Failure> {
    match kconfig {
        Kconfig::Why { symbol, about } => Question::new(about)?.symbol(symbol, true),
        Kconfig::Arches { symbol, about } => Question::new(about)?.symbol(symbol, false),
        Kconfig::Config { with, about } => Question::new(about)?.config(with),
        Kconfig::Graph {
            symbol,
            depth,
            about,
        } => Question::new(about)?.graph(symbol, usize::from(*depth)),
        Kconfig::Undefined { about } => Question::new(about)?.undefined(),
        Kconfig::Toolchain { about } => Question::new(about)?.toolchain(),
    }
}

/// A symbol's name as Kconfig has it.
fn name(symbol: &str) -> Name {
    symbol.strip_prefix("CONFIG_").unwrap_or(symbol).into()
}

impl<'a> Question<'a> {
    fn new(about: &'a About) -> Result<Question<'a>, Failure> {
        let (tree, arches) = tree::kernel(&about.subject)?;
        let scope = &about.subject.scope;
        Ok(Question {
            about,
            arches,
            toolchain: tree::toolchain(scope.toolchain.as_deref())?,
            tree,
            library: Library::new(),
        })
    }

    /// The architecture that is asked where only one can be.
    fn only(&self) -> Result<Architecture, Failure> {
        match (self.about.subject.scope.arch.len(), self.arches.as_slice()) {
            (1, [only]) => Ok(*only),
            _ => Err("this question is for one architecture: name it with --arch".to_owned()),
        }
    }

    fn model(&self, arch: Architecture) -> Model {
        let mut environment = arch.environment(&self.tree);
        environment.set_toolchain(self.toolchain.clone());
        ::kconfig::elaborate(&self.library, self.tree.source(), &environment)
    }

    /// Asks all architectures, and says what could not be read.
    fn ask_all<T: Send>(
        &self,
        ask: impl Fn(Architecture, Model) -> T + Sync,
    ) -> (Vec<T>, BTreeSet<String>) {
        let answers: Vec<_> = self
            .arches
            .par_iter()
            .map(|arch| {
                let model = self.model(*arch);
                let problems: Vec<String> = problems(&model).collect();
                (ask(*arch, model), problems)
            })
            .collect();
        let (answers, problems): (Vec<T>, Vec<_>) = answers.into_iter().unzip();
        (answers, problems.into_iter().flatten().collect())
    }

    /// The tree as reports name it.
    fn asked<'q>(&'q self, path: &'q str) -> Asked<'q> {
        Asked {
            tree: path,
            kernel_version: self.tree.version(),
        }
    }

    fn path(&self) -> String {
        self.about.subject.name()
    }

    fn symbol(&self, symbol: &str, why: bool) -> Result<ExitCode, Failure> {
        let symbol = name(symbol);
        let (answers, problems) =
            self.ask_all(|arch, model| symbol_answer(arch.name, &model, symbol, why));
        let is_nowhere = |answer: &SymbolAnswer| answer.standing == Standing::Undefined;
        if answers.iter().all(is_nowhere) {
            done(&problems, 0);
            let symbol = one_line(&symbol);
            return Err(format!("none of these architectures defines {symbol}"));
        }
        let unknown = answers.iter().any(|a| a.standing == Standing::Unknown);
        let path = self.path();
        let look = terminal::look(self.about.subject.scope.color);
        print(&match (self.about.format, why) {
            (Format::Json, _) => answer::symbol_json(&self.asked(&path), &symbol, &answers),
            (Format::Human, true) => answer::why(&symbol, &answers, &look),
            (Format::Human, false) => answer::arches(&symbol, &answers, &look),
        })?;
        Ok(done(&problems, if unknown { exit::UNKNOWN } else { 0 }))
    }

    fn config(&self, with: &[String]) -> Result<ExitCode, Failure> {
        let arch = self.only()?;
        let model = self.model(arch);
        let wishes: Vec<Wish> = with
            .iter()
            .flat_map(|words| split(&model, words))
            .map(|word| wish(&model, arch, word))
            .collect::<Result<_, _>>()?;
        let (found, code) = match model.questions().fragment(&wishes) {
            Fragment::Set(needed) => (granted(&model, needed), 0),
            Fragment::Impossible(wishes, facts) => {
                let wishes = wishes.iter().map(ToString::to_string).collect();
                let facts = facts.into_iter().map(fact).collect();
                (FragmentAnswer::Impossible(wishes, facts), exit::FINDINGS)
            }
            Fragment::Unknown => (FragmentAnswer::Unknown, exit::UNKNOWN),
        };
        let path = self.path();
        print(&match self.about.format {
            Format::Json => answer::fragment_json(&self.asked(&path), &arch.name, &found),
            Format::Human => answer::fragment(
                &arch.name,
                &found,
                &terminal::look(self.about.subject.scope.color),
            ),
        })?;
        Ok(done(&problems(&model).collect(), code))
    }

    fn graph(&self, symbol: &str, depth: usize) -> Result<ExitCode, Failure> {
        let arch = self.only()?;
        let model = self.model(arch);
        let symbol = name(symbol);
        if model.symbol(symbol).is_none() {
            let symbol = one_line(&symbol);
            return Err(format!("{} does not define {symbol}", arch.name));
        }
        print(model.dot(symbol, depth))?;
        Ok(done(&problems(&model).collect(), 0))
    }

    fn undefined(&self) -> Result<ExitCode, Failure> {
        let (models, problems) = self.ask_all(|_, model| model);
        let undefined = self
            .library
            .undefined(&models.iter().collect::<Vec<_>>(), None);
        let uses: BTreeMap<String, Vec<(String, u32)>> = undefined
            .into_iter()
            .map(|(name, places)| {
                let place = |place: Place| (place.file.to_string(), place.line);
                (name.to_string(), places.into_iter().map(place).collect())
            })
            .collect();
        let path = self.path();
        print(&match self.about.format {
            Format::Json => answer::undefined_json(&self.asked(&path), &uses),
            Format::Human => {
                answer::undefined(&uses, &terminal::look(self.about.subject.scope.color))
            }
        })?;
        let code = if uses.is_empty() { 0 } else { exit::FINDINGS };
        Ok(done(&problems, code))
    }

    fn toolchain(&self) -> Result<ExitCode, Failure> {
        let (asked, problems) = self.ask_all(|_, model| model.probes());
        let asked: BTreeSet<Name> = asked.into_iter().flatten().collect();
        let lines: Vec<String> = asked.iter().map(|call| format!("# {call} =\n")).collect();
        print(TOOLCHAIN_HEAD.to_owned() + &lines.concat())?;
        Ok(done(&problems, 0))
    }
}

/// Says what could not be read; that is the exit code where nothing else is to be said.
fn done(problems: &BTreeSet<String>, code: u8) -> ExitCode {
    let mut err = io::stderr().lock();
    for problem in problems {
        // Nobody is left to be told when this fails.
        let _ = writeln!(err, "vmemmlint: error: {problem}");
    }
    let unread = code == 0 && !problems.is_empty();
    ExitCode::from(if unread { exit::NOT_DONE } else { code })
}

fn problems(model: &Model) -> impl Iterator<Item = String> {
    model.errors().map(|error| {
        let (file, line) = (&error.place.file, error.place.line);
        one_line(&format!("{file}:{line}: {}", error.message))
    })
}

/// Splits wishes at commas; one that is followed by no symbol and `=` belongs to a text.
fn split<'w>(model: &Model, words: &'w str) -> Vec<&'w str> {
    let (mut found, mut start) = (Vec::new(), 0);
    for (at, _) in words.match_indices(',') {
        let next = words[at + 1..].split_once('=').map(|(next, _)| next);
        let is_text = words[start..at].split_once('=').is_some_and(|(before, _)| {
            let before = model.symbol(name(before));
            before.is_some_and(|s| s.kind == Some(::kconfig::SymbolType::String))
        });
        let is_wish = next.is_some_and(|next| model.symbol(name(next)).is_some());
        if is_wish || !is_text {
            found.push(&words[start..at]);
            start = at + 1;
        }
    }
    found.push(&words[start..]);
    found
}

/// `SYMBOL=VALUE`, the value with or without the quotes of a `.config`.
fn wish(model: &Model, arch: Architecture, word: &str) -> Result<Wish, Failure> {
    let Some((symbol, value)) = word.split_once('=') else {
        return Err(one_line(&format!("{word:?} is not SYMBOL=VALUE")));
    };
    let Some(known) = model.symbol(name(symbol)) else {
        return Err(one_line(&format!(
            "{} does not define {symbol:?}",
            arch.name
        )));
    };
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let value = inner.unwrap_or(value);
    let fits = if known.is_valued() {
        known.takes(value)
    } else {
        matches!(value, "y" | "m" | "n")
    };
    if !fits {
        let kind = known
            .kind
            .map_or("without a type", ::kconfig::SymbolType::word);
        return Err(one_line(&format!(
            "{symbol} is {kind}: it cannot be {value:?}"
        )));
    }
    Ok(Wish {
        symbol: known.name,
        value: value.to_owned(),
    })
}

fn granted(model: &Model, needed: Needed) -> FragmentAnswer {
    let toolchain = needed.toolchain().into_iter();
    let toolchain = toolchain.map(|(call, answer)| (call.to_string(), answer));
    let set = needed.set.into_iter();
    let set = set.filter_map(|(name, value)| {
        let line = ::kconfig::setting_line(model.symbol(name)?, &value);
        Some((name.to_string(), (value, line)))
    });
    FragmentAnswer::Set {
        set: set.collect(),
        toolchain: toolchain.collect(),
    }
}

fn symbol_answer(arch: Name, model: &Model, name: Name, why: bool) -> SymbolAnswer {
    let mut questions = model.questions();
    let standing = questions.standing(name);
    let is_on = !matches!(standing, Standing::Never | Standing::Undefined);
    let reasons = if is_on {
        Vec::new()
    } else {
        model.why_never(&name).unwrap_or_default()
    };
    let chains = if why && is_on {
        questions.chains(name)
    } else {
        Vec::new()
    };
    let chain = |chain: Vec<&::kconfig::Select>| {
        let link = |select: &::kconfig::Select| {
            let text = format!("{} selects {}", select.by, select.target);
            line(text, &select.condition, &select.place)
        };
        chain.into_iter().map(link).collect()
    };
    SymbolAnswer {
        arch: arch.to_string(),
        standing,
        own: if why { own(model, name) } else { Vec::new() },
        chains: chains.into_iter().map(chain).collect(),
        reasons: reasons.into_iter().map(fact).collect(),
    }
}

/// The prompts and defaults of a symbol.
fn own(model: &Model, name: Name) -> Vec<Line> {
    let Some(symbol) = model.symbol(name) else {
        return Vec::new();
    };
    let kind = symbol.kind.map_or("no type", ::kconfig::SymbolType::word);
    let prompts = symbol.prompts.iter().map(|prompt| {
        let text = format!("{kind} {:?}", prompt.text.as_str());
        line(text, &prompt.visible, &prompt.place)
    });
    let defaults = symbol.defaults.iter().map(|default| {
        let text = format!("default {}", default.value);
        line(text, &default.condition, &default.place)
    });
    prompts.chain(defaults).collect()
}

fn line(text: String, condition: &::kconfig::Term, place: &Place) -> Line {
    Line {
        text,
        condition: match condition {
            ::kconfig::Term::Constant(true) => String::new(),
            condition => condition.to_string(),
        },
        file: place.file.to_string(),
        line: place.line,
    }
}

fn fact(fact: Fact) -> Line {
    let (file, line) = fact
        .place
        .map(|place| (place.file.to_string(), place.line))
        .unwrap_or_default();
    Line {
        text: fact.text,
        condition: String::new(),
        file,
        line,
    }
}
