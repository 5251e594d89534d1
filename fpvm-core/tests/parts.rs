//! The part of a pre-image that one step reads, against its definition: a slice of the length as
//! eight big-endian bytes and then the value.

use fpvm_core::step::oracle::PreimagePart;
use proptest::collection::vec;
use proptest::prelude::*;

fn by_definition(value: &[u8], offset: u64) -> Option<Vec<u8>> {
    let whole = [&(value.len() as u64).to_be_bytes(), value].concat();
    let from = usize::try_from(offset).ok()?;
    let rest = whole.get(from..).filter(|rest| !rest.is_empty())?;
    Some(rest[..rest.len().min(32)].to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_are_slices(value in vec(any::<u8>(), 0..150), offset in prop_oneof![
        4 => 0u64..170,
        1 => any::<u64>(),
        1 => (0u64..64).prop_map(|back| u64::MAX - back),
    ]) {
        let part = PreimagePart::of(&value, offset);
        prop_assert_eq!(part.map(|part| part.bytes[..part.len].to_vec()), by_definition(&value, offset));
        if let Some(part) = part {
            prop_assert!(part.bytes[part.len..].iter().all(|byte| *byte == 0));
        }
    }

    /// Read part by part, in steps of any size, the whole comes out.
    #[test]
    fn parts_cover_the_whole(value in vec(any::<u8>(), 0..150), steps in vec(1usize..40, 1..20)) {
        let (mut read, mut sizes) = (Vec::new(), steps.iter().cycle());
        while let Some(part) = PreimagePart::of(&value, read.len() as u64) {
            let take = part.len.min(*sizes.next().unwrap_or(&1));
            read.extend_from_slice(&part.bytes[..take]);
        }
        prop_assert_eq!(read, [&(value.len() as u64).to_be_bytes(), &value[..]].concat());
    }
}
