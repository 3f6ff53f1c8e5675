//! What happens in no configuration of any architecture.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use condition::Condition;
use kconfig::{Model, Questions};
use kernel::Architecture;
use rayon::prelude::*;

use super::Lint;

/// Asks of things, each by a key that all architectures give it, when they happen on one architecture; of those at least
/// that are wanted.
pub(super) type Asks<'a, K> =
    &'a (dyn Fn(&mut Questions<'_>, Architecture, Wanted<'_, K>) -> Vec<(K, Condition)> + Sync);

/// Which keys are wanted.
pub(super) type Wanted<'a, K> = &'a dyn Fn(&K) -> bool;

impl Lint<'_> {
    /// The keys of what happens in no configuration of any architecture of the tree. What was not found out is not
    /// among them.
    pub(super) fn never<K: Ord + Clone + Send + Sync>(&self, asks: Asks<'_, K>) -> BTreeSet<K> {
        if self.only.is_some() {
            return self.never_of_few(asks);
        }
        let arches: Vec<&(Architecture, Arc<Model>)> = self.all().collect();
        let (happen, rest): (Vec<BTreeSet<K>>, Vec<BTreeSet<K>>) = arches
            .par_iter()
            .map(|(arch, model)| sorted(model, *arch, asks))
            .unzip();
        let can: BTreeSet<K> = happen.into_iter().flatten().collect();
        let rest = rest.into_iter().flatten();
        let open: BTreeSet<K> = rest.filter(|key| !can.contains(key)).collect();
        if open.is_empty() {
            return open;
        }
        // The solver is asked for the others, each until one architecture has it.
        let can: Mutex<BTreeSet<K>> = Mutex::default();
        let lock = || can.lock().unwrap_or_else(PoisonError::into_inner);
        arches.par_iter().for_each(|(arch, model)| {
            let mut questions = model.questions();
            let is_open = |key: &K| open.contains(key) && !lock().contains(key);
            for (key, when) in asks(&mut questions, *arch, &is_open) {
                if is_open(&key) && questions.can(&[when]) != Some(false) {
                    lock().insert(key);
                }
            }
        });
        let can = lock();
        open.into_iter().filter(|key| !can.contains(key)).collect()
    }

    /// The same, where few things are asked about: the largest architecture has most of what can happen, and the others are
    /// asked for the rest. A solver is asked sooner than plain configurations are made.
    fn never_of_few<K: Ord + Clone + Send + Sync>(&self, asks: Asks<'_, K>) -> BTreeSet<K> {
        // For each key whether it can happen on one that was asked.
        let known: Mutex<BTreeMap<K, bool>> = Mutex::default();
        let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |key: &K| lock().get(key) != Some(&true);
        let ask = |number: &usize| {
            self.asking(*number, |questions| {
                for (key, when) in asks(questions, self.arches[*number].0, &is_open) {
                    if is_open(&key) && !self.is_cancelled() {
                        let can = questions.can(&[when]) != Some(false);
                        *lock().entry(key).or_default() |= can;
                    }
                }
            });
        };
        let order = self.by_size();
        let (first, others) = order.split_at(1.min(order.len()));
        first.iter().for_each(ask);
        others.par_iter().for_each(ask);
        if self.is_cancelled() {
            return BTreeSet::new();
        }
        let known = known.into_inner().unwrap_or_else(PoisonError::into_inner);
        let never = known.into_iter().filter(|(_, can)| !can);
        never.map(|(key, _)| key).collect()
    }

    /// For each key the architectures that have it, by number, the largest first.
    pub(super) fn arches_with<K: Ord + Clone + Send + Sync>(
        &self,
        keys: &BTreeSet<K>,
        asks: Asks<'_, K>,
    ) -> BTreeMap<K, Vec<usize>> {
        let order = self.by_size();
        let found: Vec<(usize, BTreeSet<K>)> = order
            .par_iter()
            .map(|number| {
                let arch = self.arches[*number].0;
                let wanted = |key: &K| keys.contains(key);
                let asked = self.asking(*number, |questions| asks(questions, arch, &wanted));
                let keys = asked.into_iter().map(|(key, _)| key);
                (*number, keys.filter(wanted).collect())
            })
            .collect();
        let mut arches: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (number, own) in found {
            for key in own {
                arches.entry(key).or_default().push(number);
            }
        }
        arches
    }
}

/// What happens in some plain configuration of an architecture, as most of what can happen does, and the rest.
fn sorted<K: Ord>(
    model: &Model,
    arch: Architecture,
    asks: Asks<'_, K>,
) -> (BTreeSet<K>, BTreeSet<K>) {
    let samples = model.samples();
    let mut questions = model.questions();
    let asked = asks(&mut questions, arch, &|_| true);
    let (mut happen, mut rest) = (BTreeSet::new(), BTreeSet::new());
    for (key, when) in asked {
        if samples.have(questions.store(), when) {
            happen.insert(key);
        } else {
            rest.insert(key);
        }
    }
    (happen, rest)
}
