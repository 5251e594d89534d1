//! The challenger's own folder, which does not grow without bound.
//!
//! Above its limit goes first what hosts have kept for disputes of games that are over, the oldest first, then the
//! programs of such games, and then what was kept of rehearsals that failed. What a game in progress needs is never
//! dropped: where that alone is more, it is said.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use alloy_primitives::B256;

/// The least time from one look to the next: a folder of a host may have many files.
const LOOK: Duration = Duration::from_secs(60);

/// The folder, with hosts' data in `hosts`, programs in `prestates`, and failed rehearsals in `failures`.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    limit: u64,
    looked: Option<Instant>,
    /// Bytes in it, as of the last look.
    bytes: u64,
    /// Whether it was said that it is too large.
    is_over: bool,
}

/// What games in progress need.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Needed {
    /// Their L1 heads, by which folders of hosts are named.
    pub l1_heads: BTreeSet<B256>,
    /// The pre-states of their programs.
    pub prestates: BTreeSet<B256>,
}

/// Something that may go.
struct Spare {
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
}

impl DataFolder {
    /// The folder at a path, of at most so many bytes.
    pub const fn new(path: PathBuf, limit: u64) -> Self {
        Self {
            path,
            limit,
            looked: None,
            bytes: 0,
            is_over: false,
        }
    }

    /// Bytes in it, as of the last look.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Looks at it, at most once a minute, and drops what may go as far as it is above its limit.
    pub fn tidy(&mut self, needed: &Needed) {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return;
        }
        self.looked = Some(Instant::now());
        self.bytes = size(&self.path);
        if self.bytes > self.limit {
            let hosts = self.spare("hosts", &needed.l1_heads);
            let prestates = self.spare("prestates", &needed.prestates);
            let failures = self.spare("failures", &BTreeSet::new());
            for spare in hosts.into_iter().chain(prestates).chain(failures) {
                if self.bytes <= self.limit {
                    break;
                }
                self.drop(&spare);
            }
        }
        let was_over = std::mem::replace(&mut self.is_over, self.bytes > self.limit);
        if self.is_over && !was_over {
            let (path, bytes, limit) = (self.path.display().to_string(), self.bytes, self.limit);
            tracing::warn!(
                target: "challenger", path, bytes, limit,
                "The data of games in progress are more than the limit: nothing of them is dropped"
            );
        }
    }

    /// What lies in a folder below and belongs to none of these hashes, the oldest first.
    fn spare(&self, below: &str, needed: &BTreeSet<B256>) -> Vec<Spare> {
        let entries = fs::read_dir(self.path.join(below));
        let entries = entries.into_iter().flatten().flatten();
        let spare = entries.filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // What is named in another way is somebody else's, or is being written.
            let hash: B256 = name.get(..66)?.parse().ok()?;
            let is_spare = name.starts_with("0x") && !needed.contains(&hash);
            is_spare.then(|| Spare {
                bytes: size(&entry.path()),
                written: written(&entry.path()),
                path: entry.path(),
            })
        });
        let mut spare: Vec<_> = spare.collect();
        spare.sort_by_key(|spare| spare.written);
        spare
    }

    fn drop(&mut self, spare: &Spare) {
        let removed = if spare.path.is_dir() {
            fs::remove_dir_all(&spare.path)
        } else {
            fs::remove_file(&spare.path)
        };
        let path = spare.path.display().to_string();
        match removed {
            Ok(()) => {
                self.bytes = self.bytes.saturating_sub(spare.bytes);
                let bytes = spare.bytes;
                tracing::info!(target: "challenger", path, bytes, "Dropped, because no game needs it");
            }
            Err(why) => {
                let why = why.to_string();
                tracing::warn!(target: "challenger", path, why, "It cannot be dropped");
            }
        }
    }
}

/// Bytes of a file, or of all files below a folder. What goes meanwhile counts for nothing, and links are not followed.
fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| size(&entry.path()));
    sizes.fold(0, u64::saturating_add)
}

