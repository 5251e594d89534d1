//! What the frame around the instructions takes from an ISA's layout.

use super::layout::Layout;
use super::{Faults, lines, printer};
use fpvm_core::definition::fetch::unit;
use fpvm_core::definition::isa::{Isa, ProofShape, Source};
use fpvm_core::definition::machine::Machine as _;
use fpvm_core::definition::operand::{Cell, Reg};
use fpvm_core::definition::threads::NO_THREADS;
use fpvm_core::machine::memory::LEAF_SIZE;
use fpvm_core::step::compact::{map_len, zero_roots};

/// What only contracts of VMs with short instructions, or with a version in their states, have.
pub(super) fn put_instruction<I: Isa>(
    layout: &Layout,
    features: &mut Vec<&'static str>,
    put: &mut impl FnMut(&str, &str),
) {
    if I::COMPRESSED_MASK != 0 {
        features.push("SHORT");
        put("COMPRESSED_MASK", &format!("{:#x}", I::COMPRESSED_MASK));
    }
    let version = I::STATE.iter().find_map(|field| match field.source {
        Source::Version(version) => Some(version),
        _ => None,
    });
    if let Some(version) = version {
        features.push("STATE_VERSION");
        put("OWN_VERSION", &format!("{version:#x}"));
    }
    // Maps of branches alone can make a compact proof as long as another.
    let (ProofShape::Fixed(most) | ProofShape::UpTo(most)) = layout.proof;
    if most * map_len(layout.depth) >= LEAF_SIZE {
        features.push("PADDING");
    }
}

/// Where the program goes on unless the instruction says otherwise. Where there are short
/// instructions, it is taken for one until it is fetched.
pub(super) fn position<I: Isa>(layout: &Layout) -> String {
    let after = |before: &str| format!("and(add({before}, {}), WORD)", unit::<I>());
    match I::NEXT_PC {
        // The instruction after this one runs in any case; a branch decides what comes after that.
        Some(cell) => lines(
            4,
            &[
                format!("let slot := get{}(NEXT_PC)", layout.size(cell)),
                "let next := slot".to_owned(),
                format!("let after := {}", after("slot")),
            ],
        ),
        None => lines(4, &[format!("let next := {}", after("here"))]),
    }
}

/// What only contracts of VMs with threads or reservations have.
pub(super) fn put_threads<I: Isa>(
    layout: &Layout,
    faults: &mut Faults,
    put: &mut impl FnMut(&str, &str),
) {
    if let Some(threads) = I::THREADS {
        let turn = printer::print::<I>(layout, faults, |machine| {
            machine.stay();
            I::context_switch(machine)
        });
        put("TURN", &lines(5, &turn));
        put("THREAD", &format!("{:#x}", layout.thread()));
        put("NO_THREADS", &const_hex::encode_prefixed(NO_THREADS));
        put("QUANTUM", &threads.quantum.to_string());
    }
    if let Some(reservation) = I::RESERVATION {
        let place = |cell: Cell| layout.place(Reg::Fixed(cell));
        let address = place(reservation.address);
        put("RESERVED", &format!("get{}({})", address.size, address.at));
        let cells = reservation.cells.iter().map(|cell| place(*cell));
        let clear = cells.map(|cell| format!("set{}({}, 0)", cell.size, cell.at));
        put("RELEASE", &lines(5, &clear.collect::<Vec<_>>()));
    }
}

