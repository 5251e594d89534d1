//! Stores: what is put is got, in files that op-program reads too; damaged ones are errors.

use std::fs;
use std::sync::LazyLock;

use fpvm_oracle::store::{self, Database, Directory, Layered, Layout, Memory, Store};
use fpvm_oracle::{Error, Key};
use proptest::prelude::*;

fn text(result: Result<impl Sized, Error>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}

/// Puts, gets and lists; `reopen` closes and opens the store again.
fn behaves(mut store: impl Store, reopen: impl Fn() -> Box<dyn Store>) {
    let large = vec![7; 100_000];
    let values: [&[u8]; 4] = [b"", b"\0\xff", b"0x00\n", &large];
    let mut keys: Vec<Key> = values.iter().map(|v| Key::keccak256(v)).collect();
    keys.push(Key::local(1));
    for value in values {
        assert_eq!(store.get(Key::keccak256(value)).unwrap(), None);
        store.put(Key::keccak256(value), value).unwrap();
        assert_eq!(
            store.get(Key::keccak256(value)).unwrap().as_deref(),
            Some(value)
        );
    }
    store.put(Key::local(1), b"old").unwrap();
    store.put(Key::local(1), b"new").unwrap();
    keys.sort();
    assert_eq!(store.keys().unwrap(), keys);
    store.flush().unwrap();
    drop(store);

    let store = reopen();
    assert_eq!(store.keys().unwrap(), keys);
    for value in values {
        assert_eq!(
            store.get(Key::keccak256(value)).unwrap().as_deref(),
            Some(value)
        );
    }
    assert_eq!(
        store.get(Key::local(1)).unwrap().as_deref(),
        Some(&b"new"[..])
    );
    assert_eq!(store.get(Key::local(2)).unwrap(), None);
}

#[test]
fn a_new_directory_is_what_op_program_makes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new");
    behaves(Directory::create(&path).unwrap(), || {
        store::open(&path).unwrap()
    });
    assert_eq!(
        fs::read_to_string(path.join("kvformat")).unwrap(),
        "directory"
    );
    let (folder, name) = ("0100", format!("{}1.txt", "0".repeat(59)));
    assert_eq!(
        fs::read_to_string(path.join(folder).join(name)).unwrap(),
        const_hex::encode("new")
    );
    // Nothing half written is left: five values in folders, and the format.
    assert!(fs::read_dir(&path).unwrap().all(|e| {
        let name = e.unwrap().file_name().into_string().unwrap();
        name == "kvformat" || name.len() == 4
    }));
}

#[test]
fn every_layout_is_recognised_and_kept() {
    let key = Key::keccak256(b"value");
    let hex = key.hex();
    let in_hex = const_hex::encode(b"value");
    let cases = [
        (Layout::Raw, hex.clone(), "value".to_owned()),
        (Layout::Raw, format!("0x{hex}"), "value".to_owned()),
        (Layout::Flat, format!("{hex}.txt"), in_hex.clone()),
        (
            Layout::Flat,
            format!("0x{hex}.txt"),
            format!("0x{in_hex}\n"),
        ),
        (
            Layout::Sharded,
            format!("{}/{}.txt", &hex[..4], &hex[4..]),
            in_hex,
        ),
    ];
    for (layout, name, content) in cases {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(&name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        fs::write(dir.path().join("README"), "other files do not matter").unwrap();
        let opened = Directory::open(dir.path()).unwrap();
        assert_eq!(opened.layout(), layout, "{name}");
        assert_eq!(
            opened.get(key).unwrap().as_deref(),
            Some(&b"value"[..]),
            "{name}"
        );
        assert_eq!(opened.keys().unwrap(), [key], "{name}");
    }
}

#[test]
fn a_directory_of_raw_files_stays_one() {
    let dir = tempfile::tempdir().unwrap();
    let first = dir.path().join(Key::local(1).hex());
    fs::write(&first, b"given").unwrap();
    behaves(Directory::create(dir.path()).unwrap(), || {
        store::open(dir.path()).unwrap()
    });
    assert_eq!(fs::read(first).unwrap(), b"new");
    assert!(!dir.path().join("kvformat").exists());
}

#[test]
fn the_recorded_format_of_op_program_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let format = dir.path().join("kvformat");
    fs::write(&format, "file").unwrap();
    behaves(Directory::create(dir.path()).unwrap(), || {
        store::open(dir.path()).unwrap()
    });
    assert!(
        dir.path()
            .join(format!("0x{}.txt", Key::local(1).hex()))
            .is_file()
    );
    assert_eq!(fs::read_to_string(&format).unwrap(), "file");

    fs::write(&format, "pebble").unwrap();
    let message = text(store::open(dir.path()));
    assert!(
        message.contains("holds a pebble database") && message.contains("--data.format directory"),
        "{message}"
    );
    fs::write(&format, "new-thing").unwrap();
    assert!(
        text(store::open(dir.path())).contains("formats of op-program"),
        "unknown format"
    );
}

#[test]
fn what_is_no_store_is_named() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(store::open(dir.path()).unwrap().keys().unwrap(), []);
    assert!(text(store::open(&dir.path().join("absent"))).contains("nothing is there"));
    fs::write(dir.path().join("notes"), "text").unwrap();
    assert!(text(store::open(dir.path())).contains("no file in it is named by a key"));
    for database in [Database::open, Database::create] {
        assert!(
            text(database(&dir.path().join("notes")))
                .contains("a database made by fpvm is expected")
        );
        assert!(text(database(dir.path())).contains("a database made by fpvm is expected"));
    }
    assert_eq!(
        fs::read_to_string(dir.path().join("notes")).unwrap(),
        "text"
    );
    for file in ["CURRENT", "MANIFEST-000001"] {
        fs::write(dir.path().join(file), "").unwrap();
    }
    assert!(text(store::open(dir.path())).contains("pebble or RocksDB"));
}

