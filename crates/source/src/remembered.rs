//! A source that is not listed anew each time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Changes, Listed, Listing, ReadError, Source, TreePath};

/// Another source, whose listing is remembered until it is said that something may have changed: an editor asks many
/// times a second, and a `stat` of all files takes a tenth of one.
pub struct Remembered {
    below: Arc<dyn Listed>,
    listing: Mutex<Option<Listing>>,
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

impl Remembered {
    /// Nothing is remembered of `below` yet.
    pub fn over(below: Arc<dyn Listed>) -> Remembered {
        Remembered {
            below,
            listing: Mutex::default(),
        }
    }

    /// Something may have changed.
    pub fn forget(&self) {
        *self.listing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Source for Remembered {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        self.below.read(path)
    }

    fn read_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.below.read_into(path, buffer)
    }

    fn is_file(&self, path: &str) -> bool {
        self.below.is_file(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.below.is_dir(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        self.below.list(directory)
    }

    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>) {
        self.below.walk(directory, enter, wanted)
    }

    fn files_named(&self, prefixes: &[&str]) -> Vec<TreePath> {
        self.below.files_named(prefixes)
    }
}

impl Listed for Remembered {
    fn listing(&self) -> Result<Listing, ReadError> {
        let mut known = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listing) = &*known {
            return Ok(listing.clone());
        }
        let listing = self.below.listing()?;
        *known = Some(listing.clone());
        Ok(listing)
    }

    fn listing_now(&self) -> Result<Listing, ReadError> {
        let listing = self.below.listing_now()?;
        let mut known = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(listing.clone());
        Ok(listing)
    }

    fn is_untouched(&self, changes: &Changes<'_>) -> bool {
        self.below.is_untouched(changes)
    }

    fn place(&self) -> Vec<u8> {
        self.below.place()
    }
}
