//! Where things are in the parts of a model.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use text::Name;

use crate::model::Sourced;
use crate::part::Part;

/// Where things are in the parts of a model: the symbols, who selects them, the choices, the files. It stays while parts
/// are taken for others that have the same in the same places.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The numbers of symbols, by their names.
    by_name: HashTable<u32>,
    /// The symbols, in the order of their first entries.
    pub(crate) symbols: Vec<Spot>,
    /// Where more pieces of few symbols are, by their numbers.
    more: FxHashMap<u32, Vec<At>>,
    /// For each part the numbers of its pieces' symbols.
    numbers: Vec<Box<[u32]>>,
    /// Where the `select` lines of each symbol begin among all, by its number.
    begins: Vec<u32>,
    selected: Vec<At>,
    /// Those of symbols that no entry defines.
    of_undefined: FxHashMap<Name, Vec<At>>,
    /// The choices, in order.
    pub(crate) choices: Vec<At>,
    /// The numbers of each part's choices.
    choice_numbers: Vec<Vec<u32>>,
    /// The files that were read, in order.
    pub(crate) files: Vec<Arc<str>>,
}

/// Something in a part: the number of the part, and its own in there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) part: u32,
    pub(crate) number: u32,
}

/// A symbol, and where its first piece is.
#[derive(Debug)]
pub(crate) struct Spot {
    pub(crate) name: Name,
    pub(crate) first: At,
}

fn hash(name: Name) -> u64 {
    FxBuildHasher.hash_one(name)
}

/// The number of the model's own part.
pub(crate) const OWN: u32 = 0;

/// The parts of a model: its own, and those that are set in.
pub(crate) fn part<'p>(own: &'p Part, sourced: &'p [Sourced], number: u32) -> &'p Part {
    match number.checked_sub(1) {
        None => own,
        Some(number) => &sourced[number as usize].part,
    }
}

/// By this things of several parts are sorted into the order in which they are read: those of one part stay as they are,
/// and one of the own part stands `after` so many others.
pub(crate) fn order(part: u32, after: u32) -> (u32, bool) {
    match part.checked_sub(1) {
        None => (after, false),
        Some(number) => (number, true),
    }
}

/// Goes through things of all parts in the order in which they are read. The own part has so many of them, of which each
/// stands `after` so many others; each of the others has so many.
fn in_order(
    own: usize,
    after: impl Fn(usize) -> u32,
    others: impl Iterator<Item = usize>,
    mut tell: impl FnMut(At),
) {
    let mut at = 0;
    let mut tell_own = |upto: Option<u32>, tell: &mut dyn FnMut(At)| {
        while at < own && upto.is_none_or(|upto| after(at) <= upto) {
            tell(At::new(OWN, at));
            at += 1;
        }
    };
    for (number, count) in (0_u32..).zip(others) {
        tell_own(Some(number), &mut tell);
        for at in 0..count {
            tell(At::new(number + 1, at));
        }
    }
    tell_own(None, &mut tell);
}

impl At {
    fn new(part: u32, number: usize) -> At {
        At {
            part,
            number: u32::try_from(number).unwrap_or(u32::MAX),
        }
    }
}

impl Index {
    pub(crate) fn new(own: &Part, sourced: &[Sourced], files: Vec<Arc<str>>) -> Index {
        let mut index = Index {
            files,
            ..Index::default()
        };
        index.add_symbols(own, sourced);
        index.add_selects(own, sourced);
        index.choice_numbers = vec![Vec::new(); sourced.len() + 1];
        in_order(
            own.choices.len(),
            |at| own.choices_after[at],
            sourced.iter().map(|one| one.part.choices.len()),
            |at| {
                let number = u32::try_from(index.choices.len()).unwrap_or(u32::MAX);
                index.choice_numbers[at.part as usize].push(number);
                index.choices.push(at);
            },
        );
        index
    }

    fn add_symbols(&mut self, own: &Part, sourced: &[Sourced]) {
        let parts = std::iter::once(own).chain(sourced.iter().map(|one| &*one.part));
        let none = |part: &Part| vec![0; part.pieces.len()].into_boxed_slice();
        self.numbers = parts.clone().map(none).collect();
        let most: usize = parts.map(|part| part.pieces.len()).sum();
        self.symbols.reserve(most);
        self.by_name.reserve(most, |_| 0);
        in_order(
            own.pieces.len(),
            |at| own.pieces[at].after,
            sourced.iter().map(|one| one.part.pieces.len()),
            |at| {
                let name = part(own, sourced, at.part).pieces[at.number as usize].name;
                let number = if let Some(known) = self.number(name) {
                    let known = u32::try_from(known).unwrap_or(u32::MAX);
                    self.more.entry(known).or_default().push(at);
                    known
                } else {
                    let next = u32::try_from(self.symbols.len()).unwrap_or(u32::MAX);
                    self.symbols.push(Spot { name, first: at });
                    let symbols = &self.symbols;
                    let rehash = |number: &u32| hash(symbols[*number as usize].name);
                    self.by_name.insert_unique(hash(name), next, rehash);
                    next
                };
                self.numbers[at.part as usize][at.number as usize] = number;
            },
        );
        self.symbols.shrink_to_fit();
    }

    fn add_selects(&mut self, own: &Part, sourced: &[Sourced]) {
        let mut all: Vec<(u32, At)> = Vec::new();
        in_order(
            own.selects.len(),
            |at| own.selects_after[at],
            sourced.iter().map(|one| one.part.selects.len()),
            |at| {
                let target = part(own, sourced, at.part).selects[at.number as usize].target;
                match self.number(target) {
                    Some(number) => all.push((u32::try_from(number).unwrap_or(u32::MAX), at)),
                    None => self.of_undefined.entry(target).or_default().push(at),
                }
            },
        );
        let mut begins = vec![0_u32; self.symbols.len() + 1];
        for (target, _) in &all {
            begins[*target as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        self.selected = vec![At::new(OWN, 0); all.len()];
        for (target, at) in all {
            let next = &mut next[target as usize];
            self.selected[*next as usize] = at;
            *next += 1;
        }
        self.begins = begins;
    }

    /// The number of a symbol.
    pub(crate) fn number(&self, name: Name) -> Option<usize> {
        let is_it = |number: &u32| self.symbols[*number as usize].name == name;
        let found = self.by_name.find(hash(name), is_it);
        found.map(|number| *number as usize)
    }

    /// Where the pieces of a symbol are besides the first.
    pub(crate) fn more(&self, number: usize) -> &[At] {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.more.get(&number).map_or(&[], |more| more)
    }

    /// The number of the symbol of a piece.
    pub(crate) fn number_of_piece(&self, part: u32, piece: usize) -> usize {
        self.numbers[part as usize][piece] as usize
    }

    /// The number of a part's choice.
    pub(crate) fn choice(&self, part: u32, number: usize) -> usize {
        self.choice_numbers[part as usize][number] as usize
    }

    /// The lines that select a symbol, in order.
    pub(crate) fn selected(&self, target: Name) -> &[At] {
        let Some(number) = self.number(target) else {
            return self.of_undefined.get(&target).map_or(&[], |all| all);
        };
        &self.selected[self.begins[number] as usize..self.begins[number + 1] as usize]
    }
}

/// The `select` lines of a model, in order.
pub(crate) fn selects(own: &Part, sourced: &[Sourced]) -> Vec<At> {
    let mut all = Vec::new();
    in_order(
        own.selects.len(),
        |at| own.selects_after[at],
        sourced.iter().map(|one| one.part.selects.len()),
        |at| all.push(at),
    );
    all
}
