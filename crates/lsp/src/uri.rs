//! Files of the disk as the protocol names them.

use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;
use url::Url;

/// The path of a file; `None` where something else is named.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let url = Url::parse(&uri.0).ok()?;
    (url.scheme() == "file").then(|| url.to_file_path().ok())?
}

/// The name of a file.
pub(crate) fn uri_of(path: &Path) -> Uri {
    let url = Url::from_file_path(path);
    Uri(url.map_or_else(|()| String::new(), String::from))
}

/// The kernel tree around a path: the nearest directory with `Kconfig`, `Makefile` and `arch/`.
pub(crate) fn root_around(path: &Path) -> Option<PathBuf> {
    let mut around = path.ancestors();
    let root = around.find(|place| {
        let has = |name| place.join(name).is_file();
        has("Kconfig") && has("Makefile") && place.join("arch").is_dir()
    })?;
    Some(root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for path in ["/a/b.c", "/a b/\u{e4}#?%.h"] {
            let uri = uri_of(Path::new(path));
            assert_eq!(path_of(&uri).as_deref(), Some(Path::new(path)));
        }
        // As VS Code writes them.
        let odd = Uri("file:///home/a%20b/x%2By.c".to_owned());
        assert_eq!(path_of(&odd).as_deref(), Some(Path::new("/home/a b/x+y.c")));
        for none in ["untitled:Untitled-1", "", "no uri", "git:/a/b.c"] {
            assert_eq!(path_of(&Uri(none.to_owned())), None, "{none}");
        }
    }
}
