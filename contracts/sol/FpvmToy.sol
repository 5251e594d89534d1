// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// Printed from the instruction definitions of toy-1 (crate `toy-isa`): the table and semantics
// there are the source of this file, and a test fails where the two differ. To change it, change
// them and run `cargo run -p fpvm-contracts --example emit`. The frame around the instructions is
// contracts/src/emit/shell.sol.in, the same for every instruction set.

/// @title FpvmToy: what one step of a toy-1 machine leads to
/// @notice Takes a packed state and proofs of the memory that the step touches, and gives the hash
///         of the state after it. Reverts where the step has no state after it.
contract FpvmToy {
    /// @notice Version of the VM's behaviour as this contract has it.
    string public constant version = "1.0.0";

    /// @notice The calldata is not the plain ABI encoding of a state of 146 bytes and a proof.
    error NonCanonicalCalldata();
    /// @notice The exited flag of the state is neither 0 nor 1.
    error InvalidExitedValue();
    /// @notice No encoding of a proof has this length.
    error InvalidProofLength();
    /// @notice A compact proof contradicts itself: its maps and its length do not fit each other.
    error InvalidCompactProof();
    /// @notice Read past the end of the pre-image.
    error ReadPastTheEndOfThePreImage();
    /// @notice Unaligned memory access.
    error UnalignedMemoryAccess();
    /// @notice Unaligned program counter.
    error UnalignedProgramCounter();
    /// @notice Unknown opcode.
    error UnknownOpcode();
    /// @notice Unknown system call.
    error UnknownSystemCall();
    /// @notice A branch of the proof does not lead to the memory root.
    error InvalidMemoryProof();

    // The addresses of the state's fields while the step runs: packed, in the order of the hash.
    uint256 private constant STATE = 0x100;
    uint256 private constant STATE_LEN = 146;
    uint256 private constant MEM_ROOT = 0x100;
    uint256 private constant PREIMAGE_KEY = 0x120;
    uint256 private constant PREIMAGE_OFFSET = 0x140;
    uint256 private constant PC = 0x144;
    uint256 private constant EXIT_CODE = 0x148;
    uint256 private constant EXITED = 0x149;
    uint256 private constant STEP = 0x14a;
    uint256 private constant REGISTERS = 0x152;

    // The memory branch in use: 1 + leaf index (0: no branch), the leaf as the step has changed it, the
    // branch's number, then the leaf as proved and its siblings from the bottom up.
    uint256 private constant OPEN = 0x1a0;
    uint256 private constant LEAF = 0x1c0;
    uint256 private constant BRANCHES = 0x1e0;
    uint256 private constant BRANCH = 0x2a0;
    uint256 private constant BRANCH_LEN = 896;
    uint256 private constant SIBLINGS = 0x2c0;
    uint256 private constant DEPTH = 27;
    // The roots of empty subtrees by level, for compact proofs.
    uint256 private constant EMPTY = 0x620;
    // The calldata offset at which a compact proof goes on (0: the proof is not compact), the leaf index
    // of the branch before, and how far a branch's map lies from the low end of the word it is read in.
    uint256 private constant COMPACT = 0x200;
    uint256 private constant PREVIOUS = 0x220;
    uint256 private constant MAP_SHIFT = 224;
    // Three words for calls and hashes.
    uint256 private constant CALL = 0x240;

    // The largest word of the guest, the bits of a word, and the number of the byte with the sign bit.
    uint256 private constant WORD = 0xffffffff;
    uint256 private constant WORD_BITS = 32;
    uint256 private constant SIGN_BYTE = 3;

    address private immutable ORACLE;

    /// @param preimageOracle The contract that pre-images are read from.
    constructor(address preimageOracle) {
        ORACLE = preimageOracle;
    }

    /// @notice The contract that pre-images are read from.
    function oracle() external view returns (address) {
        return ORACLE;
    }

    /// @notice Executes one step.
    /// @param stateData The packed state before the step.
    /// @param proof The memory branches that the step needs, the instruction's first: leaf, then
    ///        siblings from the bottom up; or the same in the compact encoding.
    /// @param localContext What local pre-image keys are bound to besides the caller.
    /// @return The hash of the state after the step, its first byte the VM status.
    function step(bytes calldata stateData, bytes calldata proof, bytes32 localContext)
        external
        view
        returns (bytes32)
    {
        address preimageOracle = ORACLE;
        assembly ("memory-safe") {
            // ---- Refusals ----

            function refuse(selector) {
                mstore(0, shl(224, selector))
                revert(0, 4)
            }


            // ---- Fields of the state ----

            function get1(field) -> value { value := byte(0, mload(field)) }
            function get4(field) -> value { value := shr(224, mload(field)) }
            function get8(field) -> value { value := shr(192, mload(field)) }
            function set1(field, value) { mstore8(field, value) }
            function set4(field, value) { mstore(field, or(shr(32, shl(32, mload(field))), shl(224, value))) }
            function set8(field, value) { mstore(field, or(shr(64, shl(64, mload(field))), shl(192, value))) }
            // A general register; the first one stays as it is.
            function setRegister(field, value) { if gt(field, REGISTERS) { set4(field, value) } }

            // ---- Words ----

            function signed(a) -> s { s := signextend(SIGN_BYTE, a) }
            function select(flag, yes, no) -> v { v := xor(no, mul(flag, xor(yes, no))) }
            function sar_(a, amount) -> v { v := and(sar(amount, signed(a)), WORD) }
            function mulHighSigned(a, b) -> v { v := and(shr(WORD_BITS, mul(signed(a), signed(b))), WORD) }
            function mulHighSignedUnsigned(a, b) -> v { v := and(shr(WORD_BITS, mul(signed(a), b)), WORD) }
            function divUnsigned(a, b) -> v { switch b case 0 { v := WORD } default { v := div(a, b) } }
            function divSigned(a, b) -> v {
                switch b case 0 { v := WORD } default { v := and(sdiv(signed(a), signed(b)), WORD) }
            }
            function remUnsigned(a, b) -> v { switch b case 0 { v := a } default { v := mod(a, b) } }
            function remSigned(a, b) -> v {
                switch b case 0 { v := a } default { v := and(smod(signed(a), signed(b)), WORD) }
            }
            function leadingZeros(a) -> n {
                n := WORD_BITS
                for {} a {} {
                    a := shr(1, a)
                    n := sub(n, 1)
                }
            }
            // A number of 1, 2, 4 or 8 bytes, from the guest's byte order to the contract's or back.
            function ordered(a, bytes_) -> v {
                v := or(shl(8, and(a, 0x00ff00ff00ff00ff)), and(shr(8, a), 0x00ff00ff00ff00ff))
                v := or(shl(16, and(v, 0x0000ffff0000ffff)), and(shr(16, v), 0x0000ffff0000ffff))
                v := or(shl(32, and(v, 0xffffffff)), shr(32, v))
                v := shr(sub(64, shl(3, bytes_)), v)
            }

            // ---- Memory ----

            // The root over a leaf at an address. Bit 5 + i of the address tells on which side the
            // node at level i is.
            function rootOf(at, leaf) -> root {
                root := leaf
                let s
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x2c0)) root := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x2e0)) root := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x300)) root := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x320)) root := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x340)) root := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x360)) root := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x380)) root := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3a0)) root := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3c0)) root := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3e0)) root := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x400)) root := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x420)) root := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40)
            }
            // The roots over the leaf as proved and the leaf as it is now, in one walk.
            function rootsOf(at, leaf, newLeaf) -> root, newRoot {
                root := leaf
                newRoot := newLeaf
                let s
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x2c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x2e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x300)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x320)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x340)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x360)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x380)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x400)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x420)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
            }
            // Closes the open branch. The branch has to lead to the memory root; the root over the leaf
            // as the step left it then becomes the memory root.
            function closeBranch() {
                let at := mload(OPEN)
                if at {
                    at := shl(5, sub(at, 1))
                    let leaf := mload(BRANCH)
                    let newLeaf := mload(LEAF)
                    switch eq(leaf, newLeaf)
                    case 1 {
                        if xor(rootOf(at, leaf), mload(MEM_ROOT)) { refuse(0x8e77b2b7) }
                    }
                    default {
                        let root, newRoot := rootsOf(at, leaf, newLeaf)
                        if xor(root, mload(MEM_ROOT)) { refuse(0x8e77b2b7) }
                        mstore(MEM_ROOT, newRoot)
                    }
                    mstore(PREVIOUS, shr(5, at))
                    mstore(OPEN, 0)
                }
            }
            // Writes the roots of empty subtrees to memory, by level.
            function layEmpty() {
                // A leaf is zero.
                mstore(0x640, 0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5)
                mstore(0x660, 0xb4c11951957c6f8f642c4af61cd6b24640fec6dc7fc607ee8206a99e92410d30)
                mstore(0x680, 0x21ddb9a356815c3fac1026b6dec5df3124afbadb485c9ba5a3e3398a04b7ba85)
                mstore(0x6a0, 0xe58769b32a1beaf1ea27375a44095a0d1fb664ce2dd358e7fcbfb78c26a19344)
                mstore(0x6c0, 0x0eb01ebfc9ed27500cd4dfc979272d1f0913cc9f66540d7e8005811109e1cf2d)
                mstore(0x6e0, 0x887c22bd8750d34016ac3c66b5ff102dacdd73f6b014e710b51e8022af9a1968)
                mstore(0x700, 0xffd70157e48063fc33c97a050f7f640233bf646cc98d9524c6b92bcf3ab56f83)
                mstore(0x720, 0x9867cc5f7f196b93bae1e27e6320742445d290f2263827498b54fec539f756af)
                mstore(0x740, 0xcefad4e508c098b9a7e1d8feb19955fb02ba9675585078710969d3440f5054e0)
                mstore(0x760, 0xf9dc3e7fe016e050eff260334f18a5d4fe391d82092319f5964f2e2eb7c1c3a5)
                mstore(0x780, 0xf8b13a49e282f609c317a833fb8d976d11517c571d1221a265d25af778ecf892)
                mstore(0x7a0, 0x3490c6ceeb450aecdc82e28293031d10c7d73bf85e57bf041a97360aa2c5d99c)
                mstore(0x7c0, 0xc1df82d9c4b87413eae2ef048f94b4d3554cea73d92b0f7af96e0271c691e2bb)
                mstore(0x7e0, 0x5c67add7c6caf302256adedf7ab114da0acfe870d449a3a489f781d659e8becc)
                mstore(0x800, 0xda7bce9f4e8618b6bd2f4132ce798cdc7a60e7e1460a7299e3c6342a579626d2)
                mstore(0x820, 0x2733e50f526ec2fa19a22b31e8ed50f23cd1fdf94c9154ed3a7609a2f1ff981f)
                mstore(0x840, 0xe1d3b5c807b281e4683cc6d6315cf95b9ade8641defcb32372f1c126e398ef7a)
                mstore(0x860, 0x5a2dce0a8a7f68bb74560f8f71837c2c2ebbcbf7fffb42ae1896f13f7c7479a0)
                mstore(0x880, 0xb46a28b6f55540f89444f63de0378e3d121be09e06cc9ded1c20e65876d36aa0)
                mstore(0x8a0, 0xc65e9645644786b620e2dd2ad648ddfcbf4a7e5b1a3a4ecfe7f64667a3f0b7e2)
                mstore(0x8c0, 0xf4418588ed35a2458cffeb39b93d26f18d2ab13bdce6aee58e7b99359ec2dfd9)
                mstore(0x8e0, 0x5a9c16dc00d6ef18b7933a6f8dc65ccb55667138776f7dea101070dc8796e377)
                mstore(0x900, 0x4df84f40ae0c8229d0d6069e5c8f39a7c299677a09d367fc7b05e3bc380ee652)
                mstore(0x920, 0xcdc72595f74c7b1043d0e1ffbab734648c838dfb0527d971b602bc216c9619ef)
                mstore(0x940, 0x0abf5ac974a1ed57f4050aa510dd9c74f508277b39d7973bb2dfccc5eeb0618d)
                mstore(0x960, 0xb8cd74046ff337f0a7bf2c8e03e10f642c1886798d71806ab1e888d9e5ee87d0)
            }
            // Writes the next branch of a compact proof to memory as any other branch is, for the leaf
            // with this index. In calldata a branch is a map, the leaf, and the siblings that the map
            // has a bit for; all other siblings are roots of subtrees that are all zero. Where the path
            // meets the path of the branch before, the sibling is that path's node; above, both have
            // the same siblings.
            function takeCompact(index, taken) {
                let levels := DEPTH
                switch taken
                case 0 { layEmpty() }
                default {
                    let previous := mload(PREVIOUS)
                    levels := 0
                    for { let apart := xor(index, previous) } apart { apart := shr(1, apart) } {
                        levels := add(levels, 1)
                    }
                    if iszero(levels) {
                        mstore(BRANCH, mload(LEAF))
                        leave
                    }
                    levels := sub(levels, 1)
                    let node := mload(LEAF)
                    for { let level := 0 } lt(level, levels) { level := add(level, 1) } {
                        let s := shl(5, and(shr(level, previous), 1))
                        mstore(s, node)
                        mstore(xor(s, 0x20), mload(add(SIBLINGS, shl(5, level))))
                        node := keccak256(0, 0x40)
                    }
                    mstore(add(SIBLINGS, shl(5, levels)), node)
                }
                let from := mload(COMPACT)
                let map := shr(MAP_SHIFT, calldataload(from))
                // The map has a bit for a level whose sibling is known already.
                if shr(levels, map) { refuse(0x8e145d86) } // InvalidCompactProof
                from := add(from, shr(3, sub(256, MAP_SHIFT)))
                mstore(BRANCH, calldataload(from))
                from := add(from, 0x20)
                mcopy(SIBLINGS, EMPTY, shl(5, levels))
                for { let sibling := SIBLINGS } map { map := shr(1, map) } {
                    if and(map, 1) {
                        mstore(sibling, calldataload(from))
                        from := add(from, 0x20)
                    }
                    sibling := add(sibling, 0x20)
                }
                mstore(COMPACT, from)
            }
            // The leaf that holds an address. Each leaf that the step comes to takes the next branch;
            // `closeBranch` checks the branch.
            function leafOf(at) -> leaf {
                let index := add(shr(5, at), 1)
                if xor(index, mload(OPEN)) {
                    closeBranch()
                    mstore(OPEN, index)
                    let taken := mload(BRANCHES)
                    mstore(BRANCHES, add(taken, 1))
                    switch mload(COMPACT)
                    case 0 {
                        calldatacopy(BRANCH, add(324, mul(taken, BRANCH_LEN)), BRANCH_LEN)
                    }
                    default { takeCompact(shr(5, at), taken) }
                    mstore(LEAF, mload(BRANCH))
                }
                leaf := mload(LEAF)
            }
            // The next leaf's first address.
            function beyond(at, place) -> next_ { next_ := and(add(at, sub(32, place)), WORD) }
            // The 1, 2, 4 or 8 bytes at any address.
            function load(at, bytes_) -> value {
                let place := and(at, 31)
                value := shr(sub(256, shl(3, bytes_)), shl(shl(3, place), leafOf(at)))
                let end := add(place, bytes_)
                if gt(end, 32) { value := or(value, shr(shl(3, sub(64, end)), leafOf(beyond(at, place)))) }
                value := ordered(value, bytes_)
            }
            function store(at, bytes_, value) {
                let place := and(at, 31)
                let free := sub(256, shl(3, bytes_))
                let mask := shl(free, not(0))
                value := shl(free, ordered(and(value, shr(free, not(0))), bytes_))
                patch(at, shr(shl(3, place), mask), shr(shl(3, place), value))
                if gt(add(place, bytes_), 32) {
                    let shift := shl(3, sub(32, place))
                    patch(beyond(at, place), shl(shift, mask), shl(shift, value))
                }
            }
            // Replaces the masked bits of the leaf that holds an address.
            function patch(at, mask, value) { mstore(LEAF, or(and(leafOf(at), not(mask)), value)) }
            function fewer(a, b) -> least { least := xor(a, mul(lt(b, a), xor(a, b))) }
            // The count, cut at the end of the aligned window that the address is in.
            function inWindow(at, count, window) -> n {
                n := fewer(count, sub(window, and(at, sub(window, 1))))
            }

            // ---- Pre-images ----

            // Shifts bytes at an address, up to the window's end, into the pre-image key.
            function appendKey(at, count, window) -> n {
                n := inWindow(at, count, window)
                let bits := shl(3, n)
                let tail := shr(sub(256, bits), shl(shl(3, and(at, 31)), leafOf(at)))
                mstore(PREIMAGE_KEY, or(shl(bits, mload(PREIMAGE_KEY)), tail))
                set4(PREIMAGE_OFFSET, 0)
            }
            // Copies bytes of length prefix and pre-image, up to the window's end, to an address. `ok` is
            // 0 if the oracle has no such part.
            function readPreimage(at, count, window, source, context) -> ok, n {
                let key := mload(PREIMAGE_KEY)
                let offset := get4(PREIMAGE_OFFSET)
                if eq(byte(0, key), 1) {
                    // A local key is bound to the caller and to the context that the caller names.
                    mstore(CALL, key)
                    mstore(add(CALL, 0x20), caller())
                    mstore(add(CALL, 0x40), context)
                    key := or(shr(8, shl(8, keccak256(CALL, 0x60))), shl(248, 1))
                }
                // readPreimage(bytes32 key, uint256 offset) returns (bytes32 part, uint256 length)
                mstore(CALL, shl(224, 0xe03110e1))
                mstore(add(CALL, 0x04), key)
                mstore(add(CALL, 0x24), offset)
                ok := staticcall(gas(), source, CALL, 0x44, 0, 0x40)
                ok := and(ok, gt(returndatasize(), 0x3f))
                let part := mload(0)
                let length := mload(0x20)
                ok := and(ok, iszero(iszero(length)))
                n := fewer(inWindow(at, count, window), length)
                let mask := not(shr(shl(3, n), not(0)))
                let bits := shl(3, and(at, 31))
                patch(at, shr(bits, mask), shr(bits, and(part, mask)))
                set4(PREIMAGE_OFFSET, and(add(offset, n), WORD))
            }

            // ---- The state as it came ----

            // The memory below STATE is the compiler's.
            if gt(mload(0x40), STATE) { revert(0, 0) }
            if or(
                or(xor(stateData.offset, 132), xor(stateData.length, STATE_LEN)),
                or(
                    xor(proof.offset, 324),
                    xor(calldatasize(), add(324, and(add(proof.length, 31), not(31))))
                )
            ) { refuse(0xf26c0d4b) } // NonCanonicalCalldata
            calldatacopy(STATE, 132, STATE_LEN)
            let exited := get1(EXITED)
            if gt(exited, 1) { refuse(0x0136cc76) } // InvalidExitedValue
            // Whole branches are a multiple of 32 bytes, a compact proof never is.
            let from := 0
            switch and(proof.length, 31)
            case 0 {
                if mod(proof.length, 896) { refuse(0x4dc5f6a4) } // InvalidProofLength
            }
            default { from := proof.offset }

            // ---- The step, unless the program has ended ----

            if iszero(exited) {
                mstore(OPEN, 0)
                mstore(BRANCHES, 0)
                mstore(COMPACT, from)
                set8(STEP, and(add(get8(STEP), 1), 0xffffffffffffffff))
                let here := get4(PC)
                let next := and(add(here, 4), WORD)

                if iszero(iszero(and(here, 3))) { refuse(0x3bf18263) } // UnalignedProgramCounter

                let insn := load(here, 4)
                closeBranch()

                switch lt(shr(24, insn), 0x10)
                case 1 {
                    switch lt(shr(24, insn), 5)
                    case 1 {
                        switch shr(24, insn)
                        case 1 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // add rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(add(ra, rb), WORD))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        case 2 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // sub rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(sub(ra, rb), WORD))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        case 3 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // mul rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(mul(ra, rb), WORD))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        case 4 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // and rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(ra, rb))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        default { refuse(0xfac9f7b8) } // UnknownOpcode
                    }
                    default {
                        switch shr(24, insn)
                        case 5 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // xor rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), xor(ra, rb))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        case 6 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // shl rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(shl(rb, ra), WORD))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        case 7 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // shr rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), shr(rb, ra))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        case 8 {
                            switch eq(and(insn, 0xfff), 0)
                            case 1 {
                                // sltu rd, ra, rb
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let rb := get4(add(REGISTERS, and(shr(10, insn), 0x3c)))
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), lt(ra, rb))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        default { refuse(0xfac9f7b8) } // UnknownOpcode
                    }
                }
                default {
                    switch lt(shr(24, insn), 0x22)
                    case 1 {
                        switch shr(24, insn)
                        case 0x10 {
                            // addi rd, ra, imm
                            let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                            setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(add(ra, and(signextend(1, insn), WORD)), WORD))
                        }
                        case 0x11 {
                            switch eq(and(insn, 0xf0000), 0)
                            case 1 {
                                // lui rd, high
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(shl(0x10, and(insn, 0xffff)), WORD))
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        case 0x20 {
                            // lw rd, imm(ra)
                            let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                            let sum := and(add(ra, and(signextend(1, insn), WORD)), WORD)
                            if iszero(iszero(and(sum, 3))) { refuse(0x5a205cee) } // UnalignedMemoryAccess
                            let loaded := load(sum, 4)
                            setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), loaded)
                        }
                        case 0x21 {
                            // sw rd, imm(ra)
                            let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                            let sum := and(add(ra, and(signextend(1, insn), WORD)), WORD)
                            if iszero(iszero(and(sum, 3))) { refuse(0x5a205cee) } // UnalignedMemoryAccess
                            let rd := get4(add(REGISTERS, and(shr(18, insn), 0x3c)))
                            store(sum, 4, rd)
                        }
                        default { refuse(0xfac9f7b8) } // UnknownOpcode
                    }
                    default {
                        switch lt(shr(24, insn), 0x31)
                        case 1 {
                            switch shr(24, insn)
                            case 0x22 {
                                // sb rd, imm(ra)
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let sum := and(add(ra, and(signextend(1, insn), WORD)), WORD)
                                let rd := get4(add(REGISTERS, and(shr(18, insn), 0x3c)))
                                let shifted := and(shl(3, and(sum, 3)), WORD)
                                let address_ := and(sum, not(3))
                                let old := load(address_, 4)
                                store(address_, 4, or(and(old, xor(and(shl(shifted, 0xff), WORD), WORD)), and(shl(shifted, and(rd, 0xff)), WORD)))
                            }
                            case 0x30 {
                                // beq rd, ra, to
                                let rd := get4(add(REGISTERS, and(shr(18, insn), 0x3c)))
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                if eq(rd, ra) { next := and(add(here, and(shl(2, signextend(1, insn)), WORD)), WORD) }
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                        default {
                            switch shr(24, insn)
                            case 0x31 {
                                switch eq(and(insn, 0xf0000), 0)
                                case 1 {
                                    // jal rd, to
                                    setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(add(here, 4), WORD))
                                    next := and(add(here, and(shl(2, signextend(1, insn)), WORD)), WORD)
                                }
                                default { refuse(0xfac9f7b8) } // UnknownOpcode
                            }
                            case 0x32 {
                                // jalr rd, imm(ra)
                                let ra := get4(add(REGISTERS, and(shr(14, insn), 0x3c)))
                                let sum := and(add(ra, and(signextend(1, insn), WORD)), WORD)
                                if iszero(iszero(and(sum, 3))) { refuse(0x3bf18263) } // UnalignedProgramCounter
                                setRegister(add(REGISTERS, and(shr(18, insn), 0x3c)), and(add(here, 4), WORD))
                                next := sum
                            }
                            case 0xff {
                                switch eq(and(insn, 0xffffff), 0)
                                case 1 {
                                    // sys
                                    let r1 := get4(add(REGISTERS, 0x4))
                                    let r2 := get4(add(REGISTERS, 0x8))
                                    let r3 := get4(add(REGISTERS, 0xc))
                                    switch lt(r1, 3)
                                    case 1 {
                                        switch r1
                                        case 1 { // exit
                                            set1(EXITED, 1)
                                            set1(EXIT_CODE, and(r2, 0xff))
                                        }
                                        case 2 { set4(add(REGISTERS, 0x4), r3) } // print
                                        default { refuse(0x16c03c90) } // UnknownSystemCall
                                    }
                                    default {
                                        switch r1
                                        case 3 { set4(add(REGISTERS, 0x4), r3) } // hint
                                        case 4 { // key
                                            let appended := appendKey(r2, r3, 4)
                                            set4(add(REGISTERS, 0x4), appended)
                                        }
                                        case 5 { // read
                                            let found, copied := readPreimage(r2, r3, 4, preimageOracle, localContext)
                                            if iszero(found) { refuse(0xd197086b) } // ReadPastTheEndOfThePreImage
                                            set4(add(REGISTERS, 0x4), copied)
                                        }
                                        default { refuse(0x16c03c90) } // UnknownSystemCall
                                    }
                                }
                                default { refuse(0xfac9f7b8) } // UnknownOpcode
                            }
                            default { refuse(0xfac9f7b8) } // UnknownOpcode
                        }
                    }
                }

                closeBranch()
                if from {
                    if xor(mload(COMPACT), add(from, proof.length)) {
                        refuse(0x8e145d86) // InvalidCompactProof
                    }
                }
                set4(PC, next)
            }

            // ---- The state as it leaves ----

            // VM status: 3 while the program runs, else 0 valid, 1 invalid, 2 any other exit code.
            let status := 3
            if get1(EXITED) { status := fewer(get1(EXIT_CODE), 2) }
            mstore(0, or(shr(8, shl(8, keccak256(STATE, STATE_LEN))), shl(248, status)))
            return(0, 0x20)
        }
    }
}