#[test]
fn damaged_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Directory::create(dir.path()).unwrap();
    store.put(Key::local(1), b"value").unwrap();
    let file = dir
        .path()
        .join("0100")
        .join(format!("{}1.txt", "0".repeat(59)));
    for content in ["zz", "123", "0xx1"] {
        fs::write(&file, content).unwrap();
        let message = text(store.get(Key::local(1)));
        assert!(
            message.contains(file.to_str().unwrap()) && message.contains("in hex"),
            "{message}"
        );
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(text(store.get(Key::local(1))).contains("a plain file is expected"));
}

#[test]
fn a_write_that_fails_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Directory::create(dir.path()).unwrap();
    // The value's place is taken by a folder that is not empty: the rename fails.
    let target = dir
        .path()
        .join("0100")
        .join(format!("{}1.txt", "0".repeat(59)));
    fs::create_dir_all(target.join("in the way")).unwrap();
    assert!(text(store.put(Key::local(1), b"value")).contains("cannot write"));
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["0100", "kvformat"]);
}

#[test]
fn a_database_keeps_what_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.redb");
    behaves(Database::create(&path).unwrap(), || {
        store::open(&path).unwrap()
    });
    // Dropped without a flush, and written to again.
    store::create(&path)
        .unwrap()
        .put(Key::local(3), b"three")
        .unwrap();
    let mut reader = store::open(&path).unwrap();
    assert_eq!(
        reader.get(Key::local(3)).unwrap().as_deref(),
        Some(&b"three"[..])
    );
    assert_eq!(reader.keys().unwrap().len(), 6);
    assert!(text(reader.put(Key::local(4), b"")).contains("reading only"));
}

#[test]
fn a_database_has_one_writer_and_many_readers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.redb");
    let mut writer = Database::create(&path).unwrap();
    assert_eq!(store::open(&path).unwrap().keys().unwrap(), []);
    writer.put(Key::local(1), b"one").unwrap();
    writer.flush().unwrap();
    let readers = [store::open(&path).unwrap(), store::open(&path).unwrap()];
    for reader in &readers {
        assert_eq!(
            reader.get(Key::local(1)).unwrap().as_deref(),
            Some(&b"one"[..])
        );
    }
    writer.put(Key::local(2), b"two").unwrap();
    writer.flush().unwrap();
    assert_eq!(
        readers[0].get(Key::local(2)).unwrap().as_deref(),
        Some(&b"two"[..])
    );
    let message = text(Database::create(&path));
    assert!(
        message.contains(path.to_str().unwrap()) && message.contains("already open"),
        "{message}"
    );
}

#[test]
fn a_path_decides_what_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    store::create(&at("files/")).unwrap();
    assert!(at("files").is_dir());
    store::create(&at("one.redb")).unwrap();
    assert!(at("one.redb").is_file());
    assert!(
        store::create(&at("files"))
            .unwrap()
            .to_string()
            .starts_with("directory ")
    );
    assert!(store::create(&at("no/such/folder.redb")).is_err());
}

#[test]
fn layers_hide_and_leave_alone_what_is_below() {
    let (mut upper, mut lower) = (Memory::default(), Memory::default());
    lower.put(Key::local(1), b"below").unwrap();
    lower.put(Key::local(2), b"below").unwrap();
    upper.put(Key::local(2), b"above").unwrap();
    let mut both = Layered { upper, lower };
    both.put(Key::local(3), b"new").unwrap();
    let got = |n| both.get(Key::local(n)).unwrap().map(|v| v.to_vec());
    assert_eq!(got(1).as_deref(), Some(&b"below"[..]));
    assert_eq!(got(2).as_deref(), Some(&b"above"[..]));
    assert_eq!(both.keys().unwrap(), [1, 2, 3].map(Key::local));
    assert_eq!(both.lower.get(Key::local(3)).unwrap(), None);
}

/// A database of some dozen values, as bytes.
fn database() -> (Vec<u8>, Vec<Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("d.redb");
    let values: Vec<Vec<u8>> = (0..60u8).map(|n| vec![n; 40 * usize::from(n)]).collect();
    let mut store = Database::create(&path).unwrap();
    for value in &values {
        store.put(Key::keccak256(value), value).unwrap();
    }
    drop(store);
    (fs::read(&path).unwrap(), values)
}

fn read_all(bytes: &[u8], values: &[Vec<u8>]) -> Result<(), Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("d.redb");
    fs::write(&path, bytes).unwrap();
    let store = store::open(&path)?;
    store.keys()?;
    for value in values {
        store.get(Key::keccak256(value))?;
    }
    Ok(())
}

#[test]
fn an_undamaged_database_is_read() {
    let (bytes, values) = database();
    read_all(&bytes, &values).unwrap();
    // What a process killed at its first write leaves.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty.redb");
    fs::write(&path, "").unwrap();
    assert!(text(store::open(&path)).contains("a database made by fpvm is expected"));
    Database::create(&path)
        .unwrap()
        .put(Key::local(1), b"one")
        .unwrap();
    assert_eq!(store::open(&path).unwrap().keys().unwrap(), [Key::local(1)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Damage anywhere: an error or the values, never a panic.
    #[test]
    fn a_damaged_database_is_an_error(
        at in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        static WHOLE: LazyLock<(Vec<u8>, Vec<Vec<u8>>)> = LazyLock::new(database);
        let (mut bytes, values) = WHOLE.clone();
        for (index, change) in at {
            let index = index.index(bytes.len());
            bytes[index] ^= change;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = read_all(&bytes, &values);
    }
}
