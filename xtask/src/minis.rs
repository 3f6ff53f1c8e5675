//! The mini kernels of testdata, as the real tools see them.
//!
//! A fixture that no compiler would take proves little. So the kernel's own `conf` reads their
//! Kconfig, GNU make says what is built, and gcc compiles and links it, for every architecture and
//! for several configurations (everything, nothing, defaults, seeded random ones).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::conf::{self, Scratch, said};
use crate::debian::remove;
use crate::error::Error;

/// What `conf` is asked for; a number is the seed of a random configuration.
const CONFIGURATIONS: &[&str] = &[
    "--allyesconfig",
    "--allmodconfig",
    "--allnoconfig",
    "--alldefconfig",
    "1",
    "2",
    "3",
    "4",
];

/// Checks every mini kernel below `testdata` that is meant to be whole.
pub(crate) fn run(testdata: &Path) -> Result<ExitCode, Error> {
    let scratch = Scratch::new("minis")?;
    let conf = conf::build(&scratch.path().join("conf"))?;
    let (mut passed, mut failed) = (0, 0);
    for mini in folders(testdata)? {
        // A mini that is broken on purpose says so in its name.
        if !mini.join("Makefile").is_file() || ends_with_fault(&mini) {
            continue;
        }
        for arch in folders(&mini.join("arch"))? {
            for configuration in CONFIGURATIONS {
                let build = Build {
                    mini: &mini,
                    arch: name(&arch),
                    conf: &conf,
                    scratch: scratch.path(),
                };
                match build.run(configuration) {
                    Ok(()) => passed += 1,
                    Err(error) => {
                        failed += 1;
                        println!("{} {} {configuration}: {error}", mini.display(), build.arch);
                    }
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn ends_with_fault(mini: &Path) -> bool {
    let name = name(mini);
    name.starts_with("broken-") || name.ends_with("-loop")
}

struct Build<'a> {
    mini: &'a Path,
    arch: String,
    conf: &'a Path,
    scratch: &'a Path,
}

impl Build<'_> {
    fn run(&self, configuration: &str) -> Result<(), Error> {
        let out = self.scratch.join("build");
        remove(&out)?;
        for folder in ["include/config", "include/generated", "include/asm"] {
            let path = out.join(folder);
            fs::create_dir_all(&path).map_err(|error| Error::io("create", &path, &error))?;
        }
        self.configure(configuration, &out)?;
        self.generate(&out)?;
        let mut linked = Vec::new();
        for (is_module, object) in self.objects(&out)? {
            let compiled = self.compile(&object, is_module, &out)?;
            if !is_module {
                linked.push(compiled);
            }
        }
        let mut link = Command::new("gcc");
        link.args([
            "-nostdlib",
            "-static",
            "-no-pie",
            "-Wl,--entry=start_kernel",
            "-o",
        ]);
        link.arg(out.join("vmlinux")).args(linked);
        said(&mut link).map(drop)
    }

    /// `conf` writes .config, include/config/auto.conf and include/generated/autoconf.h.
    fn configure(&self, configuration: &str, out: &Path) -> Result<(), Error> {
        let is_seed = !configuration.starts_with('-');
        for step in [
            if is_seed {
                "--randconfig"
            } else {
                configuration
            },
            "--syncconfig",
        ] {
            let mut conf = conf::ask(self.conf, self.mini, &self.arch, out);
            conf.args([step, "Kconfig"]);
            if is_seed {
                conf.env("KCONFIG_SEED", configuration);
            }
            let warned = said(&mut conf)?;
            if let Some(line) = warned.lines().find(|line| line.contains("warning:")) {
                return Err(Error::new(line));
            }
        }
        Ok(())
    }

    /// A header that the architecture takes from asm-generic, as scripts/Makefile.asm-generic does.
    fn generate(&self, out: &Path) -> Result<(), Error> {
        let list = self
            .mini
            .join("arch")
            .join(&self.arch)
            .join("include/asm/Kbuild");
        let text = fs::read_to_string(&list).unwrap_or_default();
        for header in text
            .lines()
            .filter_map(|line| line.strip_prefix("generic-y += "))
        {
            let path = out.join("include/asm").join(header);
            fs::write(&path, format!("#include <asm-generic/{header}>\n"))
                .map_err(|error| Error::io("write", &path, &error))?;
        }
        Ok(())
    }

    /// Everything that is built, with true for what goes into a module.
    fn objects(&self, out: &Path) -> Result<BTreeSet<(bool, String)>, Error> {
        let mut objects = BTreeSet::new();
        let mut folders = vec![".".to_owned()];
        while let Some(folder) = folders.pop() {
            let mut make = Command::new("make");
            make.arg("-s")
                .arg("-f")
                .arg(crate::root().join("xtask/src/minis.mk"));
            make.arg(format!("dir={folder}"));
            make.arg(format!(
                "auto={}",
                out.join("include/config/auto.conf").display()
            ));
            make.arg(format!("ARCH={}", self.arch))
                .current_dir(self.mini);
            for word in said(&mut make)?.split_whitespace() {
                let Some((kind, path)) = word.split_once(':') else {
                    continue;
                };
                let path = path.trim_start_matches("./").to_owned();
                match path.strip_suffix('/') {
                    Some(inner) => folders.push(inner.to_owned()),
                    None => drop(objects.insert((kind == "m", path))),
                }
            }
        }
        Ok(objects)
    }

    fn compile(&self, object: &str, is_module: bool, out: &Path) -> Result<PathBuf, Error> {
        let source = format!("{}.c", object.trim_end_matches(".o"));
        let compiled = out.join(object.replace('/', "_"));
        let mut gcc = Command::new("gcc");
        gcc.current_dir(self.mini);
        gcc.args([
            "-c",
            "-O2",
            "-std=gnu11",
            "-Wall",
            "-Werror",
            "-nostdinc",
            "-ffreestanding",
        ]);
        gcc.args(["-fno-pie", "-fno-builtin", "-D__KERNEL__", "-Iinclude"]);
        gcc.arg(format!("-Iarch/{}/include", self.arch))
            .arg("-I")
            .arg(out.join("include"));
        gcc.args(["-include", "linux/kconfig.h"]);
        if is_module {
            gcc.arg("-DMODULE");
        }
        gcc.arg(&source).arg("-o").arg(&compiled);
        said(&mut gcc)?;
        Ok(compiled)
    }
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listed = fs::read_dir(folder).map_err(|error| Error::io("list", folder, &error))?;
    let paths = listed.filter_map(|entry| Some(entry.ok()?.path()));
    let folders: BTreeSet<_> = paths.filter(|path| path.is_dir()).collect();
    Ok(folders.into_iter().collect())
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
