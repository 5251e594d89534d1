// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// Printed from the instruction definitions of imac-1 (crate `isa-riscv`): the table and semantics
// there are the source of this file, and a test fails where the two differ. To change it, change
// them and run `cargo run -p fpvm-contracts --example emit`. The frame around the instructions is
// contracts/src/emit/shell.sol.in, the same for every instruction set.

/// @title FpvmRiscvImac: what one step of a imac-1 machine leads to
/// @notice Takes a packed state and proofs of the memory that the step touches, and gives the hash
///         of the state after it. Reverts where the step has no state after it.
contract FpvmRiscvImac {
    /// @notice Version of the VM's behaviour as this contract has it.
    string public constant version = "1.0.0";

    /// @notice The calldata is not the plain ABI encoding of a state of 363 bytes and a proof.
    error NonCanonicalCalldata();
    /// @notice The exited flag of the state is neither 0 nor 1.
    error InvalidExitedValue();
    /// @notice The state belongs to another VM.
    error InvalidVersion();
    /// @notice No encoding of a proof has this length.
    error InvalidProofLength();
    /// @notice A compact proof contradicts itself: its maps and its length do not fit each other.
    error InvalidCompactProof();

    // The addresses of the state's fields while the step runs: packed, in the order of the hash.
    uint256 private constant STATE = 0x100;
    uint256 private constant STATE_LEN = 363;
    uint256 private constant STATE_VERSION = 0x100;
    uint256 private constant MEM_ROOT = 0x101;
    uint256 private constant PREIMAGE_KEY = 0x121;
    uint256 private constant PREIMAGE_OFFSET = 0x141;
    uint256 private constant PC = 0x149;
    uint256 private constant EXIT_CODE = 0x151;
    uint256 private constant EXITED = 0x152;
    uint256 private constant STEP = 0x153;
    uint256 private constant HEAP = 0x15b;
    uint256 private constant LOAD_RESERVATION = 0x163;
    uint256 private constant REGISTERS = 0x16b;

    // The memory branch in use: 1 + leaf index (0: no branch), the leaf as the step has changed it, the
    // branch's number, then the leaf as proved and its siblings from the bottom up.
    uint256 private constant OPEN = 0x280;
    uint256 private constant LEAF = 0x2a0;
    uint256 private constant BRANCHES = 0x2c0;
    uint256 private constant BRANCH = 0x380;
    uint256 private constant BRANCH_LEN = 1920;
    uint256 private constant SIBLINGS = 0x3a0;
    uint256 private constant DEPTH = 59;
    // The roots of empty subtrees by level, for compact proofs.
    uint256 private constant EMPTY = 0xb00;
    // The calldata offset at which a compact proof goes on (0: the proof is not compact), the leaf index
    // of the branch before, and how far a branch's map lies from the low end of the word it is read in.
    uint256 private constant COMPACT = 0x2e0;
    uint256 private constant PREVIOUS = 0x300;
    uint256 private constant MAP_SHIFT = 192;
    // Three words for calls and hashes.
    uint256 private constant CALL = 0x320;

    // The largest word of the guest, the bits of a word, and the number of the byte with the sign bit.
    uint256 private constant WORD = 0xffffffffffffffff;
    uint256 private constant WORD_BITS = 64;
    uint256 private constant SIGN_BYTE = 7;

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

            // A fault reverts with its code as a word.
            function fault(code) {
                mstore(0, code)
                revert(0, 0x20)
            }
            

            // ---- Fields of the state ----

            function get1(field) -> value { value := byte(0, mload(field)) }
            function get4(field) -> value { value := shr(224, mload(field)) }
            function get8(field) -> value { value := shr(192, mload(field)) }
            function set1(field, value) { mstore8(field, value) }
            function set4(field, value) { mstore(field, or(shr(32, shl(32, mload(field))), shl(224, value))) }
            function set8(field, value) { mstore(field, or(shr(64, shl(64, mload(field))), shl(192, value))) }
            // A general register; the first one stays as it is.
            function setRegister(field, value) { if gt(field, REGISTERS) { set8(field, value) } }

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
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3a0)) root := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3c0)) root := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3e0)) root := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x400)) root := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x420)) root := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x620)) root := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x640)) root := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x660)) root := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x680)) root := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6a0)) root := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6c0)) root := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6e0)) root := keccak256(0, 0x40)
                s := and(shr(27, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x700)) root := keccak256(0, 0x40)
                s := and(shr(28, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x720)) root := keccak256(0, 0x40)
                s := and(shr(29, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x740)) root := keccak256(0, 0x40)
                s := and(shr(30, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x760)) root := keccak256(0, 0x40)
                s := and(shr(31, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x780)) root := keccak256(0, 0x40)
                s := and(shr(32, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7a0)) root := keccak256(0, 0x40)
                s := and(shr(33, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7c0)) root := keccak256(0, 0x40)
                s := and(shr(34, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7e0)) root := keccak256(0, 0x40)
                s := and(shr(35, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x800)) root := keccak256(0, 0x40)
                s := and(shr(36, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x820)) root := keccak256(0, 0x40)
                s := and(shr(37, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x840)) root := keccak256(0, 0x40)
                s := and(shr(38, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x860)) root := keccak256(0, 0x40)
                s := and(shr(39, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x880)) root := keccak256(0, 0x40)
                s := and(shr(40, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8a0)) root := keccak256(0, 0x40)
                s := and(shr(41, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8c0)) root := keccak256(0, 0x40)
                s := and(shr(42, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8e0)) root := keccak256(0, 0x40)
                s := and(shr(43, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x900)) root := keccak256(0, 0x40)
                s := and(shr(44, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x920)) root := keccak256(0, 0x40)
                s := and(shr(45, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x940)) root := keccak256(0, 0x40)
                s := and(shr(46, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x960)) root := keccak256(0, 0x40)
                s := and(shr(47, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x980)) root := keccak256(0, 0x40)
                s := and(shr(48, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9a0)) root := keccak256(0, 0x40)
                s := and(shr(49, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9c0)) root := keccak256(0, 0x40)
                s := and(shr(50, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9e0)) root := keccak256(0, 0x40)
                s := and(shr(51, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa00)) root := keccak256(0, 0x40)
                s := and(shr(52, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa20)) root := keccak256(0, 0x40)
                s := and(shr(53, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa40)) root := keccak256(0, 0x40)
                s := and(shr(54, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa60)) root := keccak256(0, 0x40)
                s := and(shr(55, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa80)) root := keccak256(0, 0x40)
                s := and(shr(56, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xaa0)) root := keccak256(0, 0x40)
                s := and(shr(57, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xac0)) root := keccak256(0, 0x40)
                s := and(shr(58, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xae0)) root := keccak256(0, 0x40)
            }
            // The roots over the leaf as proved and the leaf as it is now, in one walk.
            function rootsOf(at, leaf, newLeaf) -> root, newRoot {
                root := leaf
                newRoot := newLeaf
                let s
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x400)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x420)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x620)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x640)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x660)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x680)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(27, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x700)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(28, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x720)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(29, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x740)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(30, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x760)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(31, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x780)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(32, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(33, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(34, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(35, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x800)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(36, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x820)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(37, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x840)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(38, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x860)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(39, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x880)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(40, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(41, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(42, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(43, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x900)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(44, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x920)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(45, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x940)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(46, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x960)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(47, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x980)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(48, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(49, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(50, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(51, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa00)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(52, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa20)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(53, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa40)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(54, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa60)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(55, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa80)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(56, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xaa0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(57, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xac0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(58, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xae0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
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
                        if xor(rootOf(at, leaf), mload(MEM_ROOT)) { fault(0xbadf00d1) }
                    }
                    default {
                        let root, newRoot := rootsOf(at, leaf, newLeaf)
                        if xor(root, mload(MEM_ROOT)) { fault(0xbadf00d1) }
                        mstore(MEM_ROOT, newRoot)
                    }
                    mstore(PREVIOUS, shr(5, at))
                    mstore(OPEN, 0)
                }
            }
            // Writes the roots of empty subtrees to memory, by level.
            function layEmpty() {
                // A leaf is zero.
                mstore(0xb20, 0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5)
                mstore(0xb40, 0xb4c11951957c6f8f642c4af61cd6b24640fec6dc7fc607ee8206a99e92410d30)
                mstore(0xb60, 0x21ddb9a356815c3fac1026b6dec5df3124afbadb485c9ba5a3e3398a04b7ba85)
                mstore(0xb80, 0xe58769b32a1beaf1ea27375a44095a0d1fb664ce2dd358e7fcbfb78c26a19344)
                mstore(0xba0, 0x0eb01ebfc9ed27500cd4dfc979272d1f0913cc9f66540d7e8005811109e1cf2d)
                mstore(0xbc0, 0x887c22bd8750d34016ac3c66b5ff102dacdd73f6b014e710b51e8022af9a1968)
                mstore(0xbe0, 0xffd70157e48063fc33c97a050f7f640233bf646cc98d9524c6b92bcf3ab56f83)
                mstore(0xc00, 0x9867cc5f7f196b93bae1e27e6320742445d290f2263827498b54fec539f756af)
                mstore(0xc20, 0xcefad4e508c098b9a7e1d8feb19955fb02ba9675585078710969d3440f5054e0)
                mstore(0xc40, 0xf9dc3e7fe016e050eff260334f18a5d4fe391d82092319f5964f2e2eb7c1c3a5)
                mstore(0xc60, 0xf8b13a49e282f609c317a833fb8d976d11517c571d1221a265d25af778ecf892)
                mstore(0xc80, 0x3490c6ceeb450aecdc82e28293031d10c7d73bf85e57bf041a97360aa2c5d99c)
                mstore(0xca0, 0xc1df82d9c4b87413eae2ef048f94b4d3554cea73d92b0f7af96e0271c691e2bb)
                mstore(0xcc0, 0x5c67add7c6caf302256adedf7ab114da0acfe870d449a3a489f781d659e8becc)
                mstore(0xce0, 0xda7bce9f4e8618b6bd2f4132ce798cdc7a60e7e1460a7299e3c6342a579626d2)
                mstore(0xd00, 0x2733e50f526ec2fa19a22b31e8ed50f23cd1fdf94c9154ed3a7609a2f1ff981f)
                mstore(0xd20, 0xe1d3b5c807b281e4683cc6d6315cf95b9ade8641defcb32372f1c126e398ef7a)
                mstore(0xd40, 0x5a2dce0a8a7f68bb74560f8f71837c2c2ebbcbf7fffb42ae1896f13f7c7479a0)
                mstore(0xd60, 0xb46a28b6f55540f89444f63de0378e3d121be09e06cc9ded1c20e65876d36aa0)
                mstore(0xd80, 0xc65e9645644786b620e2dd2ad648ddfcbf4a7e5b1a3a4ecfe7f64667a3f0b7e2)
                mstore(0xda0, 0xf4418588ed35a2458cffeb39b93d26f18d2ab13bdce6aee58e7b99359ec2dfd9)
                mstore(0xdc0, 0x5a9c16dc00d6ef18b7933a6f8dc65ccb55667138776f7dea101070dc8796e377)
                mstore(0xde0, 0x4df84f40ae0c8229d0d6069e5c8f39a7c299677a09d367fc7b05e3bc380ee652)
                mstore(0xe00, 0xcdc72595f74c7b1043d0e1ffbab734648c838dfb0527d971b602bc216c9619ef)
                mstore(0xe20, 0x0abf5ac974a1ed57f4050aa510dd9c74f508277b39d7973bb2dfccc5eeb0618d)
                mstore(0xe40, 0xb8cd74046ff337f0a7bf2c8e03e10f642c1886798d71806ab1e888d9e5ee87d0)
                mstore(0xe60, 0x838c5655cb21c6cb83313b5a631175dff4963772cce9108188b34ac87c81c41e)
                mstore(0xe80, 0x662ee4dd2dd7b2bc707961b1e646c4047669dcb6584f0d8d770daf5d7e7deb2e)
                mstore(0xea0, 0x388ab20e2573d171a88108e79d820e98f26c0b84aa8b2f4aa4968dbb818ea322)
                mstore(0xec0, 0x93237c50ba75ee485f4c22adf2f741400bdf8d6a9cc7df7ecae576221665d735)
                mstore(0xee0, 0x8448818bb4ae4562849e949e17ac16e0be16688e156b5cf15e098c627c0056a9)
                mstore(0xf00, 0x27ae5ba08d7291c96c8cbddcc148bf48a6d68c7974b94356f53754ef6171d757)
                mstore(0xf20, 0xbf558bebd2ceec7f3c5dce04a4782f88c2c6036ae78ee206d0bc5289d20461a2)
                mstore(0xf40, 0xe21908c2968c0699040a6fd866a577a99a9d2ec88745c815fd4a472c789244da)
                mstore(0xf60, 0xae824d72ddc272aab68a8c3022e36f10454437c1886f3ff9927b64f232df414f)
                mstore(0xf80, 0x27e429a4bef3083bc31a671d046ea5c1f5b8c3094d72868d9dfdc12c7334ac5f)
                mstore(0xfa0, 0x743cc5c365a9a6a15c1f240ac25880c7a9d1de290696cb766074a1d83d927816)
                mstore(0xfc0, 0x4adcf616c3bfabf63999a01966c998b7bb572774035a63ead49da73b5987f347)
                mstore(0xfe0, 0x75786645d0c5dd7c04a2f8a75dcae085213652f5bce3ea8b9b9bedd1cab3c5e9)
                mstore(0x1000, 0xb88b152c9b8a7b79637d35911848b0c41e7cc7cca2ab4fe9a15f9c38bb4bb939)
                mstore(0x1020, 0x0c4e2d8ce834ffd7a6cd85d7113d4521abb857774845c4291e6f6d010d97e318)
                mstore(0x1040, 0x5bc799d83e3bb31501b3da786680df30fbc18eb41cbce611e8c0e9c72f69571c)
                mstore(0x1060, 0xa10d3ef857d04d9c03ead7c6317d797a090fa1271ad9c7addfbcb412e9643d4f)
                mstore(0x1080, 0xb33b1809c42623f474055fa9400a2027a7a885c8dfa4efe20666b4ee27d7529c)
                mstore(0x10a0, 0x134d7f28d53f175f6bf4b62faa2110d5b76f0f770c15e628181c1fcc18f970a9)
                mstore(0x10c0, 0xc34d24b2fc8c50ca9c07a7156ef4e5ff4bdf002eda0b11c1d359d0b59a546807)
                mstore(0x10e0, 0x04dbb9db631457879b27e0dfdbe50158fd9cf9b4cf77605c4ac4c95bd65fc9f6)
                mstore(0x1100, 0xf9295a686647cb999090819cda700820c282c613cedcd218540bbc6f37b01c65)
                mstore(0x1120, 0x67c4a1ea624f092a3a5cca2d6f0f0db231972fce627f0ecca0dee60f17551c5f)
                mstore(0x1140, 0x8fdaeb5ab560b2ceb781cdb339361a0fbee1b9dffad59115138c8d6a70dda9cc)
                mstore(0x1160, 0xc1bf0bbdd7fee15764845db875f6432559ff8dbc9055324431bc34e5b93d15da)
                mstore(0x1180, 0x307317849eccd90c0c7b98870b9317c15a5959dcfb84c76dcc908c4fe6ba9212)
                mstore(0x11a0, 0x6339bf06e458f6646df5e83ba7c3d35bc263b3222c8e9040068847749ca8e8f9)
                mstore(0x11c0, 0x5045e4342aeb521eb3a5587ec268ed3aa6faf32b62b0bc41a9d549521f406fc3)
                mstore(0x11e0, 0x08601d83cdd34b5f7b8df63e7b9a16519d35473d0b89c317beed3d3d9424b253)
                mstore(0x1200, 0x84e35c5d92171376cae5c86300822d729cd3a8479583bef09527027dba5f1126)
                mstore(0x1220, 0x3c5cbbeb3834b7a5c1cba9aa5fee0c95ec3f17a33ec3d8047fff799187f5ae20)
                mstore(0x1240, 0x40bbe913c226c34c9fbe4389dd728984257a816892b3cae3e43191dd291f0eb5)
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
                        calldatacopy(BRANCH, add(548, mul(taken, BRANCH_LEN)), BRANCH_LEN)
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
                set8(PREIMAGE_OFFSET, 0)
            }
            // Copies bytes of length prefix and pre-image, up to the window's end, to an address. `ok` is
            // 0 if the oracle has no such part.
            function readPreimage(at, count, window, source, context) -> ok, n {
                let key := mload(PREIMAGE_KEY)
                let offset := get8(PREIMAGE_OFFSET)
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
                set8(PREIMAGE_OFFSET, and(add(offset, n), WORD))
            }

            // ---- The state as it came ----

            // The memory below STATE is the compiler's.
            if gt(mload(0x40), STATE) { revert(0, 0) }
            if or(
                or(xor(stateData.offset, 132), xor(stateData.length, STATE_LEN)),
                or(
                    xor(proof.offset, 548),
                    xor(calldatasize(), add(548, and(add(proof.length, 31), not(31))))
                )
            ) { refuse(0xf26c0d4b) } // NonCanonicalCalldata
            calldatacopy(STATE, 132, STATE_LEN)
            let exited := get1(EXITED)
            if gt(exited, 1) { refuse(0x0136cc76) } // InvalidExitedValue
            if xor(get1(STATE_VERSION), 0x81) { refuse(0xa9146eeb) } // InvalidVersion
            // Whole branches are a multiple of 32 bytes, a compact proof never is.
            let from := 0
            switch and(proof.length, 31)
            case 0 {
                if mod(proof.length, 1920) { refuse(0x4dc5f6a4) } // InvalidProofLength
            }
            default { from := proof.offset }

            // ---- The step, unless the program has ended ----

            if iszero(exited) {
                mstore(OPEN, 0)
                mstore(BRANCHES, 0)
                mstore(COMPACT, from)
                set8(STEP, and(add(get8(STEP), 1), 0xffffffffffffffff))
                let here := get8(PC)
                let next := and(add(here, 2), WORD)

                if iszero(iszero(and(here, 1))) { fault(0xbad22221) } // instruction at an odd address

                let insn := load(here, 2)
                if eq(and(insn, 0x3), 0x3) {
                    insn := or(insn, shl(16, load(next, 2)))
                    next := and(add(here, 4), WORD)
                }
                closeBranch()

                switch and(insn, 3)
                case 1 {
                    switch lt(and(shr(13, insn), 7), 4)
                    case 1 {
                        switch and(shr(13, insn), 7)
                        case 1 {
                            switch eq(and(insn, 0xf80), 0)
                            case 1 {
                                // c_addiw_reserved
                                fault(0xbadc0de) // illegal instruction
                            }
                            default {
                                // c_addiw rd, imm6
                                let rd := get8(add(REGISTERS, and(shr(4, insn), 0xf8)))
                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, and(add(rd, and(sar(250, shl(250, or(and(shr(2, insn), 0x1f), and(shr(7, insn), 0x20)))), WORD)), WORD)), WORD))
                            }
                        }
                        case 2 {
                            // c_li rd, imm6
                            let zero := get8(REGISTERS)
                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(zero, and(sar(250, shl(250, or(and(shr(2, insn), 0x1f), and(shr(7, insn), 0x20)))), WORD)), WORD))
                        }
                        case 3 {
                            switch and(shr(sub(and(shr(2, insn), 0xff), 0x41), 0x7fffffff), 1)
                            case 1 {
                                switch eq(and(insn, 0xc00), 0)
                                case 1 {
                                    // c_addi16sp sp, frame
                                    let sp := get8(add(REGISTERS, 0x10))
                                    set8(add(REGISTERS, 0x10), and(add(sp, and(sar(246, shl(246, or(or(or(or(and(shr(2, insn), 0x10), and(shl(3, insn), 0x20)), and(shl(1, insn), 0x40)), and(shl(4, insn), 0x180)), and(shr(3, insn), 0x200)))), WORD)), WORD))
                                }
                                default {
                                    // c_lui rd, upper6
                                    setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                }
                            }
                            default {
                                switch lt(and(shr(2, insn), 0xff), 0x80)
                                case 1 {
                                    switch and(shr(2, insn), 0xff)
                                    case 0 {
                                        switch eq(and(insn, 0x1000), 0)
                                        case 1 {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                        default {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                    }
                                    case 0x20 {
                                        switch eq(and(insn, 0x1000), 0)
                                        case 1 {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                        default {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                    }
                                    case 0x40 {
                                        switch and(shr(10, insn), 7)
                                        case 4 {
                                            // c_addi16sp sp, frame
                                            let sp := get8(add(REGISTERS, 0x10))
                                            set8(add(REGISTERS, 0x10), and(add(sp, and(sar(246, shl(246, or(or(or(or(and(shr(2, insn), 0x10), and(shl(3, insn), 0x20)), and(shl(1, insn), 0x40)), and(shl(4, insn), 0x180)), and(shr(3, insn), 0x200)))), WORD)), WORD))
                                        }
                                        case 5 {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                        case 6 {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                        case 7 {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                        default {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                    }
                                    case 0x60 {
                                        switch eq(and(insn, 0x1000), 0)
                                        case 1 {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                        default {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                    }
                                    default {
                                        // c_lui rd, upper6
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                    }
                                }
                                default {
                                    switch and(shr(2, insn), 0xff)
                                    case 0x80 {
                                        switch eq(and(insn, 0x1000), 0)
                                        case 1 {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                        default {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                    }
                                    case 0xa0 {
                                        switch eq(and(insn, 0x1000), 0)
                                        case 1 {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                        default {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                    }
                                    case 0xc0 {
                                        switch eq(and(insn, 0x1000), 0)
                                        case 1 {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                        default {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                    }
                                    case 0xe0 {
                                        switch eq(and(insn, 0x1000), 0)
                                        case 1 {
                                            // c_lui_reserved
                                            fault(0xbadc0de) // illegal instruction
                                        }
                                        default {
                                            // c_lui rd, upper6
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                        }
                                    }
                                    default {
                                        // c_lui rd, upper6
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sar(238, shl(238, or(and(shl(10, insn), 0x1f000), and(shl(5, insn), 0x20000)))), WORD))
                                    }
                                }
                            }
                        }
                        default {
                            // c_addi rd, imm6
                            let rd := get8(add(REGISTERS, and(shr(4, insn), 0xf8)))
                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(rd, and(sar(250, shl(250, or(and(shr(2, insn), 0x1f), and(shr(7, insn), 0x20)))), WORD)), WORD))
                        }
                    }
                    default {
                        switch and(shr(13, insn), 7)
                        case 4 {
                            switch and(shr(10, insn), 3)
                            case 1 {
                                // c_srai high, shamt6
                                let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), sar_(high, or(and(shr(2, insn), 0x1f), and(shr(7, insn), 0x20))))
                            }
                            case 2 {
                                // c_andi high, imm6
                                let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), and(high, and(sar(250, shl(250, or(and(shr(2, insn), 0x1f), and(shr(7, insn), 0x20)))), WORD)))
                            }
                            case 3 {
                                switch and(shr(5, insn), 3)
                                case 1 {
                                    switch eq(and(insn, 0x1000), 0)
                                    case 1 {
                                        // c_xor high, low
                                        let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                        let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                                        setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), xor(high, low))
                                    }
                                    default {
                                        // c_addw high, low
                                        let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                        let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                                        setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), and(signextend(3, and(add(high, low), WORD)), WORD))
                                    }
                                }
                                case 2 {
                                    switch eq(and(insn, 0x1000), 0)
                                    case 1 {
                                        // c_or high, low
                                        let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                        let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                                        setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), or(high, low))
                                    }
                                    default { fault(0xbadc0de) } // illegal instruction
                                }
                                case 3 {
                                    switch eq(and(insn, 0x1000), 0)
                                    case 1 {
                                        // c_and high, low
                                        let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                        let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                                        setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), and(high, low))
                                    }
                                    default { fault(0xbadc0de) } // illegal instruction
                                }
                                default {
                                    switch eq(and(insn, 0x1000), 0)
                                    case 1 {
                                        // c_sub high, low
                                        let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                        let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                                        setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), and(sub(high, low), WORD))
                                    }
                                    default {
                                        // c_subw high, low
                                        let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                        let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                                        setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), and(signextend(3, and(sub(high, low), WORD)), WORD))
                                    }
                                }
                            }
                            default {
                                // c_srli high, shamt6
                                let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                                setRegister(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)), shr(or(and(shr(2, insn), 0x1f), and(shr(7, insn), 0x20)), high))
                            }
                        }
                        case 5 {
                            // c_j jump11
                            next := and(add(here, and(sar(244, shl(244, or(or(or(or(or(or(or(and(shr(2, insn), 0xe), and(shr(7, insn), 0x10)), and(shl(3, insn), 0x20)), and(shr(1, insn), 0x40)), and(shl(1, insn), 0x80)), and(shr(1, insn), 0x300)), and(shl(2, insn), 0x400)), and(shr(1, insn), 0x800)))), WORD)), WORD)
                        }
                        case 6 {
                            // c_beqz high, branch8
                            let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                            let zero := get8(REGISTERS)
                            if eq(high, zero) { next := and(add(here, and(sar(247, shl(247, or(or(or(or(and(shr(2, insn), 6), and(shr(7, insn), 0x18)), and(shl(3, insn), 0x20)), and(shl(1, insn), 0xc0)), and(shr(4, insn), 0x100)))), WORD)), WORD) }
                        }
                        default {
                            // c_bnez high, branch8
                            let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                            let zero := get8(REGISTERS)
                            if iszero(eq(high, zero)) { next := and(add(here, and(sar(247, shl(247, or(or(or(or(and(shr(2, insn), 6), and(shr(7, insn), 0x18)), and(shl(3, insn), 0x20)), and(shl(1, insn), 0xc0)), and(shr(4, insn), 0x100)))), WORD)), WORD) }
                        }
                    }
                }
                case 2 {
                    switch lt(and(shr(13, insn), 7), 4)
                    case 1 {
                        switch and(shr(13, insn), 7)
                        case 1 {
                            // c_fldsp
                            fault(0xbadf107) // floating-point instruction
                        }
                        case 2 {
                            switch eq(and(insn, 0xf80), 0)
                            case 1 {
                                // c_lwsp_reserved
                                fault(0xbadc0de) // illegal instruction
                            }
                            default {
                                // c_lwsp rd, loadWords(sp)
                                let sp := get8(add(REGISTERS, 0x10))
                                let loaded := load(and(add(sp, or(or(and(shr(2, insn), 0x1c), and(shr(7, insn), 0x20)), and(shl(4, insn), 0xc0))), WORD), 4)
                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, loaded), WORD))
                            }
                        }
                        case 3 {
                            switch eq(and(insn, 0xf80), 0)
                            case 1 {
                                // c_ldsp_reserved
                                fault(0xbadc0de) // illegal instruction
                            }
                            default {
                                // c_ldsp rd, loadDoubles(sp)
                                let sp := get8(add(REGISTERS, 0x10))
                                let loaded := load(and(add(sp, or(or(and(shr(2, insn), 0x18), and(shr(7, insn), 0x20)), and(shl(4, insn), 0x1c0))), WORD), 8)
                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), loaded)
                            }
                        }
                        default {
                            // c_slli rd, shamt6
                            let rd := get8(add(REGISTERS, and(shr(4, insn), 0xf8)))
                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(shl(or(and(shr(2, insn), 0x1f), and(shr(7, insn), 0x20)), rd), WORD))
                        }
                    }
                    default {
                        switch and(shr(13, insn), 7)
                        case 4 {
                            switch and(shr(12, insn), 1)
                            case 1 {
                                switch and(shr(2, insn), 0x1f)
                                case 0 {
                                    switch and(shr(7, insn), 0x1f)
                                    case 0 {
                                        // c_ebreak
                                        fault(0xbadb4ea) // breakpoint
                                    }
                                    default {
                                        // c_jalr rd
                                        let rd := get8(add(REGISTERS, and(shr(4, insn), 0xf8)))
                                        set8(add(REGISTERS, 0x8), and(add(here, 2), WORD))
                                        next := and(and(add(rd, 0), WORD), 0xfffffffffffffffe)
                                    }
                                }
                                default {
                                    // c_add rd, rs2_
                                    let rd := get8(add(REGISTERS, and(shr(4, insn), 0xf8)))
                                    let rs2_ := get8(add(REGISTERS, and(shl(1, insn), 0xf8)))
                                    setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(rd, rs2_), WORD))
                                }
                            }
                            default {
                                switch and(shr(2, insn), 0x1f)
                                case 0 {
                                    switch and(shr(7, insn), 0x1f)
                                    case 0 {
                                        // c_jr_reserved
                                        fault(0xbadc0de) // illegal instruction
                                    }
                                    default {
                                        // c_jr rd
                                        let rd := get8(add(REGISTERS, and(shr(4, insn), 0xf8)))
                                        next := and(and(add(rd, 0), WORD), 0xfffffffffffffffe)
                                    }
                                }
                                default {
                                    // c_mv rd, rs2_
                                    let zero := get8(REGISTERS)
                                    let rs2_ := get8(add(REGISTERS, and(shl(1, insn), 0xf8)))
                                    setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(zero, rs2_), WORD))
                                }
                            }
                        }
                        case 5 {
                            // c_fsdsp
                            fault(0xbadf107) // floating-point instruction
                        }
                        case 6 {
                            // c_swsp rs2_, storeWords(sp)
                            let sp := get8(add(REGISTERS, 0x10))
                            let rs2_ := get8(add(REGISTERS, and(shl(1, insn), 0xf8)))
                            store(and(add(sp, or(and(shr(7, insn), 0x3c), and(shr(1, insn), 0xc0))), WORD), 4, rs2_)
                        }
                        default {
                            // c_sdsp rs2_, storeDoubles(sp)
                            let sp := get8(add(REGISTERS, 0x10))
                            let rs2_ := get8(add(REGISTERS, and(shl(1, insn), 0xf8)))
                            store(and(add(sp, or(and(shr(7, insn), 0x38), and(shr(1, insn), 0x1c0))), WORD), 8, rs2_)
                        }
                    }
                }
                case 3 {
                    switch lt(and(shr(4, insn), 7), 4)
                    case 1 {
                        switch and(shr(4, insn), 7)
                        case 1 {
                            switch and(shr(2, insn), 3)
                            case 1 {
                                // auipc rd, upper
                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(here, and(shl(12, sar(236, shl(224, insn))), WORD)), WORD))
                            }
                            case 2 {
                                switch and(shr(12, insn), 7)
                                case 0 {
                                    // addiw rd, rs1, imm
                                    let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                    setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD)), WORD))
                                }
                                case 1 {
                                    switch eq(and(insn, 0xfe000000), 0)
                                    case 1 {
                                        // slliw rd, rs1, shamt_w
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, and(shl(and(shr(20, insn), 0x1f), rs1), WORD)), WORD))
                                    }
                                    default { fault(0xbadc0de) } // illegal instruction
                                }
                                case 5 {
                                    switch eq(and(insn, 0xfe000000), 0)
                                    case 1 {
                                        // srliw rd, rs1, shamt_w
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, shr(and(shr(20, insn), 0x1f), and(rs1, 0xffffffff))), WORD))
                                    }
                                    default {
                                        switch eq(and(insn, 0xfe000000), 0x40000000)
                                        case 1 {
                                            // sraiw rd, rs1, shamt_w
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, sar_(and(signextend(3, rs1), WORD), and(shr(20, insn), 0x1f))), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                }
                                default { fault(0xbadc0de) } // illegal instruction
                            }
                            case 3 { fault(0xbadc0de) } // illegal instruction
                            default {
                                switch lt(and(shr(12, insn), 7), 4)
                                case 1 {
                                    switch and(shr(12, insn), 7)
                                    case 1 {
                                        switch eq(and(insn, 0xfc000000), 0)
                                        case 1 {
                                            // slli rd, rs1, shamt
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(shl(and(shr(20, insn), 0x3f), rs1), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    case 2 {
                                        // slti rd, rs1, imm
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), slt(signed(rs1), signed(and(sar(244, shl(224, insn)), WORD))))
                                    }
                                    case 3 {
                                        // sltiu rd, rs1, imm
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), lt(rs1, and(sar(244, shl(224, insn)), WORD)))
                                    }
                                    default {
                                        // addi rd, rs1, imm
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD))
                                    }
                                }
                                default {
                                    switch and(shr(12, insn), 7)
                                    case 4 {
                                        // xori rd, rs1, imm
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), xor(rs1, and(sar(244, shl(224, insn)), WORD)))
                                    }
                                    case 5 {
                                        switch eq(and(insn, 0xfc000000), 0)
                                        case 1 {
                                            // srli rd, rs1, shamt
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), shr(and(shr(20, insn), 0x3f), rs1))
                                        }
                                        default {
                                            switch eq(and(insn, 0xfc000000), 0x40000000)
                                            case 1 {
                                                // srai rd, rs1, shamt
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), sar_(rs1, and(shr(20, insn), 0x3f)))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    case 6 {
                                        // ori rd, rs1, imm
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), or(rs1, and(sar(244, shl(224, insn)), WORD)))
                                    }
                                    default {
                                        // andi rd, rs1, imm
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(rs1, and(sar(244, shl(224, insn)), WORD)))
                                    }
                                }
                            }
                        }
                        case 2 {
                            switch and(shr(2, insn), 3)
                            case 1 {
                                // float_store
                                fault(0xbadf107) // floating-point instruction
                            }
                            case 2 { fault(0xbadc0de) } // illegal instruction
                            case 3 {
                                switch and(shr(12, insn), 7)
                                case 2 {
                                    switch lt(shr(27, insn), 8)
                                    case 1 {
                                        switch lt(shr(27, insn), 2)
                                        case 1 {
                                            switch shr(27, insn)
                                            case 0 {
                                                // amoadd_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 4)
                                                store(rs1, 4, and(add(and(signextend(3, old), WORD), and(signextend(3, rs2), WORD)), WORD))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            default {
                                                // amoswap_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 4)
                                                store(rs1, 4, and(signextend(3, rs2), WORD))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                        }
                                        default {
                                            switch shr(27, insn)
                                            case 2 {
                                                switch eq(and(insn, 0x1f00000), 0)
                                                case 1 {
                                                    // lr_w rd, (rs1)
                                                    let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                    if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                    let loaded := load(rs1, 4)
                                                    setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, loaded), WORD))
                                                    set8(LOAD_RESERVATION, rs1)
                                                }
                                                default { fault(0xbadc0de) } // illegal instruction
                                            }
                                            case 3 {
                                                // sc_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let loadReservation := get8(LOAD_RESERVATION)
                                                let equal := eq(rs1, loadReservation)
                                                if equal { store(rs1, 4, rs2) }
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), iszero(equal))
                                                set8(LOAD_RESERVATION, 0)
                                            }
                                            case 4 {
                                                // amoxor_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 4)
                                                store(rs1, 4, xor(and(signextend(3, old), WORD), and(signextend(3, rs2), WORD)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    default {
                                        switch lt(shr(27, insn), 0x14)
                                        case 1 {
                                            switch shr(27, insn)
                                            case 8 {
                                                // amoor_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 4)
                                                store(rs1, 4, or(and(signextend(3, old), WORD), and(signextend(3, rs2), WORD)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            case 0xc {
                                                // amoand_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 4)
                                                store(rs1, 4, and(and(signextend(3, old), WORD), and(signextend(3, rs2), WORD)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            case 0x10 {
                                                // amomin_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let extended := and(signextend(3, rs2), WORD)
                                                let old := load(rs1, 4)
                                                let extended2 := and(signextend(3, old), WORD)
                                                store(rs1, 4, select(slt(signed(extended), signed(extended2)), extended, extended2))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                        default {
                                            switch shr(27, insn)
                                            case 0x14 {
                                                // amomax_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let extended := and(signextend(3, rs2), WORD)
                                                let old := load(rs1, 4)
                                                let extended2 := and(signextend(3, old), WORD)
                                                store(rs1, 4, select(slt(signed(extended2), signed(extended)), extended, extended2))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            case 0x18 {
                                                // amominu_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let extended := and(signextend(3, rs2), WORD)
                                                let old := load(rs1, 4)
                                                let extended2 := and(signextend(3, old), WORD)
                                                store(rs1, 4, select(lt(extended, extended2), extended, extended2))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            case 0x1c {
                                                // amomaxu_w rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 3))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let extended := and(signextend(3, rs2), WORD)
                                                let old := load(rs1, 4)
                                                let extended2 := and(signextend(3, old), WORD)
                                                store(rs1, 4, select(lt(extended2, extended), extended, extended2))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, old), WORD))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                }
                                case 3 {
                                    switch lt(shr(27, insn), 8)
                                    case 1 {
                                        switch lt(shr(27, insn), 2)
                                        case 1 {
                                            switch shr(27, insn)
                                            case 0 {
                                                // amoadd_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, and(add(old, rs2), WORD))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            default {
                                                // amoswap_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, rs2)
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                        }
                                        default {
                                            switch shr(27, insn)
                                            case 2 {
                                                switch eq(and(insn, 0x1f00000), 0)
                                                case 1 {
                                                    // lr_d rd, (rs1)
                                                    let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                    if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                    let loaded := load(rs1, 8)
                                                    setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), loaded)
                                                    set8(LOAD_RESERVATION, rs1)
                                                }
                                                default { fault(0xbadc0de) } // illegal instruction
                                            }
                                            case 3 {
                                                // sc_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let loadReservation := get8(LOAD_RESERVATION)
                                                let equal := eq(rs1, loadReservation)
                                                if equal { store(rs1, 8, rs2) }
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), iszero(equal))
                                                set8(LOAD_RESERVATION, 0)
                                            }
                                            case 4 {
                                                // amoxor_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, xor(old, rs2))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    default {
                                        switch lt(shr(27, insn), 0x14)
                                        case 1 {
                                            switch shr(27, insn)
                                            case 8 {
                                                // amoor_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, or(old, rs2))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            case 0xc {
                                                // amoand_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, and(old, rs2))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            case 0x10 {
                                                // amomin_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, select(slt(signed(rs2), signed(old)), rs2, old))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                        default {
                                            switch shr(27, insn)
                                            case 0x14 {
                                                // amomax_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, select(slt(signed(old), signed(rs2)), rs2, old))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            case 0x18 {
                                                // amominu_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, select(lt(rs2, old), rs2, old))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            case 0x1c {
                                                // amomaxu_d rd, rs2, (rs1)
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                if iszero(iszero(and(rs1, 7))) { fault(0xbad10ad0) } // misaligned jump target or atomic access
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                let old := load(rs1, 8)
                                                store(rs1, 8, select(lt(old, rs2), rs2, old))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), old)
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                }
                                default { fault(0xbadc0de) } // illegal instruction
                            }
                            default {
                                switch and(shr(12, insn), 7)
                                case 0 {
                                    // sb rs2, offset(rs1)
                                    let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                    let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                    store(and(add(rs1, and(sar(244, shl(244, or(and(shr(7, insn), 0x1f), and(shr(20, insn), 0xfe0)))), WORD)), WORD), 1, rs2)
                                }
                                case 1 {
                                    // sh rs2, offset(rs1)
                                    let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                    let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                    store(and(add(rs1, and(sar(244, shl(244, or(and(shr(7, insn), 0x1f), and(shr(20, insn), 0xfe0)))), WORD)), WORD), 2, rs2)
                                }
                                case 2 {
                                    // sw rs2, offset(rs1)
                                    let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                    let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                    store(and(add(rs1, and(sar(244, shl(244, or(and(shr(7, insn), 0x1f), and(shr(20, insn), 0xfe0)))), WORD)), WORD), 4, rs2)
                                }
                                case 3 {
                                    // sd rs2, offset(rs1)
                                    let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                    let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                    store(and(add(rs1, and(sar(244, shl(244, or(and(shr(7, insn), 0x1f), and(shr(20, insn), 0xfe0)))), WORD)), WORD), 8, rs2)
                                }
                                default { fault(0xbadc0de) } // illegal instruction
                            }
                        }
                        case 3 {
                            switch and(shr(2, insn), 3)
                            case 1 {
                                // lui rd, upper
                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(shl(12, sar(236, shl(224, insn))), WORD))
                            }
                            case 2 {
                                switch lt(and(shr(12, insn), 7), 5)
                                case 1 {
                                    switch and(shr(12, insn), 7)
                                    case 0 {
                                        switch shr(25, insn)
                                        case 0 {
                                            // addw rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, and(add(rs1, rs2), WORD)), WORD))
                                        }
                                        case 1 {
                                            // mulw rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, and(mul(rs1, rs2), WORD)), WORD))
                                        }
                                        case 0x20 {
                                            // subw rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, and(sub(rs1, rs2), WORD)), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    case 1 {
                                        switch eq(and(insn, 0xfe000000), 0)
                                        case 1 {
                                            // sllw rd, rs1, rs2
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, and(shl(and(rs2, 0x1f), rs1), WORD)), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    case 4 {
                                        switch eq(and(insn, 0xfe000000), 0x2000000)
                                        case 1 {
                                            // divw rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, divSigned(and(signextend(3, rs1), WORD), and(signextend(3, rs2), WORD))), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    default { fault(0xbadc0de) } // illegal instruction
                                }
                                default {
                                    switch and(shr(12, insn), 7)
                                    case 5 {
                                        switch shr(25, insn)
                                        case 0 {
                                            // srlw rd, rs1, rs2
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, shr(and(rs2, 0x1f), and(rs1, 0xffffffff))), WORD))
                                        }
                                        case 1 {
                                            // divuw rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, divUnsigned(and(rs1, 0xffffffff), and(rs2, 0xffffffff))), WORD))
                                        }
                                        case 0x20 {
                                            // sraw rd, rs1, rs2
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, sar_(and(signextend(3, rs1), WORD), and(rs2, 0x1f))), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    case 6 {
                                        switch eq(and(insn, 0xfe000000), 0x2000000)
                                        case 1 {
                                            // remw rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, remSigned(and(signextend(3, rs1), WORD), and(signextend(3, rs2), WORD))), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    default {
                                        switch eq(and(insn, 0xfe000000), 0x2000000)
                                        case 1 {
                                            // remuw rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, remUnsigned(and(rs1, 0xffffffff), and(rs2, 0xffffffff))), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                }
                            }
                            case 3 { fault(0xbadc0de) } // illegal instruction
                            default {
                                switch lt(and(shr(12, insn), 7), 4)
                                case 1 {
                                    switch and(shr(12, insn), 7)
                                    case 1 {
                                        switch eq(and(insn, 0xfe000000), 0)
                                        case 1 {
                                            // sll rd, rs1, rs2
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(shl(and(rs2, 0x3f), rs1), WORD))
                                        }
                                        default {
                                            switch eq(and(insn, 0xfe000000), 0x2000000)
                                            case 1 {
                                                // mulh rd, rs1, rs2
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), mulHighSigned(rs1, rs2))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    case 2 {
                                        switch eq(and(insn, 0xfe000000), 0)
                                        case 1 {
                                            // slt rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), slt(signed(rs1), signed(rs2)))
                                        }
                                        default {
                                            switch eq(and(insn, 0xfe000000), 0x2000000)
                                            case 1 {
                                                // mulhsu rd, rs1, rs2
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), mulHighSignedUnsigned(rs1, rs2))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    case 3 {
                                        switch eq(and(insn, 0xfe000000), 0)
                                        case 1 {
                                            // sltu rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), lt(rs1, rs2))
                                        }
                                        default {
                                            switch eq(and(insn, 0xfe000000), 0x2000000)
                                            case 1 {
                                                // mulhu rd, rs1, rs2
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), shr(WORD_BITS, mul(rs1, rs2)))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    default {
                                        switch shr(25, insn)
                                        case 0 {
                                            // add rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(rs1, rs2), WORD))
                                        }
                                        case 1 {
                                            // mul rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(mul(rs1, rs2), WORD))
                                        }
                                        case 0x20 {
                                            // sub rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(sub(rs1, rs2), WORD))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                }
                                default {
                                    switch and(shr(12, insn), 7)
                                    case 4 {
                                        switch eq(and(insn, 0xfe000000), 0)
                                        case 1 {
                                            // xor rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), xor(rs1, rs2))
                                        }
                                        default {
                                            switch eq(and(insn, 0xfe000000), 0x2000000)
                                            case 1 {
                                                // div rd, rs1, rs2
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), divSigned(rs1, rs2))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    case 5 {
                                        switch shr(25, insn)
                                        case 0 {
                                            // srl rd, rs1, rs2
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), shr(and(rs2, 0x3f), rs1))
                                        }
                                        case 1 {
                                            // divu rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), divUnsigned(rs1, rs2))
                                        }
                                        case 0x20 {
                                            // sra rd, rs1, rs2
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), sar_(rs1, and(rs2, 0x3f)))
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    case 6 {
                                        switch eq(and(insn, 0xfe000000), 0)
                                        case 1 {
                                            // or rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), or(rs1, rs2))
                                        }
                                        default {
                                            switch eq(and(insn, 0xfe000000), 0x2000000)
                                            case 1 {
                                                // rem rd, rs1, rs2
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), remSigned(rs1, rs2))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                    default {
                                        switch eq(and(insn, 0xfe000000), 0)
                                        case 1 {
                                            // and rd, rs1, rs2
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(rs1, rs2))
                                        }
                                        default {
                                            switch eq(and(insn, 0xfe000000), 0x2000000)
                                            case 1 {
                                                // remu rd, rs1, rs2
                                                let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                                let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), remUnsigned(rs1, rs2))
                                            }
                                            default { fault(0xbadc0de) } // illegal instruction
                                        }
                                    }
                                }
                            }
                        }
                        default {
                            switch and(shr(2, insn), 3)
                            case 1 {
                                // float_load
                                fault(0xbadf107) // floating-point instruction
                            }
                            case 2 { fault(0xbadc0de) } // illegal instruction
                            case 3 {
                                switch eq(and(insn, 0x6000), 0)
                                case 1 {
                                    // fence
                                }
                                default { fault(0xbadc0de) } // illegal instruction
                            }
                            default {
                                switch lt(and(shr(12, insn), 7), 4)
                                case 1 {
                                    switch and(shr(12, insn), 7)
                                    case 1 {
                                        // lh rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let loaded := load(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 2)
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(1, loaded), WORD))
                                    }
                                    case 2 {
                                        // lw rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let loaded := load(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 4)
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(3, loaded), WORD))
                                    }
                                    case 3 {
                                        // ld rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let loaded := load(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 8)
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), loaded)
                                    }
                                    default {
                                        // lb rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let loaded := load(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 1)
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(signextend(0, loaded), WORD))
                                    }
                                }
                                default {
                                    switch and(shr(12, insn), 7)
                                    case 4 {
                                        // lbu rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let loaded := load(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 1)
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), loaded)
                                    }
                                    case 5 {
                                        // lhu rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let loaded := load(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 2)
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), loaded)
                                    }
                                    case 6 {
                                        // lwu rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let loaded := load(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 4)
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), loaded)
                                    }
                                    default { fault(0xbadc0de) } // illegal instruction
                                }
                            }
                        }
                    }
                    default {
                        switch and(shr(4, insn), 7)
                        case 4 {
                            // float_fused
                            fault(0xbadf107) // floating-point instruction
                        }
                        case 5 {
                            switch eq(and(insn, 0xc), 0)
                            case 1 {
                                // float_op
                                fault(0xbadf107) // floating-point instruction
                            }
                            default { fault(0xbadc0de) } // illegal instruction
                        }
                        case 6 {
                            switch and(shr(2, insn), 3)
                            case 1 {
                                switch and(shr(12, insn), 7)
                                case 0 {
                                    switch and(shr(7, insn), 0x1f)
                                    case 0 {
                                        switch eq(and(insn, 0xffff8000), 0x8000)
                                        case 1 {
                                            // ret
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(here, 4), WORD))
                                            next := and(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 0xfffffffffffffffe)
                                        }
                                        default {
                                            // jalr rd, imm(rs1)
                                            let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                            setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(here, 4), WORD))
                                            next := and(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 0xfffffffffffffffe)
                                        }
                                    }
                                    default {
                                        // jalr rd, imm(rs1)
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(here, 4), WORD))
                                        next := and(and(add(rs1, and(sar(244, shl(224, insn)), WORD)), WORD), 0xfffffffffffffffe)
                                    }
                                }
                                default { fault(0xbadc0de) } // illegal instruction
                            }
                            case 2 { fault(0xbadc0de) } // illegal instruction
                            case 3 {
                                // jal rd, jump
                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), and(add(here, 4), WORD))
                                next := and(add(here, and(sar(235, shl(235, or(or(or(and(shr(20, insn), 0x7fe), and(shr(9, insn), 0x800)), and(insn, 0xff000)), and(shr(11, insn), 0x100000)))), WORD)), WORD)
                            }
                            default {
                                switch lt(and(shr(12, insn), 7), 5)
                                case 1 {
                                    switch and(shr(12, insn), 7)
                                    case 0 {
                                        // beq rs1, rs2, branch
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                        if eq(rs1, rs2) { next := and(add(here, and(sar(243, shl(243, or(or(or(and(shr(7, insn), 0x1e), and(shr(20, insn), 0x7e0)), and(shl(4, insn), 0x800)), and(shr(19, insn), 0x1000)))), WORD)), WORD) }
                                    }
                                    case 1 {
                                        // bne rs1, rs2, branch
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                        if iszero(eq(rs1, rs2)) { next := and(add(here, and(sar(243, shl(243, or(or(or(and(shr(7, insn), 0x1e), and(shr(20, insn), 0x7e0)), and(shl(4, insn), 0x800)), and(shr(19, insn), 0x1000)))), WORD)), WORD) }
                                    }
                                    case 4 {
                                        // blt rs1, rs2, branch
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                        if slt(signed(rs1), signed(rs2)) { next := and(add(here, and(sar(243, shl(243, or(or(or(and(shr(7, insn), 0x1e), and(shr(20, insn), 0x7e0)), and(shl(4, insn), 0x800)), and(shr(19, insn), 0x1000)))), WORD)), WORD) }
                                    }
                                    default { fault(0xbadc0de) } // illegal instruction
                                }
                                default {
                                    switch and(shr(12, insn), 7)
                                    case 5 {
                                        // bge rs1, rs2, branch
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                        if iszero(slt(signed(rs1), signed(rs2))) { next := and(add(here, and(sar(243, shl(243, or(or(or(and(shr(7, insn), 0x1e), and(shr(20, insn), 0x7e0)), and(shl(4, insn), 0x800)), and(shr(19, insn), 0x1000)))), WORD)), WORD) }
                                    }
                                    case 6 {
                                        // bltu rs1, rs2, branch
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                        if lt(rs1, rs2) { next := and(add(here, and(sar(243, shl(243, or(or(or(and(shr(7, insn), 0x1e), and(shr(20, insn), 0x7e0)), and(shl(4, insn), 0x800)), and(shr(19, insn), 0x1000)))), WORD)), WORD) }
                                    }
                                    default {
                                        // bgeu rs1, rs2, branch
                                        let rs1 := get8(add(REGISTERS, and(shr(12, insn), 0xf8)))
                                        let rs2 := get8(add(REGISTERS, and(shr(17, insn), 0xf8)))
                                        if iszero(lt(rs1, rs2)) { next := and(add(here, and(sar(243, shl(243, or(or(or(and(shr(7, insn), 0x1e), and(shr(20, insn), 0x7e0)), and(shl(4, insn), 0x800)), and(shr(19, insn), 0x1000)))), WORD)), WORD) }
                                    }
                                }
                            }
                        }
                        default {
                            switch and(shr(2, insn), 3)
                            case 0 {
                                switch and(shr(22, insn), 0xff)
                                case 0 {
                                    switch shr(30, insn)
                                    case 0 {
                                        switch and(shr(7, insn), 0xff)
                                        case 0 {
                                            switch and(shr(15, insn), 0x7f)
                                            case 0 {
                                                // ecall
                                                let a7 := get8(add(REGISTERS, 0x88))
                                                // close, set_tid_address, futex, set_robust_list, nanosleep,
                                                // clock_nanosleep, sched_setaffinity, sched_getaffinity, sched_yield,
                                                // tgkill, sigaltstack, rt_sigaction, rt_sigprocmask, getpid, gettid,
                                                // munmap, mprotect, madvise
                                                switch and(shr(sub(a7, 0x39), 0x010200400000000208000000006c0e0400168000000001), 1)
                                                case 1 { set8(add(REGISTERS, 0x50), 0) }
                                                default {
                                                    switch lt(a7, 0x5e)
                                                    case 1 {
                                                        switch lt(a7, 0x3f)
                                                        case 1 {
                                                            switch a7
                                                            case 0x19 { // fcntl
                                                                let a0 := get8(add(REGISTERS, 0x50))
                                                                let a1 := get8(add(REGISTERS, 0x58))
                                                                let less := lt(a0, 7)
                                                                switch a1
                                                                case 1 { // F_GETFD
                                                                    switch less
                                                                    case 1 { set8(add(REGISTERS, 0x50), and(shr(a0, 0), 1)) }
                                                                    default { set8(add(REGISTERS, 0x50), 0xfffffffffffffff7) }
                                                                }
                                                                case 3 { // F_GETFL
                                                                    switch less
                                                                    case 1 { set8(add(REGISTERS, 0x50), and(shr(a0, 0x56), 1)) }
                                                                    default { set8(add(REGISTERS, 0x50), 0xfffffffffffffff7) }
                                                                }
                                                                default { set8(add(REGISTERS, 0x50), 0xffffffffffffffea) }
                                                            }
                                                            case 0x38 { set8(add(REGISTERS, 0x50), 0xfffffffffffffff3) } // openat
                                                            default { set8(add(REGISTERS, 0x50), 0xffffffffffffffda) }
                                                        }
                                                        default {
                                                            switch a7
                                                            case 0x3f { // read
                                                                let a0 := get8(add(REGISTERS, 0x50))
                                                                let a1 := get8(add(REGISTERS, 0x58))
                                                                let a2 := get8(add(REGISTERS, 0x60))
                                                                switch a0
                                                                case 0 { set8(add(REGISTERS, 0x50), 0) } // stdin
                                                                case 3 { set8(add(REGISTERS, 0x50), a2) } // hint read
                                                                case 5 { // pre-image read
                                                                    let found, copied := readPreimage(a1, a2, 32, preimageOracle, localContext)
                                                                    if iszero(found) { fault(0xbadf00d0) } // pre-image read at or past its end
                                                                    set8(add(REGISTERS, 0x50), copied)
                                                                }
                                                                default { set8(add(REGISTERS, 0x50), 0xfffffffffffffff7) }
                                                            }
                                                            case 0x40 { // write
                                                                let a0 := get8(add(REGISTERS, 0x50))
                                                                let a1 := get8(add(REGISTERS, 0x58))
                                                                let a2 := get8(add(REGISTERS, 0x60))
                                                                switch a0
                                                                case 1 { set8(add(REGISTERS, 0x50), a2) } // stdout
                                                                case 2 { set8(add(REGISTERS, 0x50), a2) } // stderr
                                                                case 4 { set8(add(REGISTERS, 0x50), a2) } // hint write
                                                                case 6 { // pre-image write
                                                                    let appended := appendKey(a1, a2, 32)
                                                                    set8(add(REGISTERS, 0x50), appended)
                                                                }
                                                                default { set8(add(REGISTERS, 0x50), 0xfffffffffffffff7) }
                                                            }
                                                            case 0x5d { // exit
                                                                let a0 := get8(add(REGISTERS, 0x50))
                                                                set1(EXITED, 1)
                                                                set1(EXIT_CODE, and(a0, 0xff))
                                                            }
                                                            default { set8(add(REGISTERS, 0x50), 0xffffffffffffffda) }
                                                        }
                                                    }
                                                    default {
                                                        switch lt(a7, 0xd6)
                                                        case 1 {
                                                            switch a7
                                                            case 0x5e { // exit_group
                                                                let a0 := get8(add(REGISTERS, 0x50))
                                                                set1(EXITED, 1)
                                                                set1(EXIT_CODE, and(a0, 0xff))
                                                            }
                                                            case 0x71 { // clock_gettime
                                                                let a1 := get8(add(REGISTERS, 0x58))
                                                                store(a1, 8, 0x539)
                                                                store(and(add(a1, 8), WORD), 8, 0x2a)
                                                                set8(add(REGISTERS, 0x50), 0)
                                                            }
                                                            default { set8(add(REGISTERS, 0x50), 0xffffffffffffffda) }
                                                        }
                                                        default {
                                                            switch a7
                                                            case 0xd6 { set8(add(REGISTERS, 0x50), 0x40000000) } // brk
                                                            case 0xdc { set8(add(REGISTERS, 0x50), 0xfffffffffffffff5) } // clone
                                                            case 0xde { // mmap
                                                                let a0 := get8(add(REGISTERS, 0x50))
                                                                let a1 := get8(add(REGISTERS, 0x58))
                                                                let a3 := get8(add(REGISTERS, 0x68))
                                                                let a4 := get8(add(REGISTERS, 0x70))
                                                                switch and(iszero(iszero(and(a3, 0x20))), eq(a4, WORD))
                                                                case 1 {
                                                                    switch iszero(a0)
                                                                    case 1 {
                                                                        let heap := get8(HEAP)
                                                                        set8(HEAP, and(add(heap, and(and(add(a1, 0xfff), WORD), 0xfffffffffffff000)), WORD))
                                                                        set8(add(REGISTERS, 0x50), heap)
                                                                    }
                                                                    default { set8(add(REGISTERS, 0x50), a0) }
                                                                }
                                                                default { set8(add(REGISTERS, 0x50), 0xfffffffffffffff7) }
                                                            }
                                                            default { set8(add(REGISTERS, 0x50), 0xffffffffffffffda) }
                                                        }
                                                    }
                                                }
                                            }
                                            case 0x20 {
                                                // ebreak
                                                fault(0xbadb4ea) // breakpoint
                                            }
                                            default {
                                                // float_csr
                                                fault(0xbadf107) // floating-point instruction
                                            }
                                        }
                                        default {
                                            // float_csr
                                            fault(0xbadf107) // floating-point instruction
                                        }
                                    }
                                    case 3 {
                                        switch and(shr(12, insn), 0xff)
                                        case 2 {
                                            switch and(shr(20, insn), 3)
                                            case 1 {
                                                // rdtime rd
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), 0)
                                            }
                                            case 2 {
                                                // rdinstret rd
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), 0)
                                            }
                                            case 3 { fault(0xbadc0de) } // illegal instruction
                                            default {
                                                // rdcycle rd
                                                setRegister(add(REGISTERS, and(shr(4, insn), 0xf8)), 0)
                                            }
                                        }
                                        default { fault(0xbadc0de) } // illegal instruction
                                    }
                                    default { fault(0xbadc0de) } // illegal instruction
                                }
                                default { fault(0xbadc0de) } // illegal instruction
                            }
                            default { fault(0xbadc0de) } // illegal instruction
                        }
                    }
                }
                default {
                    switch lt(and(shr(13, insn), 7), 4)
                    case 1 {
                        switch and(shr(13, insn), 7)
                        case 1 {
                            // c_fld
                            fault(0xbadf107) // floating-point instruction
                        }
                        case 2 {
                            // c_lw low, words(high)
                            let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                            let loaded := load(and(add(high, or(or(and(shr(4, insn), 4), and(shr(7, insn), 0x38)), and(shl(1, insn), 0x40))), WORD), 4)
                            setRegister(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)), and(signextend(3, loaded), WORD))
                        }
                        case 3 {
                            // c_ld low, doubles(high)
                            let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                            let loaded := load(and(add(high, or(and(shr(7, insn), 0x38), and(shl(1, insn), 0xc0))), WORD), 8)
                            setRegister(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)), loaded)
                        }
                        default {
                            switch eq(and(insn, 0x1fe0), 0)
                            case 1 {
                                // c_addi4spn_reserved
                                fault(0xbadc0de) // illegal instruction
                            }
                            default {
                                // c_addi4spn low, sp, local
                                let sp := get8(add(REGISTERS, 0x10))
                                setRegister(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)), and(add(sp, or(or(or(and(shr(4, insn), 4), and(shr(2, insn), 8)), and(shr(7, insn), 0x30)), and(shr(1, insn), 0x3c0))), WORD))
                            }
                        }
                    }
                    default {
                        switch and(shr(13, insn), 7)
                        case 4 { fault(0xbadc0de) } // illegal instruction
                        case 5 {
                            // c_fsd
                            fault(0xbadf107) // floating-point instruction
                        }
                        case 6 {
                            // c_sw low, words(high)
                            let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                            let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                            store(and(add(high, or(or(and(shr(4, insn), 4), and(shr(7, insn), 0x38)), and(shl(1, insn), 0x40))), WORD), 4, low)
                        }
                        default {
                            // c_sd low, doubles(high)
                            let high := get8(add(add(REGISTERS, 0x40), and(shr(4, insn), 0x38)))
                            let low := get8(add(add(REGISTERS, 0x40), and(shl(1, insn), 0x38)))
                            store(and(add(high, or(and(shr(7, insn), 0x38), and(shl(1, insn), 0xc0))), WORD), 8, low)
                        }
                    }
                }

                closeBranch()
                if from {
                    // A compact proof whose branches are a multiple of 32 bytes has one more byte.
                    let end := mload(COMPACT)
                    if xor(add(end, iszero(and(sub(end, from), 31))), add(from, proof.length)) {
                        refuse(0x8e145d86) // InvalidCompactProof
                    }
                }
                set8(PC, next)
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
