//! What is left of a reason when nothing in it is needless.
//!
//! A solver names assumptions that exclude each other, but not the fewest. Taking away one after the other,
//! as long as the rest still does, leaves some of which none can go.

/// Those of `items` that are needed for `is_enough` to hold, none of them without need; it must hold for
/// all of them. Of several such choices the one that keeps later items.
#[must_use]
pub fn least<T: Clone>(items: Vec<T>, mut is_enough: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items;
    let mut at = 0;
    while at < kept.len() {
        let mut fewer = kept.clone();
        fewer.remove(at);
        if is_enough(&fewer) {
            kept = fewer;
        } else {
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::least;

    #[test]
    fn nothing_that_is_left_can_go() {
        let enough = |items: &[u32]| items.iter().sum::<u32>() >= 10;
        assert_eq!(least(vec![1, 9, 2, 8], enough), [2, 8]);
        assert_eq!(least(vec![3, 7], enough), [3, 7]);
        assert_eq!(least(vec![4, 5], |_| true), []);
    }
}
