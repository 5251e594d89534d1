//! Which files of a crate import which, as far as their paths say.
//!
//! Counted are paths from `crate::`, `super::` and `self::`. That a module re-exports what it declares is
//! structure and not counted; neither are comments and a test module at a file's end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path below its crate.
type Module = Vec<String>;

/// Modules with a file of their own, and what each imports.
pub(crate) type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Reads a crate's sources.
pub(crate) fn read(src: &Path) -> Imports {
    let mut sources = BTreeMap::new();
    collect(src, &mut Vec::new(), &mut sources);
    let modules: BTreeSet<&Module> = sources.keys().collect();
    let imports = sources.iter().map(|(module, source)| {
        let paths = paths(module, source);
        let targets = paths.filter_map(|path| {
            let longest = (1..=path.len()).rev().map(|n| path[..n].to_vec());
            longest.into_iter().find(|prefix| modules.contains(prefix))
        });
        let own = |target: &Module| target == module || target[..target.len() - 1] == module[..];
        (
            module.clone(),
            targets.filter(|target| !own(target)).collect(),
        )
    });
    imports.collect()
}

fn collect(folder: &Path, at: &mut Module, sources: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            at.push(name);
            collect(&path, at, sources);
            at.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut module = at.clone();
            if !["lib", "mod"].contains(&&*name) {
                module.push(name);
            }
            sources.insert(module, fs::read_to_string(&path).expect("a source"));
        }
    }
}

/// The paths that a source names, from the crate's root.
fn paths<'a>(module: &'a Module, source: &'a str) -> impl Iterator<Item = Module> + 'a {
    let source = source
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let lines = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.flat_map(move |line| {
        ["crate", "super", "self"]
            .into_iter()
            .flat_map(move |root| {
                line.match_indices(root).filter_map(move |(at, _)| {
                    let before = line[..at].chars().next_back();
                    if !line[at + root.len()..].starts_with("::")
                        || before.is_some_and(|c| c.is_alphanumeric() || "_$:".contains(c))
                    {
                        return None;
                    }
                    let words = line[at..].split("::").map(|word| {
                        let end = word.find(|c: char| !c.is_alphanumeric() && c != '_');
                        &word[..end.unwrap_or(word.len())]
                    });
                    let mut path = module.clone();
                    for word in words {
                        match word {
                            "crate" => path.clear(),
                            "super" => drop(path.pop()),
                            "self" => {}
                            word => path.push(word.to_owned()),
                        }
                    }
                    Some(path)
                })
            })
    })
}

/// Sets of files that import each other, directly or through others.
pub(crate) fn circles(imports: &Imports) -> Vec<BTreeSet<Module>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> = imports
        .keys()
        .map(|from| (from, reach(from, imports)))
        .collect();
    let mut circles: Vec<BTreeSet<Module>> = Vec::new();
    for (from, to) in &reach {
        let circle: BTreeSet<Module> = to
            .iter()
            .filter(|other| reach[*other].contains(from))
            .map(|other| (*other).clone())
            .collect();
        if circle.len() > 1 && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reach<'a>(from: &'a Module, imports: &'a Imports) -> BTreeSet<&'a Module> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for next in imports.get(at).into_iter().flatten() {
            if let Some((next, _)) = imports.get_key_value(next)
                && seen.insert(next)
            {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn circles_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    };
    write("lib.rs", "mod a;\nmod b;\nmod c;\npub use crate::a::A;\n");
    write("a.rs", "mod inner;\nuse crate::b::B; // crate::c::C\n");
    write("a/inner.rs", "use super::A;\n");
    write("b.rs", "use super::c;\nfn f() { crate::c::inner::g() }\n");
    write(
        "c.rs",
        "use crate::{a::A};\nuse crate::a::inner::X;\n#[cfg(test)]\nmod tests {\n use crate::d::D;\n}\n",
    );
    let circles = circles(&read(folder.path()));
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let all: BTreeSet<Module> = ["a", "a::inner", "b", "c"].map(module).into();
    assert_eq!(circles, [all]);
}
