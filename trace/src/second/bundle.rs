//! What it takes to find out why two tiers differ, in a folder: `fpvm bisect` goes on from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fpvm_oracle::Key;
use serde_json::json;

use super::difference::{Difference, Side};
use crate::repeat::{command_line, write_preimages};

/// Where it is kept how tiers differ: in a folder for each execution with the last common state (`before.bin.gz`), the
/// pre-images that were read (`preimages`), and what is known (`difference.json`).
#[derive(Clone, Debug)]
pub struct Bundles {
    /// The folder of all of them; made where it is not there.
    pub folder: PathBuf,
    /// The most that are kept; of later ones nothing is.
    pub most: usize,
    /// The program that bisects, for the command line: against another VM, or against itself by its fastest tier.
    pub own: PathBuf,
}

/// What is kept.
pub(super) struct Bundle<'a> {
    /// The execution's name.
    pub(super) name: &'a str,
    /// How the two are called.
    pub(super) names: [&'a str; 2],
    /// The tier of the second.
    pub(super) tier: &'a str,
    /// The program of another VM, where that is the one that differs.
    pub(super) other: Option<&'a str>,
    /// How they differ.
    pub(super) difference: &'a Difference,
    /// A file with the last common state.
    pub(super) before: &'a Path,
    /// The pre-images that were read.
    pub(super) reads: Vec<(Key, Arc<[u8]>)>,
}

impl Bundles {
    /// Keeps a bundle, and gives the command line that finds the step; why it cannot, in words.
    pub(super) fn keep(&self, bundle: Bundle<'_>) -> Result<String, String> {
        let folder = self.folder.join(bundle.name);
        let at = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        fs::create_dir_all(&self.folder).map_err(|why| at(&self.folder, &why))?;
        let there = fs::read_dir(&self.folder).map_err(|why| at(&self.folder, &why))?;
        if there.count() >= self.most && !folder.exists() {
            let most = self.most;
            return Err(at(
                &self.folder,
                &format!("there are {most} already, remove some"),
            ));
        }
        fs::create_dir_all(&folder).map_err(|why| at(&folder, &why))?;
        let before = folder.join("before.bin.gz");
        fs::copy(bundle.before, &before).map_err(|why| at(&before, &why))?;
        let preimages = folder.join("preimages");
        write_preimages(&preimages, &bundle.reads).map_err(|why| at(&preimages, &why))?;
        let Difference {
            equal,
            differs,
            sides,
        } = bundle.difference;
        let shown = |path: &Path| path.display().to_string();
        let command = [
            shown(&self.own),
            "bisect".into(),
            bundle.other.map_or_else(|| shown(&self.own), str::to_owned),
            shown(&before),
            "--tier".into(),
            bundle.tier.into(),
            "--until".into(),
            differs.to_string(),
            "--preimages".into(),
            shown(&preimages),
        ];
        let command = command_line(command);
        let [first, second] = [0, 1].map(|of| {
            let mut side = json!({ "vm": bundle.names[of], "what": sides[of].to_string() });
            if let Side::Root(root) = sides[of] {
                side["root"] = root.to_string().into();
            }
            side
        });
        let known = json!({
            "execution": bundle.name,
            "equalAt": equal,
            "differsAt": differs,
            "first": first,
            "second": second,
            "bisect": command,
        });
        let path = folder.join("difference.json");
        fs::write(&path, format!("{known:#}\n")).map_err(|why| at(&path, &why))?;
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_only_so_many() {
        let folder = tempfile::tempdir().expect("a folder");
        let bundles = Bundles {
            folder: folder.path().join("differences"),
            most: 1,
            own: "fpvm".into(),
        };
        let state = folder.path().join("state");
        fs::write(&state, "state").expect("written");
        let difference = Difference {
            equal: 1,
            differs: 2,
            sides: [Side::Ended, Side::Failed("why".into())],
        };
        let keep = |name| {
            bundles.keep(Bundle {
                name,
                names: ["cannon", "interpreter"],
                tier: "interpreter",
                other: Some("cannon"),
                difference: &difference,
                before: &state,
                reads: vec![(Key::keccak256(b"a"), b"a"[..].into())],
            })
        };
        let command = keep("one").expect("kept");
        assert!(command.starts_with("fpvm bisect cannon /"), "{command}");
        assert!(keep("two").is_err_and(|why| why.contains("there are 1 already")));
        assert!(keep("one").is_ok(), "the same again");
        let known = fs::read_to_string(bundles.folder.join("one/difference.json"));
        let known: serde_json::Value = known.expect("there").parse().expect("JSON");
        assert_eq!(known["bisect"], command);
        assert_eq!(known["differsAt"], 2);
    }
}
