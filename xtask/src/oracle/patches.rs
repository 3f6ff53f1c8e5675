//! What our patches make of files, beside what `git apply` and `patch` make of them.
//!
//! The patches are those of Debian's kernel packages, which go on each other: the tree has all of them, so they are taken off
//! first, from the last to the first. Each is then put on as it is, on files that are otherwise than it says, torn, and as
//! it comes by mail. Where git puts it on, that decides; else where `patch` does; else it must be refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use series::{Input, Operation, Series};
use source::{Layer, Memory};

use super::Found;
use crate::conf::Scratch;
use crate::error::Error;

/// Files by their paths.
type Files = BTreeMap<String, Vec<u8>>;

/// What is done with a patch and its files before it is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Nothing.
    AsItIs,
    /// Lines are put before all others of each file.
    Moved,
    /// Each tenth line of each file has another blank at its end.
    Changed,
    /// It is there already.
    Applied,
    /// The patch ends in its midst.
    Torn,
    /// The lines of the patch end as on other systems.
    Dos,
    /// Blanks at the ends of the patch's lines are gone, as some programs mail it.
    Stripped,
    /// It comes as a mail of this kind.
    Mail(&'static str),
}

const SHAPES: [Shape; 11] = [
    Shape::AsItIs,
    Shape::Moved,
    Shape::Changed,
    Shape::Applied,
    Shape::Torn,
    Shape::Dos,
    Shape::Stripped,
    Shape::Mail("qp"),
    Shape::Mail("base64"),
    Shape::Mail("mixed"),
    Shape::Mail("crlf"),
];

/// How often who put a patch on.
#[derive(Default)]
struct Counts {
    cases: u32,
    git: u32,
    patch: u32,
    refused: u32,
}

pub(super) fn compare(tree: &Path, folders: &[PathBuf]) -> Result<Found, Error> {
    let scratch = Scratch::new("patches")?;
    let (mut counts, mut differences) = (Counts::default(), Vec::new());
    for folder in folders {
        let patches = patches(folder)?;
        let mut state = state(tree, &patches)?;
        let place = Place(scratch.path().to_path_buf());
        for (_, text) in patches.iter().rev() {
            if let Some(before) = place.patch(&state, text, &["-R"])? {
                state = before;
            }
        }
        let mails = place.mails(&patches)?;
        for (name, text) in &patches {
            let now = place.made(&state, text)?;
            for shape in SHAPES {
                let case = (shape, name.as_str(), text.as_slice());
                let told = place.case(case, (&state, now.as_ref()), &mails, &mut counts)?;
                differences.extend(told.map(|told| format!("{shape:?} {name}: {told}")));
            }
            state = now.unwrap_or(state);
        }
    }
    Ok(Found {
        summary: format!(
            "{} cases: {} as git apply, {} as patch, {} refused by both; {} differ",
            counts.cases,
            counts.git,
            counts.patch,
            counts.refused,
            differences.len()
        ),
        differences,
    })
}

/// The patches of a folder, in the order of its `series`, or by name.
fn patches(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let list = folder.join("series");
    let names: Vec<String> = if let Ok(text) = fs::read_to_string(&list) {
        let names = series::names(&text);
        names.map(str::to_owned).collect()
    } else {
        let entries = fs::read_dir(folder).map_err(|error| Error::io("read", folder, &error))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".patch")).collect();
        names.sort();
        names
    };
    let read = |name: String| {
        let path = folder.join(&name);
        let text = fs::read(&path).map_err(|error| Error::io("read", &path, &error))?;
        Ok((name, text))
    };
    names.into_iter().map(read).collect()
}

/// The files of a tree that patches have to do with.
fn state(tree: &Path, patches: &[(String, Vec<u8>)]) -> Result<Files, Error> {
    let mut paths = BTreeSet::new();
    for (name, text) in patches {
        let series = Series::read(&[Input::new(name, text.clone())]);
        if series.patches.is_empty() {
            return Err(Error::new(format!("{name} cannot be read as a patch")));
        }
        for file in series.patches.iter().flat_map(|patch| &patch.files) {
            let (old, new, has_prefix) = match &file.operation {
                Operation::Create(path) | Operation::Delete(path) => (path, path, true),
                Operation::Modify(old, new) => (old, new, true),
                Operation::Rename(old, new) | Operation::Copy(old, new) => (old, new, false),
            };
            for path in [old, new] {
                let cut = path
                    .split_once('/')
                    .map(|(_, rest)| rest)
                    .filter(|_| has_prefix);
                paths.insert(cut.unwrap_or(path).to_owned());
            }
        }
    }
    let read = |path: String| {
        let text = fs::read(tree.join(&path)).ok()?;
        Some((path, text))
    };
    Ok(paths.into_iter().filter_map(read).collect())
}

