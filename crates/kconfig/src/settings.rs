//! What a user has set: the lines of a `.config`, read as the kernel's `conf` reads them.
//!
//! ```text
//! CONFIG_SPARSEMEM_VMEMMAP=y
//! # CONFIG_DEV_DAX is not set
//! CONFIG_LOCALVERSION="-dax"
//! ```
//!
//! What is set is a wish: [`Model::configure`] says what becomes of it.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use text::Name;

use crate::model::{ChoiceId, Model, Symbol};
use crate::syntax::SymbolType;
use crate::value::Value;

/// What a user has set.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    values: FxHashMap<Name, Setting>,
    /// When a symbol was set last: in a newer choice the last word counts.
    when: FxHashMap<Name, usize>,
    /// How often anything was set.
    times: usize,
    /// What the lines about its members say of an older choice.
    choices: FxHashMap<ChoiceId, Mode>,
    /// What a symbol gets of which nothing is said.
    fill: Value,
    /// What a toolchain says where a default is its words: `$(cc-version)`.
    answers: FxHashMap<Name, String>,
    /// A `.config` was read, which to an older kernel says something of every choice.
    is_read: bool,
}

/// What a user gave a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Truth(Value),
    Text(String),
}

/// What a user wants of an older choice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mode {
    /// The value of the choice.
    pub(crate) value: Value,
    /// The member to be chosen.
    pub(crate) chosen: Option<Name>,
    /// Lines contradict each other, so that nothing counts.
    torn: bool,
}

/// What all symbols get of which nothing is said, as the targets of `make` are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Their defaults: `alldefconfig`.
    Default,
    /// `n`: `allnoconfig`.
    No,
    /// `m`, and `y` for a bool: `allmodconfig`.
    Module,
    /// `y`: `allyesconfig`.
    Yes,
}

