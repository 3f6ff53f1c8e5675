//! What patches make of files: as `git apply` and `patch` do, in the corners that differ between readers.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use series::{Input, Series, apply};
use source::Memory;

/// What a patch makes of files (name and text); the error is told.
fn made(files: &[(&str, &str)], patch: &str) -> Result<Vec<(String, Option<String>)>, String> {
    let mut tree = Memory::new("");
    for (path, text) in files {
        tree.insert(path, text.as_bytes());
    }
    let series = Series::read(&[Input::new("p", patch)]);
    if let Some(fault) = series.faults.first() {
        return Err(fault.to_string());
    }
    let patch = series.patches.first().ok_or("no patch")?;
    let applied = apply(&tree, patch).map_err(|why| why.to_string())?;
    let text = |text: &std::sync::Arc<[u8]>| String::from_utf8_lossy(text).into_owned();
    let files = applied.files.iter();
    Ok(files
        .map(|(path, made)| (path.clone(), made.as_ref().map(text)))
        .collect())
}

/// The same for a patch of the file `f`.
fn made_of(text: &str, hunks: &str) -> Result<String, String> {
    let files = made(&[("f", text)], &format!("--- a/f\n+++ b/f\n{hunks}"))?;
    Ok(files[0].1.clone().unwrap())
}

#[test]
fn a_last_line_gets_its_end_and_a_signature_follows() {
    let hunk = "@@ -1,2 +1,2 @@\n 1\n-}\n\\ No newline at end of file\n+}\n-- \n2.39.0\n";
    assert_eq!(made_of("1\n}", hunk).unwrap(), "1\n}\n");
    // In another language.
    let hunk = "@@ -1 +1 @@\n-a\n+b\n\\ Kein Zeilenumbruch am Dateiende.\n";
    assert_eq!(made_of("a\n", hunk).unwrap(), "b");
}

#[test]
fn fuzz_writes_no_context_that_the_file_has_not() {
    let hunk = "@@ -4,6 +4,7 @@\n 4\n 5\n 6\n+new\n 7\n 8\n 9\n";
    let file = "1\n2\n3\n4\n5\n6\n7\n8\n";
    assert_eq!(
        made_of(file, hunk).unwrap(),
        "1\n2\n3\n4\n5\n6\nnew\n7\n8\n"
    );
    // Two lines never become one.
    let hunk = "@@ -1 +1,2 @@\n changed\n+x\n";
    assert_eq!(made_of("chg", hunk).unwrap(), "chg\nx\n");
}

#[test]
fn hunks_go_where_their_lines_are_in_any_order() {
    let hunks = "@@ -9,2 +9,3 @@\n a\n+x\n b\n@@ -1,2 +1,3 @@\n c\n+y\n d\n";
    assert_eq!(
        made_of("c\nd\n1\n2\na\nb\n", hunks).unwrap(),
        "c\ny\nd\n1\n2\na\nx\nb\n"
    );
    let far = format!("@@ -{0},2 +{0},3 @@\n a\n+x\n b\n", 1_u64 << 39);
    assert_eq!(made_of("a\nb\n", &far).unwrap(), "a\nx\nb\n");
    assert!(made_of("a\nb\n", "@@ -18446744073709551614,1 +1,1 @@\n-a\n+b\n").is_err());
}

#[test]
fn what_is_renamed_or_copied_is_what_was_there_before() {
    let head = |old: &str, new: &str, verb: &str| {
        format!(
            "diff --git a/{old} b/{new}\nsimilarity index 100%\n{verb} from {old}\n{verb} to {new}\n"
        )
    };
    let swap = head("f", "g", "rename") + &head("g", "f", "rename");
    let swapped = made(&[("f", "F\n"), ("g", "G\n")], &swap).unwrap();
    let expected =
        [("f", "G\n"), ("g", "F\n")].map(|(path, text)| (path.to_owned(), Some(text.to_owned())));
    assert_eq!(swapped, expected);
    let copy = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-F\n+new\n".to_owned()
        + &head("f", "z", "copy");
    let copied = made(&[("f", "F\n")], &copy).unwrap();
    let expected =
        [("f", "new\n"), ("z", "F\n")].map(|(path, text)| (path.to_owned(), Some(text.to_owned())));
    assert_eq!(copied, expected);
    let chain = head("bar", "foo", "rename") + &head("foo", "zoo", "rename");
    let chained = made(&[("bar", "B\n"), ("foo", "F\n")], &chain).unwrap();
    assert_eq!(
        chained[1..],
        [
            ("foo".to_owned(), Some("B\n".to_owned())),
            ("zoo".to_owned(), Some("F\n".to_owned()))
        ]
    );
    let taken = made(&[("f", "F\n"), ("g", "G\n")], &head("f", "g", "rename"));
    assert!(taken.unwrap_err().contains("is there already"));
}