/// When a file, or the newest entry of a folder, was written.
fn written(path: &Path) -> SystemTime {
    let own = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let inside = entries.filter_map(|entry| entry.metadata().ok()?.modified().ok());
    inside.chain(own).max().unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KB: usize = 1 << 10;

    fn hash(byte: u8) -> B256 {
        B256::repeat_byte(byte)
    }

    /// A folder with hosts' data of three disputes and two programs, 10 kB each, the first the oldest.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let hosts = folder.path().join("hosts");
        let prestates = folder.path().join("prestates");
        for folder in [&hosts, &prestates] {
            fs::create_dir_all(folder).expect("a folder");
        }
        let put = |path: &Path, age: u64| {
            fs::write(path, vec![7; 10 * KB]).expect("a file");
            let at = SystemTime::now() - Duration::from_secs(age);
            let file = fs::File::options().write(true).open(path).expect("a file");
            file.set_modified(at).expect("a time");
        };
        for byte in [1, 2, 3] {
            let dispute = hosts.join(format!("{}-102", hash(byte)));
            fs::create_dir(&dispute).expect("a folder");
            put(&dispute.join("kv"), 1_000 - u64::from(byte));
            let at = SystemTime::now() - Duration::from_secs(2_000);
            fs::File::open(&dispute)
                .and_then(|dir| dir.set_modified(at))
                .expect("a time");
        }
        for byte in [4, 5] {
            put(
                &prestates.join(format!("{}.bin.gz", hash(byte))),
                10_000 - u64::from(byte),
            );
        }
        // What is named otherwise is left alone.
        put(&prestates.join(".tmp1234"), 50_000);
        folder
    }

    #[test]
    fn what_failed_rehearsals_have_left_goes_last() {
        for (limit, expected) in [(70, &[1, 2, 3, 4, 5][..]), (20, &[]), (10, &[])] {
            let folder = folder();
            let failures = folder.path().join("failures");
            let failure = failures.join(format!("{}-102-cannon-valid", hash(6)));
            fs::create_dir_all(&failure).expect("a folder");
            fs::write(failure.join("kv"), vec![7; 10 * KB]).expect("a file");
            let mut data = DataFolder::new(folder.path().to_owned(), limit * KB as u64);
            data.tidy(&Needed::default());
            assert_eq!(left(folder.path()), expected, "{limit} kB");
            // 10 kB are somebody else's.
            assert_eq!(failure.exists(), limit >= 20, "{limit} kB");
        }
    }

    /// What is left, by the byte that its hash repeats.
    fn left(folder: &Path) -> Vec<u8> {
        let names =
            ["hosts", "prestates"].map(|below| fs::read_dir(folder.join(below)).expect("it"));
        let names = names
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name());
        let mut left: Vec<u8> = names
            .filter_map(|name| u8::from_str_radix(name.to_str()?.get(2..4)?, 16).ok())
            .collect();
        left.sort_unstable();
        left
    }

    fn needed(l1_heads: &[u8], prestates: &[u8]) -> Needed {
        let of = |bytes: &[u8]| bytes.iter().map(|byte| hash(*byte)).collect();
        Needed {
            l1_heads: of(l1_heads),
            prestates: of(prestates),
        }
    }

    #[test]
    fn what_no_game_needs_goes_first_the_oldest_hosts_data() {
        // 60 kB are there.
        for (limit, l1_heads, prestates, expected) in [
            (60, &[][..], &[][..], &[1, 2, 3, 4, 5][..]),
            (50, &[], &[], &[2, 3, 4, 5]),
            (49, &[], &[], &[3, 4, 5]),
            (30, &[1], &[4], &[1, 4]),
            (20, &[], &[4], &[4]),
            // Above the limit, and all needed.
            (5, &[1, 2, 3], &[4, 5], &[1, 2, 3, 4, 5]),
        ] {
            let folder = folder();
            let mut data = DataFolder::new(folder.path().to_owned(), limit * KB as u64);
            data.tidy(&needed(l1_heads, prestates));
            assert_eq!(left(folder.path()), expected, "{limit} kB");
            assert_eq!(data.bytes(), size(folder.path()));
        }
    }

    #[test]
    fn it_is_looked_at_once_a_minute() {
        let folder = folder();
        let mut data = DataFolder::new(folder.path().to_owned(), u64::MAX);
        data.tidy(&Needed::default());
        data.limit = 0;
        data.tidy(&Needed::default());
        assert_eq!(left(folder.path()), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_is_not_there_takes_no_room() {
        let mut data = DataFolder::new("/nowhere/at/all".into(), 0);
        data.tidy(&Needed::default());
        assert_eq!(data.bytes(), 0);
    }
}