/// A line of a `.config` that sets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl Settings {
    /// Nothing is set.
    pub fn new() -> Settings {
        Settings::default()
    }

    /// What a configuration is set on, as far as it bears upon the values of `wanted`: this text of a `.config`, or else
    /// what `allnoconfig` makes with these answers of a toolchain.
    pub fn base(
        model: &Model,
        given: Option<&[u8]>,
        probes: &BTreeMap<Name, bool>,
        wanted: impl IntoIterator<Item = Name>,
    ) -> Settings {
        if let Some(text) = given {
            return Settings::read(model, text).0;
        }
        let needed = model.needed_for(wanted);
        let mut nothing = Settings::new();
        let symbols = needed.iter().filter_map(|name| model.symbol(*name));
        nothing.fill_with(model, Value::No, symbols);
        let probe = |name: Name| probes.get(&name) == Some(&true);
        let made = model.configure_for(&nothing, &probe, needed.iter().copied());
        Settings::read(model, made.to_text().as_bytes()).0
    }

    /// Reads the text of a `.config`. Symbols that the model does not define are passed over, as the
    /// kernel does; a line that sets nothing is an error. Of several lines about a symbol the last
    /// counts.
    pub fn read(model: &Model, text: &[u8]) -> (Settings, Vec<SettingError>) {
        let mut errors = Vec::new();
        let mut settings = Settings {
            is_read: true,
            ..Settings::new()
        };
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            if let Err(message) = settings.line(model, line.trim_end_matches('\r')) {
                let line = number + 1;
                errors.push(SettingError { line, message });
            }
        }
        (settings, errors)
    }

    fn line(&mut self, model: &Model, line: &str) -> Result<(), String> {
        if let Some(comment) = line.strip_prefix('#') {
            let name = comment.strip_prefix(" CONFIG_");
            let name = name.and_then(|name| name.split_once(' '));
            // Older kernels do not mind what follows.
            let old = model.dialect().choice_is_symbol;
            let is_unset = |words: &str| match words.strip_prefix("is not set") {
                Some(rest) => old || rest.is_empty(),
                None => false,
            };
            let name = name.filter(|(_, words)| is_unset(words));
            let symbol = name.and_then(|(name, _)| model.symbol(name));
            if let Some(symbol) = symbol.filter(|symbol| symbol.is_truth()) {
                self.put(model, symbol, Setting::Truth(Value::No));
            }
            return Ok(());
        }
        if line.is_empty() {
            return Ok(());
        }
        let assigned = line.strip_prefix("CONFIG_");
        let Some((name, value)) = assigned.and_then(|rest| rest.split_once('=')) else {
            return Err(format!("{line:?} is no line of a .config"));
        };
        let Some(symbol) = model.symbol(name).filter(|s| s.kind.is_some()) else {
            return Ok(());
        };
        let invalid = || format!("{value:?} is no value for {name}");
        if symbol.kind == Some(SymbolType::String) {
            let text = unquoted(value).ok_or_else(invalid)?;
            self.put(model, symbol, Setting::Text(text));
            return Ok(());
        }
        // `conf` looks at the first letter only.
        let value = match (symbol.is_truth(), value.chars().next()) {
            (true, Some(letter)) => letter.to_string(),
            _ => value.to_owned(),
        };
        if self.set(model, symbol.name, &value) {
            Ok(())
        } else {
            Err(invalid())
        }
    }

    /// Sets a symbol to `y`, `m` or `n`, or to a text without quotes. False where the model does not
    /// define it or its type has no such value; nothing is set then.
    pub fn set(&mut self, model: &Model, name: Name, value: &str) -> bool {
        let Some(symbol) = model.symbol(name) else {
            return false;
        };
        let setting = match (symbol.kind, value) {
            (Some(SymbolType::Bool | SymbolType::Tristate), "y") => Setting::Truth(Value::Yes),
            (Some(SymbolType::Bool | SymbolType::Tristate), "n") => Setting::Truth(Value::No),
            (Some(SymbolType::Tristate), "m") => Setting::Truth(Value::Module),
            (_, text) if symbol.takes(text) => Setting::Text(text.to_owned()),
            _ => return false,
        };
        self.put(model, symbol, setting);
        true
    }

    fn put(&mut self, model: &Model, symbol: &Symbol, setting: Setting) {
        if let (Setting::Truth(value), Some(id)) = (&setting, symbol.choice())
            && model.dialect().choice_is_symbol
        {
            let mode = self.choices.entry(id).or_default();
            mode.torn |= *value == Value::Module && mode.value == Value::Yes;
            if *value == Value::Yes {
                mode.chosen = Some(symbol.name);
            }
            mode.value = mode.value.max(*value);
        }
        self.times += 1;
        self.when.insert(symbol.name, self.times);
        self.values.insert(symbol.name, setting);
    }

    /// Sets all that is not set yet and that a user could set.
    pub fn fill(&mut self, model: &Model, fill: Fill) {
        let value = match fill {
            Fill::Default => return,
            Fill::No => Value::No,
            Fill::Module => Value::Module,
            Fill::Yes => Value::Yes,
        };
        self.fill_with(model, value, model.symbols());
    }

    /// Sets those of `symbols` that are not set yet and that a user could set.
    pub(crate) fn fill_with<'m>(
        &mut self,
        model: &Model,
        value: Value,
        symbols: impl Iterator<Item = &'m Symbol>,
    ) {
        let old = model.dialect().choice_is_symbol;
        self.fill = value;
        // The user of a newer choice says nothing of its members one by one.
        let open = symbols.filter(|s| {
            s.is_truth() && !s.transitional && s.itself.is_none() && (old || s.choice().is_none())
        });
        for symbol in open {
            self.values
                .entry(symbol.name)
                .or_insert(Setting::Truth(value));
        }
    }

    /// Lets a toolchain answer a call with these words, where a string, int or hex symbol takes them.
    pub fn answer(&mut self, call: Name, words: &str) {
        self.answers.insert(call, words.to_owned());
    }

    pub(crate) fn words_for(&self, call: Name) -> Option<&str> {
        self.answers.get(&call).map(String::as_str)
    }

    /// Whether the symbol is set.
    pub fn sets(&self, name: Name) -> bool {
        self.values.contains_key(&name)
    }

    pub(crate) fn of(&self, name: Name) -> Option<&Setting> {
        self.values.get(&name)
    }

    pub(crate) fn truth(&self, name: Name) -> Option<Value> {
        match self.of(name)? {
            Setting::Truth(value) => Some(*value),
            Setting::Text(_) => None,
        }
    }

    /// The members of a choice, what was set last first, what was not set in their own order.
    pub(crate) fn by_priority(&self, members: &[Name]) -> Vec<Name> {
        let mut all = members.to_vec();
        all.sort_by_key(|name| std::cmp::Reverse(self.when.get(name).copied().unwrap_or(0)));
        all
    }

    pub(crate) fn mode(&self, choice: ChoiceId) -> Mode {
        match self.choices.get(&choice) {
            Some(mode) if !mode.torn => *mode,
            None if self.is_read => Mode::default(),
            torn => Mode {
                value: self.fill,
                ..torn.copied().unwrap_or_default()
            },
        }
    }
}

impl Symbol {
    /// Whether it is of type string, int or hex.
    pub fn is_valued(&self) -> bool {
        self.kind.is_some() && !self.is_truth()
    }

    /// Whether a string, int or hex symbol can be set to a text.
    pub fn takes(&self, text: &str) -> bool {
        match self.kind {
            Some(SymbolType::String) => true,
            Some(SymbolType::Int) => is_int(text),
            Some(SymbolType::Hex) => is_hex(text),
            _ => false,
        }
    }
}

/// The text between quotes, with its backslashes taken away; `None` where it does not end.
fn unquoted(value: &str) -> Option<String> {
    let mut letters = value.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

/// A decimal number without zeros in front.
fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all && (digits.len() == 1 || !digits.starts_with('0'))
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let digits = digits.unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
