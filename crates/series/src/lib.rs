//! Patches as people mail them: read, put in order, laid over a tree.
//!
//! ```text
//! files, mbox, mails  ──[`Mail`]──▶  subject and text  ──[`Series`]──▶  patches in their order
//!                                                                          │
//!                     tree with the patch  ◀──[`apply`]──  tree ───────────┘
//! ```
//!
//! Nothing is written: what a patch makes of a file is laid over the tree ([`source::Layer`]). A patch goes on where
//! `git apply` would put it, and where that refuses, where `patch` would: with up to two lines of fuzz.
//!
//! ```
//! use series::{Input, Series, apply};
//! let mail = "From: A <a@b>\nSubject: [PATCH] mm: one more\n\nWhy.\n---\n\
//!             diff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1,2 @@\n int a;\n+int b;\n";
//! let series = Series::read(&[Input::new("0001.patch", mail)]);
//! assert_eq!(series.patches[0].title, "mm: one more");
//! let tree = source::Memory::new("//- mm/a.c\nint a;\n");
//! let applied = apply(&tree, &series.patches[0]).unwrap();
//! assert_eq!(applied.files["mm/a.c"].as_deref(), Some(&b"int a;\nint b;\n"[..]));
//! ```

mod apply;
mod body;
mod file;
mod mail;
mod names;
mod order;
mod patch;
mod place;
mod refusal;
mod spot;
mod subject;

pub use apply::{Applied, ApplyError, Placed, apply};
pub use body::{Body, Line};
pub use file::{Change, FilePatch, Hunk, HunkLine, Kind, Operation};
pub use mail::{Mail, Transfer};
pub use order::{Input, Series, Skipped, names};
pub use patch::{Patch, PatchError};
pub use spot::{Spot, spot};
pub use subject::Subject;
