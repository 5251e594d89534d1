//! Which precompiles of a chain the oracle needs: for each a question whose answer is known to have a length.
//!
//! A call to an address without a precompile succeeds and answers nothing. So on a chain that lacks one, the
//! oracle would keep "succeeded, no output" for its result, and refuses every blob.

use alloy_primitives::{Address, B256, address};

/// A precompile whose result a program of an L2 may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Precompile {
    /// Its address.
    pub address: Address,
    /// What it does.
    pub name: &'static str,
    /// The hard fork of Ethereum that brought it.
    pub fork: &'static str,
    /// How many bytes of input, all zeros, it has an answer to; none for the point evaluation.
    zeros: Option<usize>,
    /// How many bytes it answers.
    answer: usize,
}

/// Those that op-program's and kona's accelerated precompiles ask an L1 for, and the point evaluation of blobs. The
/// zeros are the point at infinity (which pairings, sums and products take), and the field's zero for maps.
pub const PRECOMPILES: [Precompile; 9] = [
    entry(
        address!("0x0000000000000000000000000000000000000008"),
        "bn256 pairing",
        "Istanbul",
        Some(192),
        32,
    ),
    entry(
        address!("0x000000000000000000000000000000000000000a"),
        "point evaluation",
        "Cancun",
        None,
        64,
    ),
    entry(
        address!("0x000000000000000000000000000000000000000b"),
        "BLS12-381 G1 addition",
        "Prague",
        Some(256),
        128,
    ),
    entry(
        address!("0x000000000000000000000000000000000000000c"),
        "BLS12-381 G1 multi-scalar multiplication",
        "Prague",
        Some(160),
        128,
    ),
    entry(
        address!("0x000000000000000000000000000000000000000d"),
        "BLS12-381 G2 addition",
        "Prague",
        Some(512),
        256,
    ),
    entry(
        address!("0x000000000000000000000000000000000000000e"),
        "BLS12-381 G2 multi-scalar multiplication",
        "Prague",
        Some(288),
        256,
    ),
    entry(
        address!("0x000000000000000000000000000000000000000f"),
        "BLS12-381 pairing",
        "Prague",
        Some(384),
        32,
    ),
    entry(
        address!("0x0000000000000000000000000000000000000010"),
        "BLS12-381 map to G1",
        "Prague",
        Some(64),
        128,
    ),
    entry(
        address!("0x0000000000000000000000000000000000000011"),
        "BLS12-381 map to G2",
        "Prague",
        Some(128),
        256,
    ),
];

const fn entry(
    address: Address,
    name: &'static str,
    fork: &'static str,
    zeros: Option<usize>,
    answer: usize,
) -> Precompile {
    Precompile {
        address,
        name,
        fork,
        zeros,
        answer,
    }
}

impl Precompile {
    /// A question that it has an answer to.
    pub fn question(&self) -> Vec<u8> {
        match self.zeros {
            Some(zeros) => vec![0; zeros],
            None => zero_polynomial(),
        }
    }

    /// Whether that is an answer of the precompile, and not the silence of an address without code.
    pub const fn is_answer(&self, answer: &[u8]) -> bool {
        answer.len() == self.answer
    }
}

/// That the polynomial 0 is 0 at 0: versioned hash, point, value, commitment and proof (EIP-4844). Commitment and proof are
/// the point at infinity.
fn zero_polynomial() -> Vec<u8> {
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    // 0x01 and the last 31 bytes of sha256(infinity).
    const VERSIONED: B256 = B256::new(alloy_primitives::hex!(
        "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
    ));
    let zero = [0; 32];
    [&VERSIONED[..], &zero, &zero, &infinity, &infinity].concat()
}
