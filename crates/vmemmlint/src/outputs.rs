//! Where reports go: one to standard output, others to files.
//!
//! A file is written whole or not at all: a reader never meets half a report, and a report that could not be
//! written leaves the one before it.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use report::{Detail, Report};
use rules::{Catalog, Outcome};
use source::Source;
use tempfile::NamedTempFile;

use crate::arguments::Check;
use crate::engine::Settings;
use crate::{Failure, one_line, print, terminal};

/// How the answer of a check is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Human,
    /// One JSON object, for programs
    Json,
    /// A JSON object in each line: findings, problems, a summary
    Jsonl,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Workflow commands, which GitHub shows at the lines of a change
    Github,
    /// A code quality report of GitLab
    Gitlab,
    /// A test for each rule and architecture
    Junit,
    /// Diagnostics for reviewdog
    Rdjson,
    /// A line for each finding, for vim's quickfix and Emacs' compile
    Terse,
    /// For comments and summaries of code hosts
    Markdown,
    /// A page for browsers, one file that needs nothing else
    Html,
    /// Paths for Graphviz
    Dot,
    /// Paths as a picture
    Svg,
}

/// A report and the file that it is written to: `sarif=out.sarif`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) format: ReportFormat,
    pub(crate) file: PathBuf,
}

/// Reads `FORMAT=FILE`.
pub(crate) fn parse(written: &str) -> Result<Output, String> {
    let Some((format, file)) = written.split_once('=') else {
        return Err("FORMAT=FILE is wanted, such as sarif=report.sarif".to_owned());
    };
    let format = <ReportFormat as ValueEnum>::from_str(format, false).map_err(|_| {
        let all = ReportFormat::value_variants().iter();
        let names = all.filter_map(|f| Some(f.to_possible_value()?.get_name().to_owned()));
        let names: Vec<String> = names.collect();
        format!(
            "there is no format {format}; there are {}",
            names.join(", ")
        )
    })?;
    if file.is_empty() {
        return Err("the name of a file is wanted behind the =".to_owned());
    }
    let file = PathBuf::from(file);
    Ok(Output { format, file })
}

/// Whether files can be written that are wanted: what can be known before the work is told before it.
pub(crate) fn can_be_written(check: &Check) -> Result<(), Failure> {
    let baseline = check.failing.write_baseline.iter();
    let outputs = check.telling.output.iter().map(|output| &output.file);
    let mut met = BTreeSet::new();
    for file in outputs.chain(baseline) {
        let folder = folder_of(file);
        let shown = one_line(&file.to_string_lossy());
        let Ok(whole) = whole(file) else {
            let folder = one_line(&folder.to_string_lossy());
            return Err(format!(
                "cannot write {shown}: there is no directory {folder}"
            ));
        };
        if file.is_dir() {
            return Err(format!("cannot write {shown}: it is a directory"));
        }
        if !whole.starts_with("/dev") && !met.insert(whole) {
            return Err(format!("{shown} is named for two things"));
        }
    }
    Ok(())
}

/// A file below the place where its directory really is; the file itself need not be there yet.
pub(crate) fn whole(file: &Path) -> io::Result<PathBuf> {
    let folder = std::fs::canonicalize(folder_of(file))?;
    Ok(folder.join(file.file_name().unwrap_or_default()))
}