/// Where fields and memory branches are, and the functions that read and write them.
pub(super) fn put_layout<I: Isa>(layout: &Layout, put: &mut impl FnMut(&str, &str)) {
    let fields = layout
        .constants()
        .map(|(name, offset)| format!("    uint256 private constant {name} = {offset:#x};\n"));
    put("FIELDS", &fields.collect::<String>());
    let places = [
        ("STATE", layout.state()),
        ("OPEN", layout.open()),
        ("LEAF", layout.leaf()),
        ("BRANCHES", layout.branches()),
        ("BRANCH", layout.branch()),
        ("SIBLINGS", layout.sibling(0)),
        ("EMPTY", layout.empty(0)),
        ("COMPACT", layout.compact()),
        ("PREVIOUS", layout.previous()),
        ("CALL", layout.call()),
    ];
    for (name, place) in places {
        put(name, &format!("{place:#x}"));
    }
    let numbers = [
        ("STATE_LEN", layout.state_len),
        ("BRANCH_LEN", layout.branch_len),
        ("DEPTH", layout.depth),
        ("MAP_SHIFT", 256 - 8 * map_len(layout.depth)),
        ("THREAD_LEN", layout.thread_len),
        ("THREAD_PROOF_LEN", layout.thread_proof_len),
        ("PROOF_OFFSET", layout.proof_offset()),
        ("BRANCHES_OFFSET", layout.branches_offset()),
        ("WORD_BITS", layout.bits as usize),
        ("SIGN_BYTE", layout.bits as usize / 8 - 1),
    ];
    for (name, number) in numbers {
        put(name, &number.to_string());
    }
    put("WORD", &format!("{:#x}", u64::MAX >> (64 - layout.bits)));
    let size = |cell| layout.size(cell);
    put("SET_REGISTER", &format!("set{}", size(Cell(0))));
    put("GET_OFFSET", &format!("get{}", size(I::PREIMAGE_OFFSET)));
    put("SET_OFFSET", &format!("set{}", size(I::PREIMAGE_OFFSET)));
    put("GET_PC", &format!("get{}", size(I::PC)));
    let end = match I::THREADS {
        Some(_) => "from, length",
        None => "from, proof.length",
    };
    put("PROOF_END", end);
    let position = lines(4, &printer::position::<I>(layout));
    put("SET_POSITION", position.trim_end());
}

/// How roots are computed, numbers read and lengths of proofs checked.
pub(super) fn put_memory(layout: &Layout, put: &mut impl FnMut(&str, &str)) {
    let level = |level: usize| {
        let side = match level {
            0 => "at".to_owned(),
            _ => format!("shr({level}, at)"),
        };
        let sibling = layout.sibling(level);
        format!(
            "s := and({side}, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload({sibling:#x})) root := keccak256(0, 0x40)"
        )
    };
    let one: Vec<String> = (0..layout.depth).map(level).collect();
    put("WALK", &lines(4, &one));
    let new = "mstore(s, newRoot) newRoot := keccak256(0, 0x40)";
    let two: Vec<String> = one.iter().map(|level| format!("{level} {new}")).collect();
    put("WALK2", &lines(4, &two));

    let roots = zero_roots().take(layout.depth).enumerate();
    let roots = roots.map(|(level, root)| match level {
        // Memory that nothing was written to is zero.
        0 => "// A leaf is zero.".to_owned(),
        _ => format!(
            "mstore({:#x}, {})",
            layout.empty(level),
            const_hex::encode_prefixed(root)
        ),
    });
    put("EMPTY_ROOTS", &lines(4, &roots.collect::<Vec<_>>()));

    let ordered: &[&str] = if layout.big_endian {
        &["v := a"]
    } else {
        &[
            "v := or(shl(8, and(a, 0x00ff00ff00ff00ff)), and(shr(8, a), 0x00ff00ff00ff00ff))",
            "v := or(shl(16, and(v, 0x0000ffff0000ffff)), and(shr(16, v), 0x0000ffff0000ffff))",
            "v := or(shl(32, and(v, 0xffffffff)), shr(32, v))",
            "v := shr(sub(64, shl(3, bytes_)), v)",
        ]
    };
    put(
        "ORDERED",
        &lines(
            4,
            &ordered
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>(),
        ),
    );
    let comment = if layout.big_endian {
        "The guest's byte order is that of the contract."
    } else {
        "A number of 1, 2, 4 or 8 bytes, from the guest's byte order to the contract's or back."
    };
    put("ORDER_COMMENT", comment);
    let selector = Faults::selector("InvalidProofLength");
    let refuse = format!("{{ refuse({selector}) }} // InvalidProofLength");
    let check = match (layout.proof, layout.thread_proof_len) {
        (ProofShape::Fixed(count), 0) => vec![
            format!("if xor(proof.length, {}) {{", count * layout.branch_len),
            "    // The step of a program that has exited needs no proof.".to_owned(),
            format!("    if or(iszero(exited), proof.length) {refuse}"),
            "}".to_owned(),
        ],
        (ProofShape::Fixed(count), _) => vec![format!(
            "if iszero(or(from, eq(length, {}))) {refuse}",
            count * layout.branch_len
        )],
        (ProofShape::UpTo(_), 0) => vec![format!(
            "if mod(proof.length, {}) {refuse}",
            layout.branch_len
        )],
        (ProofShape::UpTo(_), _) => vec![format!(
            "if iszero(or(from, iszero(mod(length, {})))) {refuse}",
            layout.branch_len
        )],
    };
    put("CHECK_LENGTH", &lines(4, &check));
}