/// Where files are laid out for other programs.
struct Place(PathBuf);

impl Place {
    /// What a shape of a patch makes of files, by all three; what differs, in words.
    fn case(
        &self,
        (shape, name, text): (Shape, &str, &[u8]),
        (before, after): (&Files, Option<&Files>),
        mails: &BTreeMap<String, Vec<u8>>,
        counts: &mut Counts,
    ) -> Result<Option<String>, Error> {
        let own = touched(before, after, text);
        let mut files = own.clone();
        let mut given = text.to_vec();
        let mut plain = None;
        match shape {
            Shape::AsItIs => {}
            Shape::Moved => files
                .values_mut()
                .for_each(|text| drop(text.splice(..0, *b"/* one */\n\n/* two */\n"))),
            Shape::Changed => files.values_mut().for_each(|text| *text = changed(text)),
            Shape::Applied => match after {
                Some(after) => files = touched(after, Some(before), text),
                None => return Ok(None),
            },
            Shape::Torn => given.truncate(text.len() * 2 / 3),
            Shape::Dos => given = replaced(text, |line| [line, b"\r\n"].concat()),
            Shape::Stripped => {
                given = replaced(text, |line| [line.trim_ascii_end(), b"\n"].concat());
            }
            Shape::Mail(kind) => {
                let Some(mail) = mails.get(&format!("{name}.{kind}")) else {
                    return Ok(None);
                };
                given.clone_from(mail);
                plain = Some(self.mailed(mail)?);
            }
        }
        counts.cases += 1;
        let plain = plain.as_deref().unwrap_or(&given);
        // git takes the ends of lines that came from elsewhere into new files.
        let by_git = match shape {
            Shape::Dos => None,
            _ => self.git(&files, plain)?,
        };
        let (theirs, who) = match by_git {
            Some(made) => (Some(made), "git apply"),
            // What is torn goes on for patch where only context is missing; half a patch is none for us.
            None if shape == Shape::Torn => (None, "git apply"),
            None => (self.patch(&files, plain, &[])?, "patch"),
        };
        match (&theirs, who) {
            (Some(_), "git apply") => counts.git += 1,
            (Some(_), _) => counts.patch += 1,
            (None, _) => counts.refused += 1,
        }
        Ok(judged(
            theirs.as_ref().map(|made| (made, who)),
            ours(&files, name, &given),
            shape,
        ))
    }

    /// What git, or else patch, makes of all files.
    fn made(&self, state: &Files, text: &[u8]) -> Result<Option<Files>, Error> {
        match self.git(state, text)? {
            Some(made) => Ok(Some(made)),
            None => self.patch(state, text, &[]),
        }
    }

    fn git(&self, files: &Files, text: &[u8]) -> Result<Option<Files>, Error> {
        let arguments = ["apply", "--whitespace=nowarn", "-p1"];
        let mut command = Command::new("git");
        command
            .args(arguments)
            .env("GIT_CEILING_DIRECTORIES", &self.0);
        self.run(files, text, command)
    }

    fn patch(&self, files: &Files, text: &[u8], more: &[&str]) -> Result<Option<Files>, Error> {
        let mut command = Command::new("patch");
        command
            .args(["-p1", "-f", "-s", "-r", "-", "--no-backup-if-mismatch"])
            .args(more);
        self.run(files, text, command)
    }

    /// Lets a program put a patch on files; `None` where it refuses.
    fn run(
        &self,
        files: &Files,
        text: &[u8],
        mut command: Command,
    ) -> Result<Option<Files>, Error> {
        let folder = self.0.join("files");
        crate::debian::remove(&folder)?;
        write_all(&folder, files)?;
        let given = self.0.join("given.patch");
        fs::write(&given, text).map_err(|error| Error::io("write", &given, &error))?;
        let stdin = fs::File::open(&given).map_err(|error| Error::io("read", &given, &error))?;
        command
            .current_dir(&folder)
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status();
        let status =
            status.map_err(|error| Error::io("run", Path::new(command.get_program()), &error))?;
        Ok(status.success().then(|| read_all(&folder)))
    }

    /// The patch that git takes out of a mail.
    fn mailed(&self, mail: &[u8]) -> Result<Vec<u8>, Error> {
        let at = |name: &str| self.0.join(name);
        fs::write(at("mail"), mail).map_err(|error| Error::io("write", &at("mail"), &error))?;
        // As git am does, line ends of the mail are no part of it.
        let script = "rm -rf box && mkdir box && git mailsplit -b -obox mail >/dev/null && git mailinfo message mailed <box/0001 >/dev/null";
        let status = Command::new("sh")
            .args(["-c", script])
            .current_dir(&self.0)
            .status();
        status.map_err(|error| Error::io("run", Path::new("git"), &error))?;
        fs::read(at("mailed")).map_err(|error| Error::io("read", &at("mailed"), &error))
    }

