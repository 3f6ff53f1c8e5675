//! What git knows of the files of a checkout.
//!
//! Git's index has the state in which each file was when git last saw it, and the name of the object that has its text.
//! While a file is in that state, the object's name says what is in it without reading it: the same in another
//! checkout of the repository, or when a branch is left and entered again.
//!
//! That is so only where git writes texts into files as they are. Where attributes or settings ask for other line
//! ends or for filters, the index is not heeded.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::index::entry::stat::{Options, Time};
use gix::index::entry::{Mode, Stage, Stat};
use gix::{ObjectId, ThreadSafeRepository};

use crate::path::prefix;

/// In every directory, which of its files git changes on their way out.
pub(crate) const ATTRIBUTES: &str = ".gitattributes";

/// Attributes by which files are not what the objects are.
const CONVERTING: [&[u8]; 6] = [
    b"text",
    b"eol",
    b"crlf",
    b"ident",
    b"filter",
    b"working-tree-encoding",
];

/// Objects that become larger than 4 GiB when they are unpacked are refused, so that few bytes do not fill the memory;
/// and the name of an object means that object, whatever is put in its place.
const SETTINGS: [&str; 2] = [
    "gitoxide.objects.allocLimit=4294967295",
    "core.useReplaceRefs=false",
];

/// A file of attributes that is larger is held to ask for anything.
const MOST_ATTRIBUTES: u64 = 1 << 20;

/// Where a directory lies in a repository.
pub(crate) struct Place {
    pub(crate) repository: ThreadSafeRepository,
    /// The directory, as a path in the repository's trees; the top for a bare repository.
    pub(crate) directory: String,
}

impl Place {
    /// The repository in which `place`, which is canonical, lies. No program is run, and no variable heeded; of the
    /// user's settings only those that `config` allows.
    pub(crate) fn find(place: &Path, config: gix::open::permissions::Config) -> gix::Result<Place> {
        let options = || {
            let mut permissions = gix::open::Permissions::isolated();
            permissions.config = config;
            permissions.env.home = gix::sec::Permission::Allow;
            permissions.env.xdg_config_home = gix::sec::Permission::Allow;
            let options = gix::open::Options::isolated().permissions(permissions);
            options.config_overrides(SETTINGS)
        };
        let trust = gix::sec::trust::Mapping {
            full: options(),
            reduced: options(),
        };
        let upwards = gix::discover::upwards::Options::default();
        let repository = ThreadSafeRepository::discover_opts(place, upwards, trust)?;
        let local = repository.to_thread_local();
        let inside = || {
            let work = local.workdir()?.canonicalize().ok()?;
            let git = local.git_dir().canonicalize().ok()?;
            let inside = place.strip_prefix(work).ok()?;
            // A name that is no UTF-8 is found nowhere, and is no other's.
            (!place.starts_with(git)).then(|| inside.to_string_lossy().into_owned())
        };
        let directory = inside().unwrap_or_default();
        Ok(Place {
            repository,
            directory,
        })
    }

    /// What stands for the repository and the directory, the same in all of its checkouts.
    pub(crate) fn key(&self) -> Vec<u8> {
        let local = self.repository.to_thread_local();
        let common = local.common_dir();
        let common = common
            .canonicalize()
            .unwrap_or_else(|_| common.to_path_buf());
        let common = common.as_os_str().as_bytes();
        [common, b"\0", self.directory.as_bytes()].concat()
    }
}

/// The index of a checkout.
pub(crate) struct Checkout {
    index: gix::index::File,
    prefix: Vec<u8>,
    /// Attributes of the repository, the user and the machine.
    attributes: Vec<PathBuf>,
}