fn folder_of(file: &Path) -> &Path {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Prints the report, and writes those that go to files; the first that cannot be written is told at the end.
pub(crate) fn write(
    check: &Check,
    outcome: &Outcome,
    source: &dyn Source,
    settings: &Settings,
) -> Result<(), Failure> {
    let catalog = settings.catalog.as_deref();
    write_or(check, None, (outcome, source), catalog)
}

/// The same with something else printed in place of the report.
pub(crate) fn write_or(
    check: &Check,
    printed: Option<String>,
    (outcome, source): (&Outcome, &dyn Source),
    catalog: Option<&Catalog>,
) -> Result<(), Failure> {
    let tree = check.subject.name();
    let rules = catalog.map_or(&[][..], Catalog::rules);
    let report = Report {
        tree: &tree,
        folder: &check.subject.tree.to_string_lossy(),
        outcome,
        source,
        rules,
        version: env!("CARGO_PKG_VERSION"),
    };
    let outputs = check.telling.output.iter();
    let mut written: Vec<Result<(), Failure>> = outputs
        .map(|output| {
            let text = rendered(check, output.format, &report, true);
            put(&output.file, text)
        })
        .collect();
    let is_own = printed.is_none();
    let mut text = printed.unwrap_or_else(|| rendered(check, check.telling.format, &report, false));
    if is_own && check.telling.format == ReportFormat::Human {
        text = terminal::with_links(
            text,
            (&check.subject.tree, &check.subject.scope),
            source,
            catalog,
        );
    }
    written.push(print(text));
    written.into_iter().collect()
}

fn rendered(check: &Check, format: ReportFormat, report: &Report<'_>, to_file: bool) -> String {
    let (outcome, source) = (report.outcome, report.source);
    let mut look = terminal::look(check.subject.scope.color);
    if to_file {
        look = terminal::plain(look);
    }
    if check.all_paths {
        look.paths = Detail::All;
    }
    match format {
        ReportFormat::Human if check.telling.statistics => {
            let problems = report::problems(outcome, source, &look);
            problems + &report::statistics(outcome)
        }
        ReportFormat::Human if check.telling.quiet => {
            let problems = report::problems(outcome, source, &look);
            let suppressions = report::suppressions(outcome, &look);
            let findings = report::findings(outcome, source, &look);
            problems + &suppressions + &findings + &report::unknown(report)
        }
        ReportFormat::Human => report::human(report.tree, outcome, source, &look),
        ReportFormat::Json => report::json(report.tree, outcome),
        ReportFormat::Jsonl => report::jsonl(report),
        ReportFormat::Sarif => report::sarif(report),
        ReportFormat::Github => report::github(report),
        ReportFormat::Gitlab => report::gitlab(report),
        ReportFormat::Junit => report::junit(report),
        ReportFormat::Rdjson => report::rdjson(report),
        ReportFormat::Terse => report::terse(report),
        ReportFormat::Markdown => report::markdown(report),
        ReportFormat::Html => report::html(report),
        ReportFormat::Dot => report::dot(report),
        ReportFormat::Svg => report::svg(report),
    }
}

/// Writes a file beside its name, and gives it that name once it is whole. What is no file, such as a pipe, is written to
/// as it is, and so is one that cannot be replaced.
pub(crate) fn put(path: &Path, text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let text = text.as_ref();
    let shown = one_line(&path.to_string_lossy());
    let told = |error: io::Error| format!("cannot write {shown}: {error}");
    // What standard output and error lead to may be a file that others write to as well.
    match path.to_str() {
        Some("/dev/stdout") => return print(text),
        Some("/dev/stderr") => return io::stderr().write_all(text).map_err(told),
        _ => {}
    }
    let known = path.metadata();
    let is_special = known.as_ref().is_ok_and(|known| !known.is_file());
    let is_link = path.is_symlink() && known.is_err();
    if is_special || is_link || path.starts_with("/dev") {
        return in_place(path, text).map_err(told);
    }
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    match staged(&target, text) {
        Ok(Some(file)) => {
            let file = file.persist(&target);
            file.map(|_| ()).map_err(|error| told(error.error))
        }
        Ok(None) if known.is_ok() => in_place(path, text).map_err(told),
        Ok(None) => Err(told(io::ErrorKind::PermissionDenied.into())),
        Err(error) => Err(told(error)),
    }
}

fn in_place(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let is_file = path.metadata().map_or(true, |known| known.is_file());
    let options = options.write(true).create(is_file).truncate(is_file);
    options.open(path)?.write_all(text)
}

/// A new file beside `target`, with the rights and the owner that it has; none where there can be no such file.
pub(crate) fn staged(target: &Path, text: &[u8]) -> io::Result<Option<NamedTempFile>> {
    let mut builder = tempfile::Builder::new();
    // As other programs make their files: what the umask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let Ok(file) = builder.tempfile_in(folder_of(target)) else {
        return Ok(None);
    };
    if let Ok(known) = target.metadata() {
        if known.permissions().readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        file.as_file().set_permissions(known.permissions())?;
        if !keeps_its_owner(file.as_file(), &known)? {
            return Ok(None);
        }
    }
    file.as_file().write_all(text)?;
    Ok(Some(file))
}

#[cfg(unix)]
fn keeps_its_owner(file: &File, known: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let made = file.metadata()?;
    let is_same = (made.uid(), made.gid()) == (known.uid(), known.gid());
    Ok(is_same || fchown(file, Some(known.uid()), Some(known.gid())).is_ok())
}

#[cfg(not(unix))]
fn keeps_its_owner(_: &File, _: &Metadata) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_a_format_and_a_file() {
        let file = PathBuf::from("a=b");
        let format = ReportFormat::Sarif;
        assert_eq!(parse("sarif=a=b"), Ok(Output { format, file }));
        assert!(parse("sarif").is_err_and(|e| e.contains("FORMAT=FILE")));
        assert!(parse("sarif=").is_err());
        assert!(parse("xml=a").is_err_and(|e| e.contains("human, json")));
    }
}