#[test]
fn no_hunk_is_lost_without_a_word() {
    let file = [("f", "1\n2\n3\n")];
    for (patch, why) in [
        (
            "diff --git a/f b/f\n--- a/f\n+++ b/f\n\n@@ -1 +1,2 @@\n 1\n+x\n",
            "does not follow",
        ),
        (
            "diff --git a/f b/f\nindex 0123456..789abcd 100644\n",
            "does not follow",
        ),
        (
            "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+x\njunk\n@@ -3 +4,2 @@\n 3\n+y\n",
            "torn from its file",
        ),
        (
            "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n 1\n+x\n",
            "this hunk is broken",
        ),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n 1\n", "changes nothing"),
    ] {
        let told = made(&file, patch).unwrap_err();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn both_forms_may_stand_in_one_patch() {
    let git = "diff --git a/f b/f\nnew mode 100755\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+2\n";
    let plain = "Index: g\n=====\n--- a/g\n+++ b/g\n@@ -1 +1 @@\n-3\n+4\n";
    let files = made(&[("f", "1\n"), ("g", "3\n")], &format!("{git}{plain}")).unwrap();
    assert_eq!(files.len(), 2);
    let files = made(&[("f", "1\n"), ("g", "3\n")], &format!("{plain}{git}")).unwrap();
    assert_eq!(files.len(), 2);
}

#[test]
fn other_line_ends_of_a_patch_are_none_of_the_file() {
    let patch = "--- a/f\r\n+++ b/f\r\n@@ -1 +1,2 @@\r\n 1\r\n+x\r\n";
    assert_eq!(
        made(&[("f", "1\n")], patch).unwrap()[0].1.as_deref(),
        Some("1\nx\n")
    );
    // But where only the lines of the file have them, they are.
    let patch = "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\r\n+x\r\n";
    assert_eq!(
        made(&[("f", "1\r\n")], patch).unwrap()[0].1.as_deref(),
        Some("1\r\nx\r\n")
    );
}

#[test]
fn files_come_and_go() {
    let patch = "diff --git \"a/m\\303\\244 1\" \"b/m\\303\\244 1\"\nnew file mode 100664\nindex 000000000..e69de29bb\n";
    assert_eq!(
        made(&[], patch).unwrap(),
        [("mä 1".to_owned(), Some(String::new()))]
    );
    let old = "--- a/f\t2026-11-24 10:00:00 +0000\n+++ b/f\t1970-01-01 00:00:00 +0000\n@@ -1 +0,0 @@\n-1\n";
    assert_eq!(
        made(&[("f", "1\n")], old).unwrap(),
        [("f".to_owned(), None)]
    );
    assert!(made(&[("f", "1\n2\n")], old).is_err());
    let new = "--- a/f\t1970-01-01 00:00:00 +0000\n+++ b/f\t2026-11-24 10:00:00 +0000\n@@ -0,0 +1 @@\n+1\n";
    assert_eq!(
        made(&[], new).unwrap(),
        [("f".to_owned(), Some("1\n".to_owned()))]
    );
    assert!(
        made(&[("f", "2\n")], new)
            .unwrap_err()
            .contains("is there already")
    );
    let below = "diff --git a/d/x b/d/x\nnew file mode 100644\n--- /dev/null\n+++ b/d/x\n@@ -0,0 +1 @@\n+1\n";
    assert!(
        made(&[("d", "1\n")], below)
            .unwrap_err()
            .contains("d is a file")
    );
    let over = below.replace("d/x", "d");
    assert!(
        made(&[("d/x", "1\n")], &over)
            .unwrap_err()
            .contains("is a directory")
    );
    let orig = "--- a/f\n+++ b/f.new\n@@ -1 +1 @@\n-1\n+2\n";
    assert_eq!(
        made(&[("f", "1\n"), ("f.new", "9\n")], orig).unwrap()[0].0,
        "f"
    );
}

#[test]
fn binary_data_wants_the_text_that_it_was_made_of() {
    // The same as `git diff --binary` says of a file of three bytes that gets a fourth.
    let patch = "diff --git a/f b/f\nindex 10ddd6d257e01349d514541981aeecea6b2e741d..2e65efe2a145dda7ee51d1741299f848e5bf752e 100644\n\
                 GIT binary patch\nliteral 1\nIcmYd&00aO4000;O\n\nliteral 3\nKcmY\n\n";
    let told = made(&[("f", "abc")], patch).unwrap_err();
    assert!(told.contains("made of another text"), "{told}");
}

#[test]
fn mails_are_read_as_their_kinds_say() {
    let flowed = "From: a@b\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/plain; format=flowed\n\n\
                  why\n---\n--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n  1\n+x\n  2\n";
    assert_eq!(
        made(&[("f", "1\n2\n")], flowed).unwrap()[0].1.as_deref(),
        Some("1\nx\n2\n")
    );
    let unended = "From: a@b\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
                   --b\n\nwhy\n--b\nContent-Type: application/octet-stream\n\n--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+x\n--b--\n";
    assert_eq!(
        made(&[("f", "1\n")], unended).unwrap()[0].1.as_deref(),
        Some("1\nx\n")
    );
    // "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+x\n", behind which a list has its say.
    let footer = "Date: today\nContent-Transfer-Encoding: base64\n\nLS0tIGEvZgorKysgYi9mCkBAIC0xICsxLDIgQEAKIDEKK3gK\n\
                  _______________\nlist@example.org\n";
    assert_eq!(
        made(&[("f", "1\n")], footer).unwrap()[0].1.as_deref(),
        Some("1\nx\n")
    );
}
