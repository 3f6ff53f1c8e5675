//! What a check answers, as plain data: no text layout, no files held open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use text::Span;

/// A place in the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Path in the tree.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
    /// The bytes that are meant.
    pub span: Span,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// The kernel can crash or corrupt memory.
    Error,
    /// Something that a maintainer wants to know.
    Warning,
}

/// One function on a call path, with the place in it from which the path goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The function's name.
    pub function: String,
    /// The call of the next function, or the sink itself in the last step.
    pub place: Place,
    /// What enters here, for the first step: `.probe of struct dax_device_driver`; else empty.
    pub entry: String,
}

/// A hole, with its witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// The architecture, by its directory below `arch/`; of several, the one that the rest is said of.
    pub arch: String,
    /// All architectures of which it is true.
    pub arches: Vec<String>,
    /// How bad it is.
    pub severity: Severity,
    /// One line: what is wrong here.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// The sink: the call, or the expression of the short count.
    pub sink: Place,
    /// The words of the code there, with single blanks between them.
    pub code: String,
    /// The symbol that it is about, without `CONFIG_`: the one by which an architecture opts in; empty where there is none.
    pub symbol: String,
    /// What may be done in place of the sink, as its rule has it.
    pub instead: Vec<String>,
    /// From an entry point to the sink; nothing where the finding is one about Kconfig.
    pub path: Vec<Step>,
    /// All paths from entry points to the sink, where it is one that is reached.
    pub paths: Option<Paths>,
    /// Where the architecture enters itself in Kconfig (`config POWERPC`), where a select belongs.
    pub kconfig: Option<Place>,
    /// Symbols without `CONFIG_` and their values (`y`, `m`, `n`) under which the path is open.
    pub config: BTreeMap<String, String>,
    /// What must hold while the kernel runs, in words.
    pub assumptions: Vec<String>,
    /// Further facts that belong to it, each one sentence (where the backend maps, what overrides).
    pub notes: Vec<Note>,
}

impl Finding {
    /// Whether it stands in a cell of the table architecture × rule.
    pub fn is_in(&self, cell: &ArchVerdict) -> bool {
        self.rule == cell.rule && self.arches.contains(&cell.arch)
    }
}

/// Every path to a sink, as a graph without cycles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paths {
    /// How many there are: exactly, unless there is a limit, else so many at least.
    pub count: u128,
    /// The limit that was hit.
    pub limit: Option<String>,
    /// Where they begin, by kind and place.
    pub entries: Vec<PathEntry>,
    /// The calls on them, and the places of the sink, by file and place.
    pub calls: Vec<PathCall>,
}

/// Where paths begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathEntry {
    /// What kind of thing it is, in the plural: `probe callbacks`, `system calls`.
    pub kind: String,
    /// What enters: `.probe of struct dax_device_driver`.
    pub words: String,
    /// The object that holds the function, by its name (`device_dax_driver`); empty where there is none.
    pub object: String,
    /// Where that is said.
    pub place: Place,
    /// How many paths begin here.
    pub count: u128,
    /// When one of them is open.
    pub when: String,
    /// The shortest of them.
    pub shortest: Vec<Step>,
}

/// A call on some path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathCall {
    /// The function that calls.
    pub caller: String,
    /// The function that is called; empty where the place is the sink itself.
    pub callee: String,
    /// The call, or the sink.
    pub place: Place,
    /// How many paths lead through it.
    pub count: u128,
}

/// A fact with the place that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// One sentence.
    pub text: String,
    /// Where to see it.
    pub place: Option<Place>,
}

/// The answer to one rule for one architecture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// There is at least one finding.
    Flagged,
    /// There are findings, and somebody has accepted all of them.
    Accepted,
    /// The sink is reached and the rule is satisfied.
    #[default]
    Clean,
    /// No configuration and call path reaches the sink.
    CannotReach,
    /// A limit was hit or something could not be read.
    Unknown,
}

impl Verdict {
    /// What weighs most is told first.
    pub fn weight(self) -> u8 {
        match self {
            Verdict::Flagged => 4,
            Verdict::Unknown => 3,
            Verdict::Accepted => 2,
            Verdict::Clean => 1,
            Verdict::CannotReach => 0,
        }
    }

    /// The word that reports use: `flagged`, `accepted`, `clean`, `cannot-reach`, `unknown`.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Flagged => "flagged",
            Verdict::Accepted => "accepted",
            Verdict::Clean => "clean",
            Verdict::CannotReach => "cannot-reach",
            Verdict::Unknown => "unknown",
        }
    }
}

/// One cell of the table architecture × rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchVerdict {
    /// The architecture, by its directory below `arch/`.
    pub arch: String,
    /// Id of the rule.
    pub rule: String,
    /// Whether the rule asks about symbols alone: then `clean` says nothing of paths.
    pub of_symbols: bool,
    /// The answer.
    pub verdict: Verdict,
    /// Why, in a few words, without line breaks.
    pub reason: String,
    /// The same in short: only what decides, without places.
    pub short: String,
    /// The place that shows the reason, where there is one.
    pub place: Option<Place>,
    /// For `cannot-reach`: the facts that forbid it together, lines of Kconfig and of code.
    pub facts: Vec<Note>,
    /// Where each way back from the sinks ends, where that was asked for.
    pub ends: Vec<Note>,
}

/// How an architecture opts in, and where its backend writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchRow {
    /// The architecture, by its directory below `arch/`.
    pub arch: String,
    /// The opt-in symbol of this tree.
    pub symbol: String,
    /// When the architecture selects it: `always`, `never`, `if X86_64`.
    pub selected: String,
    /// Where it does.
    pub place: Option<Place>,
    /// Where its backend writes; empty where it has none.
    pub backend: Vec<BackendRow>,
}

/// One way in which a backend writes its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendRow {
    /// To which tables: `init_mm`, `not init_mm`, `not found out`.
    pub tables: String,
    /// When.
    pub when: String,
    /// Where to see it.
    pub place: Option<Place>,
}

/// A finding that somebody has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: String,
    /// Where that is said.
    pub place: Place,
}

/// An entry of a file that accepts findings, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Where it stands.
    pub place: Place,
    /// The rule.
    pub rule: String,
    /// The architectures; none for all.
    pub arches: Vec<String>,
    /// The function through which every path leads; empty for any.
    pub function: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day, as `2027-01-31`; empty where it has none.
    pub until: String,
    /// What became of it.
    pub state: State,
}

/// What became of an entry that accepts findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It is about so many findings.
    Used(usize),
    /// It is about none.
    Unused,
    /// Its last day is over.
    Ended,
    /// Its rule or its architecture was not asked.
    NotAsked,
}

/// Input that could not be read or understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Where; line 0 where only the file is known.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

/// A rule that was not asked of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its id.
    pub rule: String,
    /// Why not.
    pub reason: String,
}

/// All that one check answers, sorted: findings and verdicts by rule and architecture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The version of the tree, from its Makefile, such as `6.12.117`.
    pub kernel_version: String,
    /// The holes.
    pub findings: Vec<Finding>,
    /// Those that are accepted.
    pub accepted: Vec<Accepted>,
    /// What is accepted, in the order of its file.
    pub suppressions: Vec<Suppression>,
    /// The table architecture × rule, complete.
    pub verdicts: Vec<ArchVerdict>,
    /// Rules that are about other versions.
    pub skipped: Vec<Skipped>,
    /// What is known of each architecture, where it was asked for.
    pub rows: Vec<ArchRow>,
    /// What could not be read or understood.
    pub problems: Vec<Problem>,
}
