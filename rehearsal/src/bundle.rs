//! What it takes to run a failed execution again without any node, in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fpvm_challenger::service::Guest;
use fpvm_checkpoints::GuestVm as _;
use fpvm_oracle::Key;
use fpvm_trace::repeat::{command_line, write_preimages};
use serde_json::json;

use crate::outcome::{Claim, Kept, Rehearsal};

/// Where failed executions are kept: each in a folder that is named after its inputs, with the program before its first
/// step (`prestate.bin.gz`), the pre-images that it read (`preimages`), and what is known (`rehearsal.json`).
#[derive(Clone, Debug)]
pub struct Bundles {
    /// The folder of all of them; made where it is not there.
    pub folder: PathBuf,
    /// The most that are kept: of more the oldest goes.
    pub most: usize,
    /// The program that repeats one, for the command line.
    pub own: PathBuf,
}

impl Bundles {
    /// Keeps an execution; why it cannot, in words.
    pub(crate) fn keep(
        &self,
        name: &str,
        claim: Claim,
        program: &mut Guest,
        reads: &[(Key, Arc<[u8]>)],
        rehearsal: &Rehearsal,
    ) -> Result<Kept, String> {
        let at = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let folder = self.folder.join(format!("{name}-{}", claim.word()));
        self.make_room(&folder);
        // The same execution may have failed before.
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|why| at(&folder, &why))?;
        }
        fs::create_dir_all(&folder).map_err(|why| at(&folder, &why))?;
        let prestate = folder.join("prestate.bin.gz");
        let written = program.write_state(&prestate);
        written.map_err(|why| at(&prestate, &why))?;
        let preimages = folder.join("preimages");
        write_preimages(&preimages, reads).map_err(|why| at(&preimages, &why))?;
        let words = [
            self.own.display().to_string(),
            "run".into(),
            prestate.display().to_string(),
            "--preimages".into(),
            preimages.display().to_string(),
            "--exit-code".into(),
        ];
        let kept = Kept {
            command: command_line(words),
            folder: folder.clone(),
        };
        let known = json!({
            "claim": claim,
            "rehearsal": rehearsal,
            "run": kept.command,
            "version": env!("CARGO_PKG_VERSION"),
        });
        let path = folder.join("rehearsal.json");
        fs::write(&path, format!("{known:#}\n")).map_err(|why| at(&path, &why))?;
        Ok(kept)
    }

    /// Drops the oldest as long as there are too many beside one that is about to be kept.
    fn make_room(&self, coming: &Path) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let written = |entry: &fs::DirEntry| entry.metadata().and_then(|of| of.modified()).ok();
        let mut there: Vec<_> = entries
            .filter(|entry| entry.path() != coming)
            .map(|entry| (written(&entry), entry.path()))
            .collect();
        there.sort();
        let most = self.most.saturating_sub(1);
        let over = there.len().saturating_sub(most);
        for (_, path) in there.into_iter().take(over) {
            if let Err(why) = fs::remove_dir_all(&path) {
                let (path, why) = (path.display().to_string(), why.to_string());
                tracing::warn!(target: "rehearsal", path, why, "An old failure cannot be dropped");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_where_there_are_too_many() {
        let folder = tempfile::tempdir().expect("a folder");
        let bundles = Bundles {
            folder: folder.path().to_owned(),
            most: 2,
            own: "fpvm".into(),
        };
        let age = |name: &str, seconds| {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a folder");
            let at = std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
            let made = fs::File::open(&path).expect("a folder");
            made.set_modified(at).expect("a time");
        };
        age("b", 20);
        age("a", 10);
        age("c", 30);
        bundles.make_room(&folder.path().join("d"));
        let left = || {
            let entries = fs::read_dir(folder.path()).expect("it").flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(left(), ["a"]);
        // One that is written anew takes no further place.
        age("b", 5);
        bundles.make_room(&folder.path().join("a"));
        assert_eq!(left(), ["a", "b"]);
    }
}
