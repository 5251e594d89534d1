//! The wire protocol: frames that come back as they were sent, frames cut short, and hostile ones.

use std::io::Cursor;
use std::sync::Arc;
use std::thread;

use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_oracle::store::{Memory, Store};
use fpvm_oracle::wire::{self, Limits};
use fpvm_oracle::{Error, HostEnds, Key, Replay, serve};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    hint: 1 << 16,
    preimage: 1 << 16,
};

/// Gives one byte at a time, as a pipe may.
struct Drip<R>(R);

impl<R: std::io::Read> std::io::Read for Drip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = buffer.len().min(1);
        self.0.read(&mut buffer[..end])
    }
}

proptest! {
    #[test]
    fn frames_round_trip(
        hints in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
        keys in prop::collection::vec(any::<[u8; 32]>(), 0..5),
    ) {
        let (mut h, mut v, mut k) = (Vec::new(), Vec::new(), Vec::new());
        for hint in &hints { wire::send_hint(&mut h, hint, &LIMITS).unwrap(); }
        for value in &values { wire::send_preimage(&mut v, value).unwrap(); }
        for key in &keys { wire::send_key(&mut k, Key(*key)).unwrap(); }
        prop_assert_eq!(h.len(), hints.iter().map(|h| 4 + h.len()).sum::<usize>());
        prop_assert_eq!(v.len(), values.iter().map(|v| 8 + v.len()).sum::<usize>());
        prop_assert_eq!(k.len(), 32 * keys.len());

        let (mut h, mut v, mut k) = (Drip(&h[..]), Drip(&v[..]), Drip(&k[..]));
        for hint in &hints { prop_assert_eq!(wire::read_hint(&mut h, &LIMITS).unwrap(), Some(hint.clone())); }
        for value in &values { prop_assert_eq!(&*wire::read_preimage(&mut v, &LIMITS).unwrap(), &value[..]); }
        for key in &keys { prop_assert_eq!(wire::read_key(&mut k).unwrap(), Some(Key(*key))); }
        prop_assert_eq!(wire::read_hint(&mut h, &LIMITS).unwrap(), None);
        prop_assert_eq!(wire::read_key(&mut k).unwrap(), None);
        prop_assert!(matches!(wire::read_preimage(&mut v, &LIMITS), Err(Error::Closed(_))));
    }

    #[test]
    fn frames_cut_short_are_told_apart_from_the_end(
        payload in prop::collection::vec(any::<u8>(), 0..100),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut frame = Vec::new();
        wire::send_hint(&mut frame, &payload, &LIMITS).unwrap();
        let cut_at = cut.index(frame.len());
        match wire::read_hint(&mut &frame[..cut_at], &LIMITS) {
            Ok(None) => prop_assert_eq!(cut_at, 0),
            Err(Error::Short { got, want, .. }) => {
                let expected = if cut_at < 4 { (cut_at, 4) } else { (cut_at - 4, payload.len()) };
                prop_assert_eq!((got as usize, want as usize), expected);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// Whatever comes, reading ends in a value or an error, and keeps to the limit.
    #[test]
    fn hostile_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let tight = Limits { hint: 50, preimage: 50 };
        if let Ok(Some(hint)) = wire::read_hint(&mut &bytes[..], &tight) { prop_assert!(hint.len() <= 50); }
        if let Ok(value) = wire::read_preimage(&mut &bytes[..], &tight) { prop_assert!(value.len() <= 50); }
    }
}

#[test]
fn lengths_over_the_limit_are_refused_before_anything_is_reserved() {
    for len in [LIMITS.preimage + 1, u64::MAX >> 1, u64::MAX] {
        let mut cursor = Cursor::new(len.to_be_bytes().to_vec());
        let error = wire::read_preimage(&mut cursor, &LIMITS).unwrap_err();
        assert!(
            matches!(error, Error::Oversized { len: l, limit: 65536, .. } if l == len),
            "{error}"
        );
    }
    // An announced length within the limit reserves nothing that does not come.
    let mut cursor = Cursor::new((1u64 << 30).to_be_bytes().to_vec());
    let error = wire::read_preimage(&mut cursor, &Limits::default()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Short {
                got: 0,
                want: 0x4000_0000,
                ..
            }
        ),
        "{error}"
    );

    assert!(matches!(
        wire::read_hint(&mut &[0xff; 4][..], &LIMITS),
        Err(Error::Oversized { .. })
    ));
    let long = vec![0; LIMITS.hint as usize + 1];
    let mut sent = Vec::new();
    assert!(matches!(
        wire::send_hint(&mut sent, &long, &LIMITS),
        Err(Error::Oversized { .. })
    ));
    assert!(sent.is_empty());
}

#[test]
fn any_byte_acknowledges() {
    wire::read_ack(&mut &[0][..]).unwrap();
    wire::read_ack(&mut &[0xff][..]).unwrap();
    assert!(matches!(
        wire::read_ack(&mut &[][..]),
        Err(Error::Closed(_))
    ));
}

/// Both ends of a conversation, the host's in a thread.
struct Conversation {
    hints: std::io::PipeWriter,
    acks: std::io::PipeReader,
    keys: std::io::PipeWriter,
    preimages: std::io::PipeReader,
    host: thread::JoinHandle<Result<(), OracleError>>,
}

fn converse(mut oracle: impl Oracle + Send + 'static) -> Conversation {
    let (hint_in, hints) = std::io::pipe().unwrap();
    let (acks, ack_out) = std::io::pipe().unwrap();
    let (key_in, keys) = std::io::pipe().unwrap();
    let (preimages, preimage_out) = std::io::pipe().unwrap();
    let ends = HostEnds {
        hints: hint_in,
        acks: ack_out,
        keys: key_in,
        preimages: preimage_out,
    };
    let host = thread::spawn(move || serve(&mut oracle, ends, &LIMITS));
    Conversation {
        hints,
        acks,
        keys,
        preimages,
        host,
    }
}

fn store() -> Memory {
    let mut store = Memory::default();
    store.put(Key::local(1), b"in").unwrap();
    store.put(Key::keccak256(b"v"), b"v").unwrap();
    store
}

#[test]
fn a_server_answers_hints_and_keys_until_the_vm_hangs_up() {
    let mut vm = converse(Replay::new(store()));
    for (key, value) in [(Key::local(1), &b"in"[..]), (Key::keccak256(b"v"), b"v")] {
        wire::send_hint(&mut vm.hints, b"hint", &LIMITS).unwrap();
        wire::read_ack(&mut vm.acks).unwrap();
        wire::send_key(&mut vm.keys, key).unwrap();
        assert_eq!(
            &*wire::read_preimage(&mut vm.preimages, &LIMITS).unwrap(),
            value
        );
    }
    // The end of the hints is not the end of the conversation.
    drop(vm.hints);
    wire::send_key(&mut vm.keys, Key::local(1)).unwrap();
    assert_eq!(
        &*wire::read_preimage(&mut vm.preimages, &LIMITS).unwrap(),
        b"in"
    );
    drop(vm.keys);
    vm.host.join().unwrap().unwrap();
}

#[test]
fn a_server_without_the_pre_image_hangs_up() {
    let mut vm = converse(Replay::new(store()));
    wire::send_key(&mut vm.keys, Key::local(2)).unwrap();
    let error = wire::read_preimage(&mut vm.preimages, &LIMITS).unwrap_err();
    assert!(matches!(error, Error::Closed(_)), "{error}");
    let error = vm.host.join().unwrap().unwrap_err().to_string();
    assert!(error.contains(&Key::local(2).to_string()), "{error}");
}

#[test]
fn a_server_passes_hints_to_its_oracle_before_it_acknowledges() {
    #[derive(Default)]
    struct Prepared(Option<Arc<[u8]>>);
    impl Oracle for Prepared {
        fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
            self.0 = Some(hint.into());
            Ok(())
        }
        fn preimage(&mut self, _: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
            self.0.take().ok_or_else(|| "no hint before".into())
        }
    }
    let mut vm = converse(Prepared::default());
    wire::send_hint(&mut vm.hints, b"prepare this", &LIMITS).unwrap();
    wire::read_ack(&mut vm.acks).unwrap();
    wire::send_key(&mut vm.keys, Key::local(1)).unwrap();
    assert_eq!(
        &*wire::read_preimage(&mut vm.preimages, &LIMITS).unwrap(),
        b"prepare this"
    );
}