impl Checkout {
    /// The checkout in which the directory at `root`, which is canonical, lies; `None` where there is none, or where
    /// files are not what the objects are.
    pub(crate) fn of(root: &Path) -> Option<Checkout> {
        let place = Place::find(root, gix::open::permissions::Config::all()).ok()?;
        let local = place.repository.to_thread_local();
        if local.git_dir_trust() != gix::sec::Trust::Full {
            return None;
        }
        let settings = local.config_snapshot();
        let line_ends = settings.string("core.autocrlf");
        // A setting without a value is true, and has no string.
        if line_ends.is_some_and(|value| !value.eq_ignore_ascii_case(b"false"))
            || settings.boolean("core.autocrlf") == Some(true)
        {
            return None;
        }
        let named = settings.trusted_path("core.attributesFile").ok()?;

        let work = local.workdir()?.canonicalize().ok()?;
        let above = root
            .ancestors()
            .skip(1)
            .take_while(|place| place.starts_with(&work));
        let mut attributes: Vec<PathBuf> = above.map(|place| place.join(ATTRIBUTES)).collect();
        attributes.push(local.common_dir().join("info/attributes"));
        attributes.push(PathBuf::from("/etc/gitattributes"));
        attributes.extend(named.or_else(users_attributes));
        let index = local.open_index().ok()?;
        // Git reads those from the index that are not in the files.
        let has_file = |path: &Path| fs::symlink_metadata(work.join(path)).is_ok();
        let mut tracked = index.entries().iter().map(|entry| entry.path(&index));
        let is_attributes = |path: &[u8]| path.ends_with(ATTRIBUTES.as_bytes());
        if tracked.any(|path| is_attributes(path) && !has_file(Path::new(OsStr::from_bytes(path))))
        {
            return None;
        }
        Some(Checkout {
            index,
            prefix: prefix(&place.directory).into(),
            attributes,
        })
    }

    /// The object that has what is in the file or link at `path` below the directory.
    pub(crate) fn object(&self, path: &Path, about: &fs::Metadata) -> Option<ObjectId> {
        let path = [&self.prefix, path.as_os_str().as_bytes()].concat();
        let path = path.as_bstr();
        let entry = self
            .index
            .entry_by_path_and_stage(path, Stage::Unconflicted)?;
        let kind = about.file_type();
        let is_kind = match entry.mode {
            Mode::SYMLINK => kind.is_symlink(),
            Mode::FILE | Mode::FILE_EXECUTABLE => kind.is_file(),
            _ => false,
        };
        // Git itself compares whole seconds only, and may be deceived.
        let options = Options {
            use_nsec: true,
            ..Options::default()
        };
        let is_known = is_kind
            && entry.stat.matches(&stat(about), options)
            && !entry.stat.is_racy(self.index.timestamp(), options)
            // By a size of 0 git marks what it must look at again.
            && (about.size() > 0 || entry.id.is_empty_blob());
        is_known.then_some(entry.id)
    }

    /// Whether git changes texts on their way into files, with these attributes in the tree besides the others.
    pub(crate) fn converts(&self, attributes: &[PathBuf]) -> bool {
        let all = self.attributes.iter().chain(attributes);
        all.into_iter().any(|place| match fs::metadata(place) {
            Ok(about) if about.is_file() && about.size() <= MOST_ATTRIBUTES => {
                read(place).map_or(true, |text| asks_to_convert(&text))
            }
            Ok(_) => place != Path::new("/dev/null"),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        })
    }
}

/// What is at a path, as git's index has it: of large numbers the lower half.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "git cuts them so too"
)]
fn stat(about: &fs::Metadata) -> Stat {
    let time = |seconds: i64, nanoseconds: i64| Time {
        secs: seconds as u32,
        nsecs: nanoseconds as u32,
    };
    Stat {
        mtime: time(about.mtime(), about.mtime_nsec()),
        ctime: time(about.ctime(), about.ctime_nsec()),
        dev: about.dev() as u32,
        ino: about.ino() as u32,
        uid: about.uid(),
        gid: about.gid(),
        size: about.size() as u32,
    }
}

/// Where attributes of the user stand that no setting names.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate is where the environment is read"
)]
fn users_attributes() -> Option<PathBuf> {
    let mut variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    gix::path::env::xdg_config("attributes", &mut variable)
}

/// Whether a file of attributes has one by which files are not what the objects are.
fn asks_to_convert(text: &[u8]) -> bool {
    let lines = text.lines().map(<[u8]>::trim_ascii_start);
    let lines = lines.filter(|line| !line.starts_with(b"#"));
    let mut attributes = lines.flat_map(|line| {
        let words = line.split(u8::is_ascii_whitespace);
        words.filter(|word| !word.is_empty()).skip(1)
    });
    // `-text` and `!text` ask for nothing.
    attributes.any(|attribute| {
        let name = attribute.split(|byte| *byte == b'=').next();
        name.is_some_and(|name| CONVERTING.contains(&name))
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate is where files are read"
)]
fn read(place: &Path) -> std::io::Result<Vec<u8>> {
    fs::read(place)
}
