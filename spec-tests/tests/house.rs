//! The house: which crate uses which, and that no crate has a large circle of imports.
//!
//! `UPDATE_DOCS=1 cargo test -p spec-tests --test house` draws the graph of crates anew.

#[path = "house/imports.rs"]
mod imports;

use serde_json::Value;
use spec_tests::book::{current, repository};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// The most files that may import each other in a circle.
const CIRCLE: usize = 5;

/// A crate of the workspace.
struct Package {
    name: String,
    /// Its folder, from the repository's root.
    folder: String,
    description: String,
    /// Whether others can depend on it from a registry.
    published: bool,
    /// Crates of the workspace that its library or its command uses.
    uses: BTreeSet<String>,
}

/// What `cargo metadata` says of the workspace.
fn packages() -> BTreeMap<String, Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(repository(""))
        .output()
        .expect("cargo runs the tests");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let root = metadata["workspace_root"].as_str().expect("a root");
    let list = metadata["packages"].as_array().expect("packages");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = list.iter().map(|package| {
        let folder = Path::new(package["manifest_path"].as_str().expect("a path"));
        let folder = folder.parent().expect("a folder");
        let folder = folder.strip_prefix(root).expect("it is in the workspace");
        let uses = package["dependencies"].as_array().expect("a list");
        let uses = uses
            .iter()
            .filter(|used| used["path"].is_string() && used["kind"].is_null());
        let name = text(&package["name"]);
        let package = Package {
            name: name.clone(),
            folder: folder.display().to_string(),
            description: text(&package["description"]),
            published: package["publish"].is_null(),
            uses: uses.map(|used| text(&used["name"])).collect(),
        };
        (name, package)
    });
    packages.collect()
}

/// How many floors are below a crate.
fn floor(name: &str, packages: &BTreeMap<String, Package>) -> usize {
    let uses = &packages[name].uses;
    uses.iter()
        .map(|used| floor(used, packages) + 1)
        .max()
        .unwrap_or(0)
}

#[test]
fn the_graph_of_crates_is_drawn() {
    let packages = packages();
    let mut floors: BTreeMap<usize, Vec<&Package>> = BTreeMap::new();
    for package in packages.values() {
        floors
            .entry(floor(&package.name, &packages))
            .or_default()
            .push(package);
    }
    let mut text =
        String::from("| floor | crate | folder | what it holds | uses |\n|---|---|---|---|---|\n");
    for (floor, row) in floors.iter().rev() {
        for package in row {
            let Package {
                name,
                folder,
                description,
                uses,
                ..
            } = package;
            // What a crate reaches through another one that it uses is not listed again.
            let through: BTreeSet<&String> = uses
                .iter()
                .flat_map(|used| below(used, &packages))
                .collect();
            let direct: Vec<&str> = uses
                .iter()
                .filter(|used| !through.contains(used))
                .map(String::as_str)
                .collect();
            let direct = if direct.is_empty() {
                "–".into()
            } else {
                direct.join(", ")
            };
            writeln!(
                text,
                "| {floor} | `{name}` | `{folder}` | {description} | {direct} |"
            )
            .unwrap();
        }
    }
    current("tables/crates.md", &text);
}

/// All crates below one.
fn below<'a>(name: &str, packages: &'a BTreeMap<String, Package>) -> BTreeSet<&'a String> {
    let uses = packages[name].uses.iter();
    uses.flat_map(|used| below(used, packages).into_iter().chain([used]))
        .collect()
}

/// What is published must not need what is not, and says what it is.
#[test]
fn packages_that_are_published_stand_alone() {
    let packages = packages();
    let published: Vec<&Package> = packages
        .values()
        .filter(|package| package.published)
        .collect();
    assert!(published.len() > 10);
    for package in published {
        assert!(package.name.starts_with("fpvm"), "{}", package.name);
        assert!(
            package.description.ends_with('.'),
            "{}: {}",
            package.name,
            package.description
        );
        for used in &package.uses {
            assert!(
                packages[used].published,
                "{} uses {used}, which is not published",
                package.name
            );
        }
    }
}

#[test]
fn no_crate_has_a_large_circle_of_imports() {
    let mut files = 0;
    for package in packages().values() {
        let imports = imports::read(&repository(&package.folder).join("src"));
        files += imports.len();
        for circle in imports::circles(&imports) {
            assert!(
                circle.len() <= CIRCLE,
                "{}: these files import each other: {circle:?}",
                package.name
            );
        }
    }
    assert!(files > 300, "{files} files were read");
}
