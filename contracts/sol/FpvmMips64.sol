// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// Printed from the instruction definitions of multithreaded64-5 (crate `isa-mips64`): the table and semantics
// there are the source of this file, and a test fails where the two differ. To change it, change
// them and run `cargo run -p fpvm-contracts --example emit`. The frame around the instructions is
// contracts/src/emit/shell.sol.in, the same for every instruction set.

/// @title FpvmMips64: what one step of a multithreaded64-5 machine leads to
/// @notice Takes a packed state and proofs of the memory that the step touches, and gives the hash
///         of the state after it. Reverts where the step has no state after it.
contract FpvmMips64 {
    /// @notice Version of the VM's behaviour as this contract has it.
    string public constant version = "1.0.0";

    /// @notice The calldata is not the plain ABI encoding of a state of 188 bytes and a proof.
    error NonCanonicalCalldata();
    /// @notice The exited flag of the state is neither 0 nor 1.
    error InvalidExitedValue();
    /// @notice No encoding of a proof has this length.
    error InvalidProofLength();
    /// @notice A compact proof contradicts itself: its maps and its length do not fit each other.
    error InvalidCompactProof();
    /// @notice The proof's thread is not the one on top of the state's active stack.
    error InvalidThreadProof();
    /// @notice The state's active stack has no thread.
    error NoActiveThread();
    /// @notice The contract does not execute states of that version.
    error UnsupportedStateVersion();
    /// @notice Branch in delay slot.
    error BranchInDelaySlot();
    /// @notice Division by zero.
    error DivisionByZero();
    /// @notice Instruction address not a multiple of 4.
    error InstructionAddressNotAMultipleOf4();
    /// @notice Invalid instruction.
    error InvalidInstruction();
    /// @notice Jump in delay slot.
    error JumpInDelaySlot();
    /// @notice No thread is left to run.
    error NoThreadIsLeftToRun();
    /// @notice Pre-image read at or past its end.
    error PreImageReadAtOrPastItsEnd();
    /// @notice Unimplemented system call.
    error UnimplementedSystemCall();
    /// @notice A branch of the proof does not lead to the memory root.
    error InvalidMemoryProof();

    // The addresses of the state's fields while the step runs: packed, in the order of the hash.
    uint256 private constant STATE = 0x100;
    uint256 private constant STATE_LEN = 188;
    uint256 private constant MEM_ROOT = 0x100;
    uint256 private constant PREIMAGE_KEY = 0x120;
    uint256 private constant PREIMAGE_OFFSET = 0x140;
    uint256 private constant HEAP = 0x148;
    uint256 private constant LL_RESERVATION_STATUS = 0x150;
    uint256 private constant LL_ADDRESS = 0x151;
    uint256 private constant LL_OWNER_THREAD = 0x159;
    uint256 private constant EXIT_CODE = 0x161;
    uint256 private constant EXITED = 0x162;
    uint256 private constant STEP = 0x163;
    uint256 private constant TURN_STEPS = 0x16b;
    uint256 private constant SIDE = 0x173;
    uint256 private constant LEFT_STACK = 0x174;
    uint256 private constant RIGHT_STACK = 0x194;
    uint256 private constant NEXT_THREAD_ID = 0x1b4;
    uint256 private constant THREAD_ID = 0x1c0;
    uint256 private constant THREAD_EXIT = 0x1c8;
    uint256 private constant THREAD_ENDED = 0x1c9;
    uint256 private constant PC = 0x1ca;
    uint256 private constant NEXT_PC = 0x1d2;
    uint256 private constant LO = 0x1da;
    uint256 private constant HI = 0x1e2;
    uint256 private constant REGISTERS = 0x1ea;

    // The running thread, packed; its fields are the last of the above. In a proof, the root of the
    // stack beneath it follows; while a step runs, that root is in the active stack's field.
    uint256 private constant THREAD = 0x1c0;
    uint256 private constant THREAD_LEN = 298;
    uint256 private constant THREAD_PROOF_LEN = 330;
    // The root of a stack without threads, and the steps of a turn.
    uint256 private constant NO_THREADS = 0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5;
    uint256 private constant QUANTUM = 100000;

    // The memory branch in use: 1 + leaf index (0: no branch), the leaf as the step has changed it, the
    // branch's number, then the leaf as proved and its siblings from the bottom up.
    uint256 private constant OPEN = 0x320;
    uint256 private constant LEAF = 0x340;
    uint256 private constant BRANCHES = 0x360;
    uint256 private constant BRANCH = 0x420;
    uint256 private constant BRANCH_LEN = 1920;
    uint256 private constant SIBLINGS = 0x440;
    uint256 private constant DEPTH = 59;
    // The roots of empty subtrees by level, for compact proofs.
    uint256 private constant EMPTY = 0xba0;
    // The calldata offset at which a compact proof goes on (0: the proof is not compact), the leaf index
    // of the branch before, and how far a branch's map lies from the low end of the word it is read in.
    uint256 private constant COMPACT = 0x380;
    uint256 private constant PREVIOUS = 0x3a0;
    uint256 private constant MAP_SHIFT = 192;
    // Three words for calls and hashes.
    uint256 private constant CALL = 0x3c0;

    // The largest word of the guest, the bits of a word, and the number of the byte with the sign bit.
    uint256 private constant WORD = 0xffffffffffffffff;
    uint256 private constant WORD_BITS = 64;
    uint256 private constant SIGN_BYTE = 7;

    address private immutable ORACLE;
    uint256 private immutable STATE_VERSION;

    /// @param preimageOracle The contract that pre-images are read from.
    /// @param version_ The version of the states to execute: 8 or 7.
    constructor(address preimageOracle, uint256 version_) {
        if (version_ != 8 && version_ != 7) revert UnsupportedStateVersion();
        STATE_VERSION = version_;
        ORACLE = preimageOracle;
    }

    /// @notice The version of the states that the contract executes.
    function stateVersion() external view returns (uint256) {
        return STATE_VERSION;
    }

    /// @notice The contract that pre-images are read from.
    function oracle() external view returns (address) {
        return ORACLE;
    }

    /// @notice Executes one step.
    /// @param stateData The packed state before the step.
    /// @param proof The running thread, packed, and the root of the stack beneath it. Then the memory
    ///        branches that the step needs, the instruction's first: leaf, then siblings from the
    ///        bottom up; or the same in the compact encoding.
    /// @param localContext What local pre-image keys are bound to besides the caller.
    /// @return The hash of the state after the step, its first byte the VM status.
    function step(bytes calldata stateData, bytes calldata proof, bytes32 localContext)
        external
        view
        returns (bytes32)
    {
        address preimageOracle = ORACLE;
        uint256 version_ = STATE_VERSION;
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
            // The guest's byte order is that of the contract.
            function ordered(a, bytes_) -> v {
                v := a
            }

            // ---- Memory ----

            // The root over a leaf at an address. Bit 5 + i of the address tells on which side the
            // node at level i is.
            function rootOf(at, leaf) -> root {
                root := leaf
                let s
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x620)) root := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x640)) root := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x660)) root := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x680)) root := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6a0)) root := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6c0)) root := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6e0)) root := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x700)) root := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x720)) root := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x740)) root := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x760)) root := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x780)) root := keccak256(0, 0x40)
                s := and(shr(27, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7a0)) root := keccak256(0, 0x40)
                s := and(shr(28, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7c0)) root := keccak256(0, 0x40)
                s := and(shr(29, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7e0)) root := keccak256(0, 0x40)
                s := and(shr(30, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x800)) root := keccak256(0, 0x40)
                s := and(shr(31, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x820)) root := keccak256(0, 0x40)
                s := and(shr(32, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x840)) root := keccak256(0, 0x40)
                s := and(shr(33, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x860)) root := keccak256(0, 0x40)
                s := and(shr(34, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x880)) root := keccak256(0, 0x40)
                s := and(shr(35, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8a0)) root := keccak256(0, 0x40)
                s := and(shr(36, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8c0)) root := keccak256(0, 0x40)
                s := and(shr(37, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8e0)) root := keccak256(0, 0x40)
                s := and(shr(38, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x900)) root := keccak256(0, 0x40)
                s := and(shr(39, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x920)) root := keccak256(0, 0x40)
                s := and(shr(40, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x940)) root := keccak256(0, 0x40)
                s := and(shr(41, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x960)) root := keccak256(0, 0x40)
                s := and(shr(42, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x980)) root := keccak256(0, 0x40)
                s := and(shr(43, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9a0)) root := keccak256(0, 0x40)
                s := and(shr(44, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9c0)) root := keccak256(0, 0x40)
                s := and(shr(45, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9e0)) root := keccak256(0, 0x40)
                s := and(shr(46, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa00)) root := keccak256(0, 0x40)
                s := and(shr(47, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa20)) root := keccak256(0, 0x40)
                s := and(shr(48, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa40)) root := keccak256(0, 0x40)
                s := and(shr(49, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa60)) root := keccak256(0, 0x40)
                s := and(shr(50, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa80)) root := keccak256(0, 0x40)
                s := and(shr(51, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xaa0)) root := keccak256(0, 0x40)
                s := and(shr(52, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xac0)) root := keccak256(0, 0x40)
                s := and(shr(53, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xae0)) root := keccak256(0, 0x40)
                s := and(shr(54, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb00)) root := keccak256(0, 0x40)
                s := and(shr(55, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb20)) root := keccak256(0, 0x40)
                s := and(shr(56, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb40)) root := keccak256(0, 0x40)
                s := and(shr(57, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb60)) root := keccak256(0, 0x40)
                s := and(shr(58, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb80)) root := keccak256(0, 0x40)
            }
            // The roots over the leaf as proved and the leaf as it is now, in one walk.
            function rootsOf(at, leaf, newLeaf) -> root, newRoot {
                root := leaf
                newRoot := newLeaf
                let s
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x620)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x640)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x660)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x680)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x6e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x700)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x720)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x740)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x760)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x780)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(27, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(28, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(29, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x7e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(30, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x800)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(31, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x820)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(32, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x840)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(33, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x860)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(34, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x880)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(35, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(36, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(37, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x8e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(38, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x900)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(39, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x920)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(40, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x940)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(41, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x960)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(42, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x980)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(43, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(44, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(45, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x9e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(46, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa00)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(47, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa20)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(48, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa40)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(49, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa60)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(50, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xa80)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(51, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xaa0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(52, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xac0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(53, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xae0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(54, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb00)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(55, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb20)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(56, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb40)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(57, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb60)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(58, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0xb80)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
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
                mstore(0xbc0, 0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5)
                mstore(0xbe0, 0xb4c11951957c6f8f642c4af61cd6b24640fec6dc7fc607ee8206a99e92410d30)
                mstore(0xc00, 0x21ddb9a356815c3fac1026b6dec5df3124afbadb485c9ba5a3e3398a04b7ba85)
                mstore(0xc20, 0xe58769b32a1beaf1ea27375a44095a0d1fb664ce2dd358e7fcbfb78c26a19344)
                mstore(0xc40, 0x0eb01ebfc9ed27500cd4dfc979272d1f0913cc9f66540d7e8005811109e1cf2d)
                mstore(0xc60, 0x887c22bd8750d34016ac3c66b5ff102dacdd73f6b014e710b51e8022af9a1968)
                mstore(0xc80, 0xffd70157e48063fc33c97a050f7f640233bf646cc98d9524c6b92bcf3ab56f83)
                mstore(0xca0, 0x9867cc5f7f196b93bae1e27e6320742445d290f2263827498b54fec539f756af)
                mstore(0xcc0, 0xcefad4e508c098b9a7e1d8feb19955fb02ba9675585078710969d3440f5054e0)
                mstore(0xce0, 0xf9dc3e7fe016e050eff260334f18a5d4fe391d82092319f5964f2e2eb7c1c3a5)
                mstore(0xd00, 0xf8b13a49e282f609c317a833fb8d976d11517c571d1221a265d25af778ecf892)
                mstore(0xd20, 0x3490c6ceeb450aecdc82e28293031d10c7d73bf85e57bf041a97360aa2c5d99c)
                mstore(0xd40, 0xc1df82d9c4b87413eae2ef048f94b4d3554cea73d92b0f7af96e0271c691e2bb)
                mstore(0xd60, 0x5c67add7c6caf302256adedf7ab114da0acfe870d449a3a489f781d659e8becc)
                mstore(0xd80, 0xda7bce9f4e8618b6bd2f4132ce798cdc7a60e7e1460a7299e3c6342a579626d2)
                mstore(0xda0, 0x2733e50f526ec2fa19a22b31e8ed50f23cd1fdf94c9154ed3a7609a2f1ff981f)
                mstore(0xdc0, 0xe1d3b5c807b281e4683cc6d6315cf95b9ade8641defcb32372f1c126e398ef7a)
                mstore(0xde0, 0x5a2dce0a8a7f68bb74560f8f71837c2c2ebbcbf7fffb42ae1896f13f7c7479a0)
                mstore(0xe00, 0xb46a28b6f55540f89444f63de0378e3d121be09e06cc9ded1c20e65876d36aa0)
                mstore(0xe20, 0xc65e9645644786b620e2dd2ad648ddfcbf4a7e5b1a3a4ecfe7f64667a3f0b7e2)
                mstore(0xe40, 0xf4418588ed35a2458cffeb39b93d26f18d2ab13bdce6aee58e7b99359ec2dfd9)
                mstore(0xe60, 0x5a9c16dc00d6ef18b7933a6f8dc65ccb55667138776f7dea101070dc8796e377)
                mstore(0xe80, 0x4df84f40ae0c8229d0d6069e5c8f39a7c299677a09d367fc7b05e3bc380ee652)
                mstore(0xea0, 0xcdc72595f74c7b1043d0e1ffbab734648c838dfb0527d971b602bc216c9619ef)
                mstore(0xec0, 0x0abf5ac974a1ed57f4050aa510dd9c74f508277b39d7973bb2dfccc5eeb0618d)
                mstore(0xee0, 0xb8cd74046ff337f0a7bf2c8e03e10f642c1886798d71806ab1e888d9e5ee87d0)
                mstore(0xf00, 0x838c5655cb21c6cb83313b5a631175dff4963772cce9108188b34ac87c81c41e)
                mstore(0xf20, 0x662ee4dd2dd7b2bc707961b1e646c4047669dcb6584f0d8d770daf5d7e7deb2e)
                mstore(0xf40, 0x388ab20e2573d171a88108e79d820e98f26c0b84aa8b2f4aa4968dbb818ea322)
                mstore(0xf60, 0x93237c50ba75ee485f4c22adf2f741400bdf8d6a9cc7df7ecae576221665d735)
                mstore(0xf80, 0x8448818bb4ae4562849e949e17ac16e0be16688e156b5cf15e098c627c0056a9)
                mstore(0xfa0, 0x27ae5ba08d7291c96c8cbddcc148bf48a6d68c7974b94356f53754ef6171d757)
                mstore(0xfc0, 0xbf558bebd2ceec7f3c5dce04a4782f88c2c6036ae78ee206d0bc5289d20461a2)
                mstore(0xfe0, 0xe21908c2968c0699040a6fd866a577a99a9d2ec88745c815fd4a472c789244da)
                mstore(0x1000, 0xae824d72ddc272aab68a8c3022e36f10454437c1886f3ff9927b64f232df414f)
                mstore(0x1020, 0x27e429a4bef3083bc31a671d046ea5c1f5b8c3094d72868d9dfdc12c7334ac5f)
                mstore(0x1040, 0x743cc5c365a9a6a15c1f240ac25880c7a9d1de290696cb766074a1d83d927816)
                mstore(0x1060, 0x4adcf616c3bfabf63999a01966c998b7bb572774035a63ead49da73b5987f347)
                mstore(0x1080, 0x75786645d0c5dd7c04a2f8a75dcae085213652f5bce3ea8b9b9bedd1cab3c5e9)
                mstore(0x10a0, 0xb88b152c9b8a7b79637d35911848b0c41e7cc7cca2ab4fe9a15f9c38bb4bb939)
                mstore(0x10c0, 0x0c4e2d8ce834ffd7a6cd85d7113d4521abb857774845c4291e6f6d010d97e318)
                mstore(0x10e0, 0x5bc799d83e3bb31501b3da786680df30fbc18eb41cbce611e8c0e9c72f69571c)
                mstore(0x1100, 0xa10d3ef857d04d9c03ead7c6317d797a090fa1271ad9c7addfbcb412e9643d4f)
                mstore(0x1120, 0xb33b1809c42623f474055fa9400a2027a7a885c8dfa4efe20666b4ee27d7529c)
                mstore(0x1140, 0x134d7f28d53f175f6bf4b62faa2110d5b76f0f770c15e628181c1fcc18f970a9)
                mstore(0x1160, 0xc34d24b2fc8c50ca9c07a7156ef4e5ff4bdf002eda0b11c1d359d0b59a546807)
                mstore(0x1180, 0x04dbb9db631457879b27e0dfdbe50158fd9cf9b4cf77605c4ac4c95bd65fc9f6)
                mstore(0x11a0, 0xf9295a686647cb999090819cda700820c282c613cedcd218540bbc6f37b01c65)
                mstore(0x11c0, 0x67c4a1ea624f092a3a5cca2d6f0f0db231972fce627f0ecca0dee60f17551c5f)
                mstore(0x11e0, 0x8fdaeb5ab560b2ceb781cdb339361a0fbee1b9dffad59115138c8d6a70dda9cc)
                mstore(0x1200, 0xc1bf0bbdd7fee15764845db875f6432559ff8dbc9055324431bc34e5b93d15da)
                mstore(0x1220, 0x307317849eccd90c0c7b98870b9317c15a5959dcfb84c76dcc908c4fe6ba9212)
                mstore(0x1240, 0x6339bf06e458f6646df5e83ba7c3d35bc263b3222c8e9040068847749ca8e8f9)
                mstore(0x1260, 0x5045e4342aeb521eb3a5587ec268ed3aa6faf32b62b0bc41a9d549521f406fc3)
                mstore(0x1280, 0x08601d83cdd34b5f7b8df63e7b9a16519d35473d0b89c317beed3d3d9424b253)
                mstore(0x12a0, 0x84e35c5d92171376cae5c86300822d729cd3a8479583bef09527027dba5f1126)
                mstore(0x12c0, 0x3c5cbbeb3834b7a5c1cba9aa5fee0c95ec3f17a33ec3d8047fff799187f5ae20)
                mstore(0x12e0, 0x40bbe913c226c34c9fbe4389dd728984257a816892b3cae3e43191dd291f0eb5)
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
                        calldatacopy(BRANCH, add(686, mul(taken, BRANCH_LEN)), BRANCH_LEN)
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
                release(at)
            }
            // Clears the reservation if the word that is written is the reserved one.
            function release(at) {
                if lt(xor(at, get8(LL_ADDRESS)), div(WORD_BITS, 8)) {
                    set1(LL_RESERVATION_STATUS, 0)
                    set8(LL_ADDRESS, 0)
                    set8(LL_OWNER_THREAD, 0)
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
                release(at)
                set8(PREIMAGE_OFFSET, and(add(offset, n), WORD))
            }

            // ---- Threads ----

            // The fields with the roots of the stack whose top runs, and of the other stack.
            function activeStack() -> field {
                switch get1(SIDE) case 0 { field := LEFT_STACK } default { field := RIGHT_STACK }
            }
            function waitingStack() -> field { field := sub(add(LEFT_STACK, RIGHT_STACK), activeStack()) }
            // The root of a stack: the running thread on top of the stack with this root.
            function stacked(root) -> newRoot {
                mstore(0, root)
                mstore(0x20, keccak256(THREAD, THREAD_LEN))
                newRoot := keccak256(0, 0x40)
            }
            // Puts a copy of the running thread on a stack. A new turn begins.
            function park(stack) {
                mstore(stack, stacked(mload(stack)))
                set8(TURN_STEPS, 0)
            }

            // ---- The state as it came ----

            // The memory below STATE is the compiler's.
            if gt(mload(0x40), STATE) { revert(0, 0) }
            if or(
                or(xor(stateData.offset, 132), xor(stateData.length, STATE_LEN)),
                or(
                    xor(proof.offset, 356),
                    xor(calldatasize(), add(356, and(add(proof.length, 31), not(31))))
                )
            ) { refuse(0xf26c0d4b) } // NonCanonicalCalldata
            calldatacopy(STATE, 132, STATE_LEN)
            let exited := get1(EXITED)
            if gt(exited, 1) { refuse(0x0136cc76) } // InvalidExitedValue
            if eq(mload(activeStack()), NO_THREADS) { refuse(0x643c04c7) } // NoActiveThread
            // After the thread, whole branches are a multiple of 32 bytes. A compact proof never is, with
            // one exception: a step without an instruction has no bytes there.
            let length := 0
            let from := 0
            switch lt(proof.length, THREAD_PROOF_LEN)
            case 0 {
                length := sub(proof.length, THREAD_PROOF_LEN)
                from := mul(686, or(iszero(length), iszero(iszero(and(length, 31)))))
                if iszero(or(from, eq(length, 5760))) { refuse(0x4dc5f6a4) } // InvalidProofLength
            }
            default {
                // The step of a program that has exited needs no proof.
                if or(iszero(exited), proof.length) { refuse(0x4dc5f6a4) } // InvalidProofLength
            }

            // ---- The step, unless the program has ended ----

            if iszero(exited) {
                mstore(OPEN, 0)
                mstore(BRANCHES, 0)
                mstore(COMPACT, from)
                calldatacopy(THREAD, proof.offset, THREAD_PROOF_LEN)
                {
                    let stack := activeStack()
                    let beneath := mload(add(THREAD, THREAD_LEN))
                    if xor(mload(stack), stacked(beneath)) { refuse(0x1cd2d4ea) } // InvalidThreadProof
                    mstore(stack, beneath)
                }
                let running := 1
                let turnSteps := get8(TURN_STEPS)
                set8(TURN_STEPS, and(add(turnSteps, 1), 0xffffffffffffffff))
                set8(STEP, and(add(get8(STEP), 1), 0xffffffffffffffff))
                let here := get8(PC)
                let slot := get8(NEXT_PC)
                let next := slot
                let after := and(add(slot, 4), WORD)

                switch or(get1(THREAD_ENDED), iszero(lt(turnSteps, QUANTUM)))
                case 0 {
                    if iszero(iszero(and(here, 3))) { refuse(0x0137e594) } // InstructionAddressNotAMultipleOf4

                    let insn := load(here, 4)
                    closeBranch()

                    switch lt(shr(26, insn), 0x20)
                    case 1 {
                        switch lt(shr(26, insn), 0xa)
                        case 1 {
                            switch lt(shr(26, insn), 5)
                            case 1 {
                                switch lt(shr(26, insn), 2)
                                case 1 {
                                    switch shr(26, insn)
                                    case 0 {
                                        switch lt(and(insn, 0x3f), 0x1c)
                                        case 1 {
                                            switch lt(and(insn, 0x3f), 0xf)
                                            case 1 {
                                                switch lt(and(insn, 0x3f), 7)
                                                case 1 {
                                                    switch lt(and(insn, 0x3f), 3)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 0 {
                                                            // sll rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, and(shl(and(shr(6, insn), 0x1f), rt), WORD)), WORD))
                                                        }
                                                        case 2 {
                                                            // srl rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, shr(and(shr(6, insn), 0x1f), and(rt, 0xffffffff))), WORD))
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 3 {
                                                            // sra rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, sar_(and(signextend(3, rt), WORD), and(shr(6, insn), 0x1f))), WORD))
                                                        }
                                                        case 4 {
                                                            // sllv rd, rt, rs
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, and(shl(and(rs, 0x1f), rt), WORD)), WORD))
                                                        }
                                                        case 6 {
                                                            // srlv rd, rt, rs
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, shr(and(rs, 0x1f), and(rt, 0xffffffff))), WORD))
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                }
                                                default {
                                                    switch lt(and(insn, 0x3f), 0xa)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 7 {
                                                            // srav rd, rt, rs
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, sar_(and(signextend(3, rt), WORD), and(rs, 0x1f))), WORD))
                                                        }
                                                        case 8 {
                                                            // jr rs
                                                            if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            after := rs
                                                        }
                                                        default {
                                                            // jalr rd, rs
                                                            if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(add(here, 8), WORD))
                                                            after := rs
                                                        }
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 0xa {
                                                            // movz rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let rd := get8(add(REGISTERS, and(shr(8, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), select(iszero(rt), rs, rd))
                                                        }
                                                        case 0xb {
                                                            // movn rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let rd := get8(add(REGISTERS, and(shr(8, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), select(iszero(rt), rd, rs))
                                                        }
                                                        case 0xc {
                                                            // syscall
                                                            let v0 := get8(add(REGISTERS, 0x10))
                                                            switch lt(v0, 0x13c2)
                                                            case 1 {
                                                                switch lt(v0, 0x1394)
                                                                case 1 {
                                                                    switch v0
                                                                    case 0x1388 { // read
                                                                        let a0 := get8(add(REGISTERS, 0x20))
                                                                        switch eq(a0, 0x64)
                                                                        case 1 {
                                                                            set8(add(REGISTERS, 0x10), 0xb)
                                                                            set8(add(REGISTERS, 0x38), WORD)
                                                                        }
                                                                        default {
                                                                            let a02 := get8(add(REGISTERS, 0x20))
                                                                            switch a02
                                                                            case 0 { // stdin
                                                                                set8(add(REGISTERS, 0x10), 0)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            case 3 { // hint read
                                                                                let a2 := get8(add(REGISTERS, 0x30))
                                                                                set8(add(REGISTERS, 0x10), a2)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            case 5 { // pre-image read
                                                                                let a1 := get8(add(REGISTERS, 0x28))
                                                                                let a2 := get8(add(REGISTERS, 0x30))
                                                                                let found, copied := readPreimage(a1, a2, 8, preimageOracle, localContext)
                                                                                if iszero(found) { refuse(0x30873d90) } // PreImageReadAtOrPastItsEnd
                                                                                set8(add(REGISTERS, 0x10), copied)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            default {
                                                                                set8(add(REGISTERS, 0x10), 9)
                                                                                set8(add(REGISTERS, 0x38), WORD)
                                                                            }
                                                                        }
                                                                    }
                                                                    case 0x1389 { // write
                                                                        let a0 := get8(add(REGISTERS, 0x20))
                                                                        switch eq(a0, 0x64)
                                                                        case 1 {
                                                                            set8(add(REGISTERS, 0x10), 0xb)
                                                                            set8(add(REGISTERS, 0x38), WORD)
                                                                        }
                                                                        default {
                                                                            let a02 := get8(add(REGISTERS, 0x20))
                                                                            switch a02
                                                                            case 1 { // stdout
                                                                                let a2 := get8(add(REGISTERS, 0x30))
                                                                                set8(add(REGISTERS, 0x10), a2)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            case 2 { // stderr
                                                                                let a2 := get8(add(REGISTERS, 0x30))
                                                                                set8(add(REGISTERS, 0x10), a2)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            case 4 { // hint write
                                                                                let a2 := get8(add(REGISTERS, 0x30))
                                                                                set8(add(REGISTERS, 0x10), a2)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            case 6 { // pre-image write
                                                                                let a1 := get8(add(REGISTERS, 0x28))
                                                                                let a2 := get8(add(REGISTERS, 0x30))
                                                                                let appended := appendKey(a1, a2, 8)
                                                                                set8(add(REGISTERS, 0x10), appended)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            default {
                                                                                set8(add(REGISTERS, 0x10), 9)
                                                                                set8(add(REGISTERS, 0x38), WORD)
                                                                            }
                                                                        }
                                                                    }
                                                                    case 0x138a { // open
                                                                        set8(add(REGISTERS, 0x10), 9)
                                                                        set8(add(REGISTERS, 0x38), WORD)
                                                                    }
                                                                    case 0x1391 { // mmap
                                                                        let a0 := get8(add(REGISTERS, 0x20))
                                                                        switch iszero(a0)
                                                                        case 1 {
                                                                            let heap := get8(HEAP)
                                                                            let a1 := get8(add(REGISTERS, 0x28))
                                                                            let bits := and(and(add(a1, 0xfff), WORD), 0xfffffffffffff000)
                                                                            let sum := and(add(heap, bits), WORD)
                                                                            switch iszero(and(iszero(lt(0x600000000000, sum)), iszero(iszero(and(iszero(lt(sum, heap)), iszero(lt(bits, a1)))))))
                                                                            case 1 {
                                                                                set8(add(REGISTERS, 0x10), 0x16)
                                                                                set8(add(REGISTERS, 0x38), WORD)
                                                                            }
                                                                            default {
                                                                                set8(HEAP, sum)
                                                                                set8(add(REGISTERS, 0x10), heap)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                        }
                                                                        default {
                                                                            let a02 := get8(add(REGISTERS, 0x20))
                                                                            set8(add(REGISTERS, 0x10), a02)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                    }
                                                                    default {
                                                                        let v02 := get8(add(REGISTERS, 0x10))
                                                                        // close, stat, fstat, lseek, mprotect, munmap, rt_sigaction,
                                                                        // rt_sigprocmask, ioctl, pread64, mincore, madvise, setitimer,
                                                                        // getpid, uname, readlink, getrlimit, getuid, getgid, sigaltstack,
                                                                        // sched_getaffinity, epoll_ctl, timer_create, timer_settime,
                                                                        // timer_delete, tgkill, openat, readlinkat, epoll_pwait,
                                                                        // epoll_create1, pipe2, prlimit64
                                                                        switch or(and(shr(sub(v02, 0x138b), 0x401000004260200200000000000000004000000a101000000400000a01803da7), 1), and(shr(sub(v02, 0x1498), 0x0200a001), 1))
                                                                        case 1 {
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                        default { refuse(0x5eefd982) } // UnimplementedSystemCall
                                                                    }
                                                                }
                                                                default {
                                                                    switch v0
                                                                    case 0x1394 { // brk
                                                                        set8(add(REGISTERS, 0x10), 0x400000000000)
                                                                        set8(add(REGISTERS, 0x38), 0)
                                                                    }
                                                                    case 0x139f { // sched_yield
                                                                        let side := get1(SIDE)
                                                                        let alone := eq(mload(activeStack()), NO_THREADS)
                                                                        set8(add(REGISTERS, 0x10), 0)
                                                                        set8(add(REGISTERS, 0x38), 0)
                                                                        set8(PC, next)
                                                                        set8(NEXT_PC, after)
                                                                        park(waitingStack())
                                                                        set1(SIDE, select(alone, iszero(side), side))
                                                                        running := 0
                                                                        set8(TURN_STEPS, 0)
                                                                    }
                                                                    case 0x13aa { // nanosleep
                                                                        let side := get1(SIDE)
                                                                        let alone := eq(mload(activeStack()), NO_THREADS)
                                                                        set8(add(REGISTERS, 0x10), 0)
                                                                        set8(add(REGISTERS, 0x38), 0)
                                                                        set8(PC, next)
                                                                        set8(NEXT_PC, after)
                                                                        park(waitingStack())
                                                                        set1(SIDE, select(alone, iszero(side), side))
                                                                        running := 0
                                                                        set8(TURN_STEPS, 0)
                                                                    }
                                                                    case 0x13bf { // clone
                                                                        let a0 := get8(add(REGISTERS, 0x20))
                                                                        switch eq(a0, 0x50f00)
                                                                        case 1 {
                                                                            let nextThreadId := get8(NEXT_THREAD_ID)
                                                                            let a1 := get8(add(REGISTERS, 0x28))
                                                                            set8(add(REGISTERS, 0x10), nextThreadId)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                            set8(PC, next)
                                                                            set8(NEXT_PC, after)
                                                                            park(activeStack())
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                            set1(THREAD_EXIT, 0)
                                                                            set1(THREAD_ENDED, 0)
                                                                            set8(add(REGISTERS, 0xe8), a1)
                                                                            set8(THREAD_ID, nextThreadId)
                                                                            set8(NEXT_THREAD_ID, and(add(nextThreadId, 1), WORD))
                                                                        }
                                                                        default {
                                                                            set1(EXITED, 1)
                                                                            set1(EXIT_CODE, and(2, 0xff))
                                                                            next := here
                                                                            after := slot
                                                                        }
                                                                    }
                                                                    default {
                                                                        let v02 := get8(add(REGISTERS, 0x10))
                                                                        // close, stat, fstat, lseek, mprotect, munmap, rt_sigaction,
                                                                        // rt_sigprocmask, ioctl, pread64, mincore, madvise, setitimer,
                                                                        // getpid, uname, readlink, getrlimit, getuid, getgid, sigaltstack,
                                                                        // sched_getaffinity, epoll_ctl, timer_create, timer_settime,
                                                                        // timer_delete, tgkill, openat, readlinkat, epoll_pwait,
                                                                        // epoll_create1, pipe2, prlimit64
                                                                        switch or(and(shr(sub(v02, 0x138b), 0x401000004260200200000000000000004000000a101000000400000a01803da7), 1), and(shr(sub(v02, 0x1498), 0x0200a001), 1))
                                                                        case 1 {
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                        default { refuse(0x5eefd982) } // UnimplementedSystemCall
                                                                    }
                                                                }
                                                            }
                                                            default {
                                                                switch lt(v0, 0x1455)
                                                                case 1 {
                                                                    switch v0
                                                                    case 0x13c2 { // exit
                                                                        let a0 := get8(add(REGISTERS, 0x20))
                                                                        let alone := eq(mload(activeStack()), NO_THREADS)
                                                                        let alone2 := eq(mload(waitingStack()), NO_THREADS)
                                                                        next := here
                                                                        after := slot
                                                                        set1(THREAD_ENDED, 1)
                                                                        set1(THREAD_EXIT, and(a0, 0xff))
                                                                        if and(alone, alone2) {
                                                                            set1(EXITED, 1)
                                                                            set1(EXIT_CODE, and(a0, 0xff))
                                                                        }
                                                                    }
                                                                    case 0x13ce { // fcntl
                                                                        let a1 := get8(add(REGISTERS, 0x28))
                                                                        switch a1
                                                                        case 1 { // F_GETFD
                                                                            let a0 := get8(add(REGISTERS, 0x20))
                                                                            switch lt(a0, 7)
                                                                            case 1 {
                                                                                set8(add(REGISTERS, 0x10), 0)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            default {
                                                                                set8(add(REGISTERS, 0x10), 9)
                                                                                set8(add(REGISTERS, 0x38), WORD)
                                                                            }
                                                                        }
                                                                        case 3 { // F_GETFL
                                                                            let a0 := get8(add(REGISTERS, 0x20))
                                                                            switch lt(a0, 7)
                                                                            case 1 {
                                                                                set8(add(REGISTERS, 0x10), and(shr(a0, 0x56), 1))
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                            }
                                                                            default {
                                                                                set8(add(REGISTERS, 0x10), 9)
                                                                                set8(add(REGISTERS, 0x38), WORD)
                                                                            }
                                                                        }
                                                                        default {
                                                                            set8(add(REGISTERS, 0x10), 0x16)
                                                                            set8(add(REGISTERS, 0x38), WORD)
                                                                        }
                                                                    }
                                                                    case 0x143a { // gettid
                                                                        let threadId := get8(THREAD_ID)
                                                                        set8(add(REGISTERS, 0x10), threadId)
                                                                        set8(add(REGISTERS, 0x38), 0)
                                                                    }
                                                                    case 0x144a { // futex
                                                                        let a1 := get8(add(REGISTERS, 0x28))
                                                                        switch a1
                                                                        case 0x80 { // FUTEX_WAIT_PRIVATE
                                                                            let a0 := get8(add(REGISTERS, 0x20))
                                                                            let a2 := get8(add(REGISTERS, 0x30))
                                                                            let loaded := load(and(a0, not(3)), 4)
                                                                            switch eq(loaded, and(a2, 0xffffffff))
                                                                            case 1 {
                                                                                let side := get1(SIDE)
                                                                                let alone := eq(mload(activeStack()), NO_THREADS)
                                                                                set8(add(REGISTERS, 0x10), 0)
                                                                                set8(add(REGISTERS, 0x38), 0)
                                                                                set8(PC, next)
                                                                                set8(NEXT_PC, after)
                                                                                park(waitingStack())
                                                                                set1(SIDE, select(alone, iszero(side), side))
                                                                                running := 0
                                                                                set8(TURN_STEPS, 0)
                                                                            }
                                                                            default {
                                                                                set8(add(REGISTERS, 0x10), 0xb)
                                                                                set8(add(REGISTERS, 0x38), WORD)
                                                                            }
                                                                        }
                                                                        case 0x81 { // FUTEX_WAKE_PRIVATE
                                                                            let side := get1(SIDE)
                                                                            let alone := eq(mload(activeStack()), NO_THREADS)
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                            set8(PC, next)
                                                                            set8(NEXT_PC, after)
                                                                            park(waitingStack())
                                                                            set1(SIDE, select(alone, iszero(side), side))
                                                                            running := 0
                                                                            set8(TURN_STEPS, 0)
                                                                        }
                                                                        default {
                                                                            set8(add(REGISTERS, 0x10), 0x16)
                                                                            set8(add(REGISTERS, 0x38), WORD)
                                                                        }
                                                                    }
                                                                    default {
                                                                        let v02 := get8(add(REGISTERS, 0x10))
                                                                        // close, stat, fstat, lseek, mprotect, munmap, rt_sigaction,
                                                                        // rt_sigprocmask, ioctl, pread64, mincore, madvise, setitimer,
                                                                        // getpid, uname, readlink, getrlimit, getuid, getgid, sigaltstack,
                                                                        // sched_getaffinity, epoll_ctl, timer_create, timer_settime,
                                                                        // timer_delete, tgkill, openat, readlinkat, epoll_pwait,
                                                                        // epoll_create1, pipe2, prlimit64
                                                                        switch or(and(shr(sub(v02, 0x138b), 0x401000004260200200000000000000004000000a101000000400000a01803da7), 1), and(shr(sub(v02, 0x1498), 0x0200a001), 1))
                                                                        case 1 {
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                        default { refuse(0x5eefd982) } // UnimplementedSystemCall
                                                                    }
                                                                }
                                                                default {
                                                                    switch v0
                                                                    case 0x1455 { // exit_group
                                                                        let a0 := get8(add(REGISTERS, 0x20))
                                                                        set1(EXITED, 1)
                                                                        set1(EXIT_CODE, and(a0, 0xff))
                                                                        next := here
                                                                        after := slot
                                                                    }
                                                                    case 0x1466 { // clock_gettime
                                                                        let a0 := get8(add(REGISTERS, 0x20))
                                                                        switch a0
                                                                        case 0 { // CLOCK_REALTIME
                                                                            let a1 := get8(add(REGISTERS, 0x28))
                                                                            let address_ := and(a1, not(7))
                                                                            store(address_, 8, 0)
                                                                            closeBranch()
                                                                            store(and(add(address_, 8), WORD), 8, 0)
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                        case 1 { // CLOCK_MONOTONIC
                                                                            let steps := get8(STEP)
                                                                            let a1 := get8(add(REGISTERS, 0x28))
                                                                            let address_ := and(a1, not(7))
                                                                            store(address_, 8, divUnsigned(steps, 0x989680))
                                                                            closeBranch()
                                                                            store(and(add(address_, 8), WORD), 8, and(mul(remUnsigned(steps, 0x989680), 0x64), WORD))
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                        default {
                                                                            set8(add(REGISTERS, 0x10), 0x16)
                                                                            set8(add(REGISTERS, 0x38), WORD)
                                                                        }
                                                                    }
                                                                    case 0x14a4 { // eventfd2
                                                                        let a1 := get8(add(REGISTERS, 0x28))
                                                                        switch iszero(and(a1, 0x80))
                                                                        case 1 {
                                                                            set8(add(REGISTERS, 0x10), 0x16)
                                                                            set8(add(REGISTERS, 0x38), WORD)
                                                                        }
                                                                        default {
                                                                            set8(add(REGISTERS, 0x10), 0x64)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                    }
                                                                    case 0x14c1 { // getrandom
                                                                        switch eq(version_, 7)
                                                                        case 1 { set8(add(REGISTERS, 0x10), 0) }
                                                                        default {
                                                                            let a0 := get8(add(REGISTERS, 0x20))
                                                                            let a1 := get8(add(REGISTERS, 0x28))
                                                                            let bits := and(a0, 7)
                                                                            let difference := and(sub(8, bits), WORD)
                                                                            let chosen := select(lt(a1, difference), a1, difference)
                                                                            let steps := get8(STEP)
                                                                            let sum := and(add(steps, 0x9e3779b97f4a7c15), WORD)
                                                                            let product := and(mul(xor(sum, shr(0x1e, sum)), 0xbf58476d1ce4e5b9), WORD)
                                                                            let product2 := and(mul(xor(product, shr(0x1b, product)), 0x94d049bb133111eb), WORD)
                                                                            let address_ := and(a0, not(7))
                                                                            let old := load(address_, 8)
                                                                            store(address_, 8, xor(old, and(xor(old, xor(product2, shr(0x1f, product2))), shr(and(shl(3, bits), WORD), and(shl(and(shl(3, and(sub(8, chosen), WORD)), WORD), WORD), WORD)))))
                                                                            set8(add(REGISTERS, 0x10), chosen)
                                                                        }
                                                                        set8(add(REGISTERS, 0x38), 0)
                                                                    }
                                                                    default {
                                                                        let v02 := get8(add(REGISTERS, 0x10))
                                                                        // close, stat, fstat, lseek, mprotect, munmap, rt_sigaction,
                                                                        // rt_sigprocmask, ioctl, pread64, mincore, madvise, setitimer,
                                                                        // getpid, uname, readlink, getrlimit, getuid, getgid, sigaltstack,
                                                                        // sched_getaffinity, epoll_ctl, timer_create, timer_settime,
                                                                        // timer_delete, tgkill, openat, readlinkat, epoll_pwait,
                                                                        // epoll_create1, pipe2, prlimit64
                                                                        switch or(and(shr(sub(v02, 0x138b), 0x401000004260200200000000000000004000000a101000000400000a01803da7), 1), and(shr(sub(v02, 0x1498), 0x0200a001), 1))
                                                                        case 1 {
                                                                            set8(add(REGISTERS, 0x10), 0)
                                                                            set8(add(REGISTERS, 0x38), 0)
                                                                        }
                                                                        default { refuse(0x5eefd982) } // UnimplementedSystemCall
                                                                    }
                                                                }
                                                            }
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                }
                                            }
                                            default {
                                                switch lt(and(insn, 0x3f), 0x16)
                                                case 1 {
                                                    switch lt(and(insn, 0x3f), 0x12)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 0xf {
                                                            // sync
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), rs)
                                                        }
                                                        case 0x10 {
                                                            // mfhi rd
                                                            let hi := get8(HI)
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), hi)
                                                        }
                                                        default {
                                                            // mthi rs
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            set8(HI, rs)
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 0x12 {
                                                            // mflo rd
                                                            let lo := get8(LO)
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), lo)
                                                        }
                                                        case 0x13 {
                                                            // mtlo rs
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            set8(LO, rs)
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                        case 0x14 {
                                                            // dsllv rd, rt, rs
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(shl(and(rs, 0x3f), rt), WORD))
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                }
                                                default {
                                                    switch lt(and(insn, 0x3f), 0x19)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 0x16 {
                                                            // dsrlv rd, rt, rs
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), shr(and(rs, 0x3f), rt))
                                                        }
                                                        case 0x17 {
                                                            // dsrav rd, rt, rs
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), sar_(rt, and(rs, 0x3f)))
                                                        }
                                                        default {
                                                            // mult rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let product := and(mul(and(signextend(3, rs), WORD), and(signextend(3, rt), WORD)), WORD)
                                                            set8(HI, sar_(product, 0x20))
                                                            set8(LO, and(signextend(3, product), WORD))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 0x19 {
                                                            // multu rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let product := and(mul(and(rs, 0xffffffff), and(rt, 0xffffffff)), WORD)
                                                            set8(HI, sar_(product, 0x20))
                                                            set8(LO, and(signextend(3, product), WORD))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                        case 0x1a {
                                                            // div rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let extended := and(signextend(3, rs), WORD)
                                                            let extended2 := and(signextend(3, rt), WORD)
                                                            if iszero(extended2) { refuse(0x23d359a3) } // DivisionByZero
                                                            set8(HI, and(signextend(3, remSigned(extended, extended2)), WORD))
                                                            set8(LO, and(signextend(3, divSigned(extended, extended2)), WORD))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                        default {
                                                            // divu rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            let bits := and(rs, 0xffffffff)
                                                            let bits2 := and(rt, 0xffffffff)
                                                            if iszero(bits2) { refuse(0x23d359a3) } // DivisionByZero
                                                            set8(HI, and(signextend(3, remUnsigned(bits, bits2)), WORD))
                                                            set8(LO, and(signextend(3, divUnsigned(bits, bits2)), WORD))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                    }
                                                }
                                            }
                                        }
                                        default {
                                            switch lt(and(insn, 0x3f), 0x2a)
                                            case 1 {
                                                switch lt(and(insn, 0x3f), 0x22)
                                                case 1 {
                                                    switch lt(and(insn, 0x3f), 0x1f)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 0x1c {
                                                            // dmult rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            set8(HI, mulHighSigned(rs, rt))
                                                            set8(LO, and(mul(rs, rt), WORD))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                        case 0x1d {
                                                            // dmultu rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            set8(HI, shr(WORD_BITS, mul(rs, rt)))
                                                            set8(LO, and(mul(rs, rt), WORD))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                        default {
                                                            // ddiv rs, rt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            if iszero(rt) { refuse(0x23d359a3) } // DivisionByZero
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt2 := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            set8(HI, remSigned(rs, rt2))
                                                            set8(LO, divSigned(rs, rt2))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 0x1f {
                                                            // ddivu rs, rt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            if iszero(rt) { refuse(0x23d359a3) } // DivisionByZero
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt2 := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            set8(HI, remUnsigned(rs, rt2))
                                                            set8(LO, divUnsigned(rs, rt2))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), 0)
                                                        }
                                                        case 0x20 {
                                                            // add rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, and(add(rs, rt), WORD)), WORD))
                                                        }
                                                        default {
                                                            // addu rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, and(add(rs, rt), WORD)), WORD))
                                                        }
                                                    }
                                                }
                                                default {
                                                    switch lt(and(insn, 0x3f), 0x25)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 0x22 {
                                                            // sub rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, and(sub(rs, rt), WORD)), WORD))
                                                        }
                                                        case 0x23 {
                                                            // subu rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, and(sub(rs, rt), WORD)), WORD))
                                                        }
                                                        default {
                                                            // and rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(rs, rt))
                                                        }
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 0x25 {
                                                            // or rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), or(rs, rt))
                                                        }
                                                        case 0x26 {
                                                            // xor rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), xor(rs, rt))
                                                        }
                                                        case 0x27 {
                                                            // nor rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), xor(or(rs, rt), WORD))
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                }
                                            }
                                            default {
                                                switch lt(and(insn, 0x3f), 0x38)
                                                case 1 {
                                                    switch lt(and(insn, 0x3f), 0x2d)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 0x2a {
                                                            // slt rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), slt(signed(rs), signed(rt)))
                                                        }
                                                        case 0x2b {
                                                            // sltu rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), lt(rs, rt))
                                                        }
                                                        default {
                                                            // dadd rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(add(rs, rt), WORD))
                                                        }
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 0x2d {
                                                            // daddu rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(add(rs, rt), WORD))
                                                        }
                                                        case 0x2e {
                                                            // dsub rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(sub(rs, rt), WORD))
                                                        }
                                                        case 0x2f {
                                                            // dsubu rd, rs, rt
                                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(sub(rs, rt), WORD))
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                }
                                                default {
                                                    switch lt(and(insn, 0x3f), 0x3c)
                                                    case 1 {
                                                        switch and(insn, 0x3f)
                                                        case 0x38 {
                                                            // dsll rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(shl(and(shr(6, insn), 0x1f), rt), WORD))
                                                        }
                                                        case 0x3a {
                                                            // dsrl rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), shr(and(shr(6, insn), 0x1f), rt))
                                                        }
                                                        case 0x3b {
                                                            // dsra rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), sar_(rt, and(shr(6, insn), 0x1f)))
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                    default {
                                                        switch and(insn, 0x3f)
                                                        case 0x3c {
                                                            // dsll32 rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(shl(and(add(and(shr(6, insn), 0x1f), 0x20), WORD), rt), WORD))
                                                        }
                                                        case 0x3e {
                                                            // dsrl32 rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), shr(and(add(and(shr(6, insn), 0x1f), 0x20), WORD), rt))
                                                        }
                                                        case 0x3f {
                                                            // dsra32 rd, rt, shamt
                                                            let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                            setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), sar_(rt, and(add(and(shr(6, insn), 0x1f), 0x20), WORD)))
                                                        }
                                                        default { refuse(0xd8c48f68) } // InvalidInstruction
                                                    }
                                                }
                                            }
                                        }
                                    }
                                    default {
                                        switch and(shr(16, insn), 0x1f)
                                        case 0 {
                                            // bltz rs, target
                                            if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                            if slt(signed(rs), signed(0)) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                        }
                                        case 1 {
                                            // bgez rs, target
                                            if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                            if iszero(slt(signed(rs), signed(0))) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                        }
                                        case 0x10 {
                                            // bltzal rs, target
                                            if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                            set8(add(REGISTERS, 0xf8), and(add(here, 8), WORD))
                                            if slt(signed(rs), signed(0)) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                        }
                                        case 0x11 {
                                            // bgezal rs, target
                                            if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                            let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                            set8(add(REGISTERS, 0xf8), and(add(here, 8), WORD))
                                            if iszero(slt(signed(rs), signed(0))) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                        }
                                        default {
                                            // regimm kind, rs, target
                                            if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                        }
                                    }
                                }
                                default {
                                    switch shr(26, insn)
                                    case 2 {
                                        // j region
                                        if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                        after := or(and(and(add(here, 4), WORD), 0xfffffffff0000000), and(shl(2, insn), 0xffffffc))
                                    }
                                    case 3 {
                                        // jal region
                                        if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                        set8(add(REGISTERS, 0xf8), and(add(here, 8), WORD))
                                        after := or(and(and(add(here, 4), WORD), 0xfffffffff0000000), and(shl(2, insn), 0xffffffc))
                                    }
                                    default {
                                        // beq rs, rt, target
                                        if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        if eq(rs, rt) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                    }
                                }
                            }
                            default {
                                switch lt(shr(26, insn), 7)
                                case 1 {
                                    switch shr(26, insn)
                                    case 5 {
                                        // bne rs, rt, target
                                        if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        if iszero(eq(rs, rt)) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                    }
                                    default {
                                        // blez rs, target
                                        if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        if iszero(slt(signed(0), signed(rs))) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                    }
                                }
                                default {
                                    switch shr(26, insn)
                                    case 7 {
                                        // bgtz rs, target
                                        if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        if slt(signed(0), signed(rs)) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                    }
                                    case 8 {
                                        // addi rt, rs, simm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(3, and(add(rs, and(signextend(1, insn), WORD)), WORD)), WORD))
                                    }
                                    default {
                                        // addiu rt, rs, simm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(3, and(add(rs, and(signextend(1, insn), WORD)), WORD)), WORD))
                                    }
                                }
                            }
                        }
                        default {
                            switch lt(shr(26, insn), 0xf)
                            case 1 {
                                switch lt(shr(26, insn), 0xc)
                                case 1 {
                                    switch shr(26, insn)
                                    case 0xa {
                                        // slti rt, rs, simm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), slt(signed(rs), signed(and(signextend(1, insn), WORD))))
                                    }
                                    default {
                                        // sltiu rt, rs, simm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), lt(rs, and(signextend(1, insn), WORD)))
                                    }
                                }
                                default {
                                    switch shr(26, insn)
                                    case 0xc {
                                        // andi rt, rs, zimm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(rs, and(insn, 0xffff)))
                                    }
                                    case 0xd {
                                        // ori rt, rs, zimm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), or(rs, and(insn, 0xffff)))
                                    }
                                    default {
                                        // xori rt, rs, zimm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), xor(rs, and(insn, 0xffff)))
                                    }
                                }
                            }
                            default {
                                switch lt(shr(26, insn), 0x1a)
                                case 1 {
                                    switch shr(26, insn)
                                    case 0xf {
                                        // lui rt, zimm
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(3, and(shl(16, insn), 0xffff0000)), WORD))
                                    }
                                    case 0x18 {
                                        // daddi rt, rs, simm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(add(rs, and(signextend(1, insn), WORD)), WORD))
                                    }
                                    case 0x19 {
                                        // daddiu rt, rs, simm
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(add(rs, and(signextend(1, insn), WORD)), WORD))
                                    }
                                    default { refuse(0xd8c48f68) } // InvalidInstruction
                                }
                                default {
                                    switch shr(26, insn)
                                    case 0x1a {
                                        // ldl rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let shifted := and(shl(3, and(sum, 7)), WORD)
                                        let loaded := load(and(sum, not(7)), 8)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), or(and(rt, xor(and(shl(shifted, WORD), WORD), WORD)), and(shl(shifted, loaded), WORD)))
                                    }
                                    case 0x1b {
                                        // ldr rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let difference := and(sub(0x38, and(shl(3, and(sum, 7)), WORD)), WORD)
                                        let loaded := load(and(sum, not(7)), 8)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), or(and(rt, xor(shr(difference, WORD), WORD)), shr(difference, loaded)))
                                    }
                                    case 0x1c {
                                        switch lt(and(insn, 0x3f), 0x21)
                                        case 1 {
                                            switch and(insn, 0x3f)
                                            case 2 {
                                                // mul rd, rs, rt
                                                let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(signextend(3, and(mul(rs, rt), WORD)), WORD))
                                            }
                                            case 0x20 {
                                                // clz rd, rs
                                                let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(add(leadingZeros(and(rs, 0xffffffff)), 0xffffffffffffffe0), WORD))
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                        default {
                                            switch and(insn, 0x3f)
                                            case 0x21 {
                                                // clo rd, rs
                                                let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), and(add(leadingZeros(and(xor(rs, WORD), 0xffffffff)), 0xffffffffffffffe0), WORD))
                                            }
                                            case 0x24 {
                                                // dclz rd, rs
                                                let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), leadingZeros(rs))
                                            }
                                            case 0x25 {
                                                // dclo rd, rs
                                                let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                                setRegister(add(REGISTERS, and(shr(8, insn), 0xf8)), leadingZeros(xor(rs, WORD)))
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                    }
                                    default { refuse(0xd8c48f68) } // InvalidInstruction
                                }
                            }
                        }
                    }
                    default {
                        switch lt(shr(26, insn), 0x2a)
                        case 1 {
                            switch lt(shr(26, insn), 0x25)
                            case 1 {
                                switch lt(shr(26, insn), 0x22)
                                case 1 {
                                    switch shr(26, insn)
                                    case 0x20 {
                                        // lb rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let loaded := load(and(add(rs, and(signextend(1, insn), WORD)), WORD), 1)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(0, loaded), WORD))
                                    }
                                    default {
                                        // lh rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(1)), 2)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(1, loaded), WORD))
                                    }
                                }
                                default {
                                    switch shr(26, insn)
                                    case 0x22 {
                                        // lwl rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let shifted := and(shl(3, and(sum, 3)), WORD)
                                        let loaded := load(and(sum, not(3)), 4)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(3, or(and(rt, xor(and(shl(shifted, 0xffffffff), WORD), WORD)), and(shl(shifted, loaded), WORD))), WORD))
                                    }
                                    case 0x23 {
                                        // lw rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(3)), 4)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(3, loaded), WORD))
                                    }
                                    default {
                                        // lbu rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let loaded := load(and(add(rs, and(signextend(1, insn), WORD)), WORD), 1)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), loaded)
                                    }
                                }
                            }
                            default {
                                switch lt(shr(26, insn), 0x27)
                                case 1 {
                                    switch shr(26, insn)
                                    case 0x25 {
                                        // lhu rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(1)), 2)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), loaded)
                                    }
                                    default {
                                        // lwr rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let difference := and(sub(0x18, and(shl(3, and(sum, 3)), WORD)), WORD)
                                        let loaded := load(and(sum, not(3)), 4)
                                        let bits := or(and(rt, xor(shr(difference, 0xffffffff), WORD)), shr(difference, loaded))
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), select(iszero(difference), and(signextend(3, bits), WORD), bits))
                                    }
                                }
                                default {
                                    switch shr(26, insn)
                                    case 0x27 {
                                        // lwu rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(3)), 4)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), loaded)
                                    }
                                    case 0x28 {
                                        // sb rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        store(and(add(rs, and(signextend(1, insn), WORD)), WORD), 1, rt)
                                    }
                                    default {
                                        // sh rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        store(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(1)), 2, rt)
                                    }
                                }
                            }
                        }
                        default {
                            switch lt(shr(26, insn), 0x30)
                            case 1 {
                                switch lt(shr(26, insn), 0x2c)
                                case 1 {
                                    switch shr(26, insn)
                                    case 0x2a {
                                        // swl rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let shifted := and(shl(3, and(sum, 3)), WORD)
                                        let address_ := and(sum, not(3))
                                        let old := load(address_, 4)
                                        store(address_, 4, or(and(old, xor(shr(shifted, 0xffffffff), WORD)), shr(shifted, and(rt, 0xffffffff))))
                                    }
                                    default {
                                        // sw rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        store(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(3)), 4, rt)
                                    }
                                }
                                default {
                                    switch shr(26, insn)
                                    case 0x2c {
                                        // sdl rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let shifted := and(shl(3, and(sum, 7)), WORD)
                                        let address_ := and(sum, not(7))
                                        let old := load(address_, 8)
                                        store(address_, 8, or(and(old, xor(shr(shifted, WORD), WORD)), shr(shifted, rt)))
                                    }
                                    case 0x2d {
                                        // sdr rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let difference := and(sub(0x38, and(shl(3, and(sum, 7)), WORD)), WORD)
                                        let address_ := and(sum, not(7))
                                        let old := load(address_, 8)
                                        store(address_, 8, or(and(old, xor(and(shl(difference, WORD), WORD), WORD)), and(shl(difference, rt), WORD)))
                                    }
                                    case 0x2e {
                                        // swr rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let difference := and(sub(0x18, and(shl(3, and(sum, 3)), WORD)), WORD)
                                        let address_ := and(sum, not(3))
                                        let old := load(address_, 4)
                                        store(address_, 4, or(and(old, xor(and(shl(difference, 0xffffffff), WORD), WORD)), and(shl(difference, and(rt, 0xffffffff)), WORD)))
                                    }
                                    default { refuse(0xd8c48f68) } // InvalidInstruction
                                }
                            }
                            default {
                                switch lt(shr(26, insn), 0x38)
                                case 1 {
                                    switch shr(26, insn)
                                    case 0x30 {
                                        // ll rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let threadId := get8(THREAD_ID)
                                        let loaded := load(and(sum, not(3)), 4)
                                        set1(LL_RESERVATION_STATUS, 1)
                                        set8(LL_ADDRESS, sum)
                                        set8(LL_OWNER_THREAD, threadId)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), and(signextend(3, loaded), WORD))
                                    }
                                    case 0x34 {
                                        // lld rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let threadId := get8(THREAD_ID)
                                        let loaded := load(and(sum, not(7)), 8)
                                        set1(LL_RESERVATION_STATUS, 2)
                                        set8(LL_ADDRESS, sum)
                                        set8(LL_OWNER_THREAD, threadId)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), loaded)
                                    }
                                    case 0x37 {
                                        // ld rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(7)), 8)
                                        setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), loaded)
                                    }
                                    default { refuse(0xd8c48f68) } // InvalidInstruction
                                }
                                default {
                                    switch shr(26, insn)
                                    case 0x38 {
                                        // sc rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let llReservationStatus := get1(LL_RESERVATION_STATUS)
                                        let llAddress := get8(LL_ADDRESS)
                                        let llOwnerThread := get8(LL_OWNER_THREAD)
                                        let threadId := get8(THREAD_ID)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        switch and(eq(llReservationStatus, 1), and(eq(llOwnerThread, threadId), eq(llAddress, sum)))
                                        case 1 {
                                            store(and(sum, not(3)), 4, rt)
                                            setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), 1)
                                        }
                                        default { setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), 0) }
                                    }
                                    case 0x3c {
                                        // scd rt, simm(rs)
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                        let llReservationStatus := get1(LL_RESERVATION_STATUS)
                                        let llAddress := get8(LL_ADDRESS)
                                        let llOwnerThread := get8(LL_OWNER_THREAD)
                                        let threadId := get8(THREAD_ID)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        switch and(eq(llReservationStatus, 2), and(eq(llOwnerThread, threadId), eq(llAddress, sum)))
                                        case 1 {
                                            store(and(sum, not(7)), 8, rt)
                                            setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), 1)
                                        }
                                        default { setRegister(add(REGISTERS, and(shr(13, insn), 0xf8)), 0) }
                                    }
                                    case 0x3f {
                                        // sd rt, simm(rs)
                                        let rt := get8(add(REGISTERS, and(shr(13, insn), 0xf8)))
                                        let rs := get8(add(REGISTERS, and(shr(18, insn), 0xf8)))
                                        store(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(7)), 8, rt)
                                    }
                                    default { refuse(0xd8c48f68) } // InvalidInstruction
                                }
                            }
                        }
                    }

                    closeBranch()
                }
                default {
                    // The turn is over, or the thread has ended.
                    next := here
                    after := slot
                    let threadEnded := get1(THREAD_ENDED)
                    let isZero := iszero(threadEnded)
                    let alone := eq(mload(activeStack()), NO_THREADS)
                    let alone2 := eq(mload(waitingStack()), NO_THREADS)
                    if and(iszero(isZero), and(alone, alone2)) { refuse(0x37fe4385) } // NoThreadIsLeftToRun
                    let side := get1(SIDE)
                    let alone3 := eq(mload(activeStack()), NO_THREADS)
                    if isZero {
                        set8(PC, next)
                        set8(NEXT_PC, after)
                        park(waitingStack())
                    }
                    set1(SIDE, select(alone3, iszero(side), side))
                    running := 0
                    set8(TURN_STEPS, 0)
                }
                if from {
                    if xor(mload(COMPACT), add(from, length)) {
                        refuse(0x8e145d86) // InvalidCompactProof
                    }
                }
                set8(PC, next)
                set8(NEXT_PC, after)
                if running {
                    let stack := activeStack()
                    mstore(stack, stacked(mload(stack)))
                }
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
