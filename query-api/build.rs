//! Puts the dashboard's files into the binary. `make build` makes them first; without them
//! (a plain `cargo build` of a bare clone) the page says how to get them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const MISSING: &str = "src/web/missing.html";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = root.join("../dashboard/dist/site");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={MISSING}");
    // The folder above: what does not exist yet cannot be watched.
    println!("cargo::rerun-if-changed=../dashboard/dist");

    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut files = BTreeMap::new();
    if dist.join("index.html").is_file() {
        // The compiler reads a copy: the dashboard may be built anew meanwhile.
        let copy = out.join("site");
        if copy.exists() {
            fs::remove_dir_all(&copy)?;
        }
        copy_all(&dist, &copy)?;
        collect(&copy, &copy, &mut files)?;
    } else {
        files.insert("index.html".to_owned(), root.join(MISSING));
    }
    fs::write(out.join("files.rs"), table(&files)?)
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Every file below `folder`, by its path from `root`.
fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            let name = name.to_string_lossy().replace('\\', "/");
            files.insert(name, path.canonicalize()?);
        }
    }
    Ok(())
}

/// The files as Rust, each with its compressed forms.
fn table(files: &BTreeMap<String, PathBuf>) -> io::Result<String> {
    let mut code = String::from("&[\n");
    for (name, path) in files {
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let form = |ending: &str| match files.get(&format!("{name}.{ending}")) {
            Some(path) => format!("Some(include_bytes!({path:?}))"),
            None => "None".to_owned(),
        };
        let mut hasher = DefaultHasher::new();
        fs::read(path)?.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        let (brotli, gzip) = (form("br"), form("gz"));
        let _ = writeln!(
            code,
            "File {{ name: {name:?}, etag: {etag:?}, plain: include_bytes!({path:?}), \
             brotli: {brotli}, gzip: {gzip} }},"
        );
    }
    code.push(']');
    Ok(code)
}