    /// The patches as mails of several kinds, by name and kind.
    fn mails(&self, patches: &[(String, Vec<u8>)]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let folder = self.0.join("mails");
        crate::debian::remove(&folder)?;
        let names = (0..patches.len()).map(|number| format!("{number:04}.patch"));
        let files = names.zip(patches.iter().map(|(_, text)| text.clone()));
        write_all(&folder, &files.collect())?;
        let script = crate::root().join("xtask/src/oracle/mails.py");
        let mut python = Command::new("python3");
        crate::conf::said(python.arg(script).arg(&folder))?;
        let mut mails = BTreeMap::new();
        for (number, (name, _)) in patches.iter().enumerate() {
            for shape in SHAPES {
                let Shape::Mail(kind) = shape else { continue };
                if let Ok(mail) = fs::read(folder.join(format!("{number:04}.{kind}"))) {
                    mails.insert(format!("{name}.{kind}"), mail);
                }
            }
        }
        Ok(mails)
    }
}

/// How our answer differs from that of another program, if it does.
fn judged(
    theirs: Option<(&Files, &str)>,
    ours: Result<Files, String>,
    shape: Shape,
) -> Option<String> {
    match (theirs, ours) {
        (None, Err(_)) => None,
        (Some((theirs, who)), Ok(ours)) => {
            let paths = theirs.keys().chain(ours.keys());
            let mut other = paths.filter(|path| theirs.get(*path) != ours.get(*path));
            other
                .next()
                .map(|path| format!("{who} makes another {path}"))
        }
        // git passes over the head of a file behind which nothing stands.
        (Some(_), Err(why)) if shape == Shape::Torn && why.contains("does not follow") => None,
        (Some((_, who)), Err(why)) => {
            let why = why.lines().next().unwrap_or_default();
            Some(format!("{who} puts it on, we say {why}"))
        }
        (None, Ok(_)) => Some("both refuse it, we put it on".to_owned()),
    }
}

/// Those files that a patch changes, or names.
fn touched(files: &Files, others: Option<&Files>, text: &[u8]) -> Files {
    let text = String::from_utf8_lossy(text);
    let is_other = |path: &String, now: &Vec<u8>| {
        others.is_some_and(|others| others.get(path) != Some(now)) || text.contains(path.as_str())
    };
    let own = files.iter().filter(|(path, now)| is_other(path, now));
    own.map(|(path, text)| (path.clone(), text.clone()))
        .collect()
}

/// What we make of files; the error is in words.
fn ours(files: &Files, name: &str, given: &[u8]) -> Result<Files, String> {
    let mut layer = Layer::over(Arc::new(Memory::new("")));
    for (path, text) in files {
        layer.put(path, text);
    }
    let series = Series::read(&[Input::new(name, given)]);
    if let Some(fault) = series.faults.first() {
        return Err(fault.to_string());
    }
    if series.patches.is_empty() {
        return Err("there is no patch".to_owned());
    }
    let mut made = files.clone();
    for patch in &series.patches {
        let applied = series::apply(&layer, patch).map_err(|why| why.to_string())?;
        for (path, text) in applied.files {
            if let Some(text) = text {
                layer.put(&path, &text);
                made.insert(path, text.to_vec());
            } else {
                layer.remove(&path);
                made.remove(&path);
            }
        }
    }
    Ok(made)
}

fn changed(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    let lines = lines.map(|(number, line)| match line.strip_suffix(b"\n") {
        Some(line) if number % 10 == 9 => [line, b" \n"].concat(),
        _ => line.to_vec(),
    });
    lines.collect::<Vec<_>>().concat()
}

/// A text with other lines; they come without their ends.
fn replaced(text: &[u8], line: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(|one| line(one.strip_suffix(b"\n").unwrap_or(one)));
    lines.collect::<Vec<_>>().concat()
}

fn write_all(folder: &Path, files: &Files) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    for (path, text) in files {
        let place = folder.join(path);
        let above = place.parent().unwrap_or(folder);
        fs::create_dir_all(above).map_err(|error| Error::io("create", above, &error))?;
        fs::write(&place, text).map_err(|error| Error::io("write", &place, &error))?;
    }
    Ok(())
}

fn read_all(folder: &Path) -> Files {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = all.filter(|entry| entry.file_type().is_file());
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(folder).ok()?.to_str()?.to_owned();
        Some((path, fs::read(entry.path()).ok()?))
    };
    files.filter_map(read).collect()
}
