// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// Printed from the instruction definitions of singlethreaded-2 (crate `isa-mips`): the table and semantics
// there are the source of this file, and a test fails where the two differ. To change it, change
// them and run `cargo run -p fpvm-contracts --example emit`. The frame around the instructions is
// contracts/src/emit/shell.sol.in, the same for every instruction set.

/// @title FpvmMips: what one step of a singlethreaded-2 machine leads to
/// @notice Takes a packed state and proofs of the memory that the step touches, and gives the hash
///         of the state after it. Reverts where the step has no state after it.
contract FpvmMips {
    /// @notice Version of the VM's behaviour as this contract has it.
    string public constant version = "1.0.0";

    /// @notice The calldata is not the plain ABI encoding of a state of 226 bytes and a proof.
    error NonCanonicalCalldata();
    /// @notice The exited flag of the state is neither 0 nor 1.
    error InvalidExitedValue();
    /// @notice No encoding of a proof has this length.
    error InvalidProofLength();
    /// @notice A compact proof contradicts itself: its maps and its length do not fit each other.
    error InvalidCompactProof();
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
    /// @notice Pre-image read at or past its end.
    error PreImageReadAtOrPastItsEnd();
    /// @notice A branch of the proof does not lead to the memory root.
    error InvalidMemoryProof();

    // The addresses of the state's fields while the step runs: packed, in the order of the hash.
    uint256 private constant STATE = 0x100;
    uint256 private constant STATE_LEN = 226;
    uint256 private constant MEM_ROOT = 0x100;
    uint256 private constant PREIMAGE_KEY = 0x120;
    uint256 private constant PREIMAGE_OFFSET = 0x140;
    uint256 private constant PC = 0x144;
    uint256 private constant NEXT_PC = 0x148;
    uint256 private constant LO = 0x14c;
    uint256 private constant HI = 0x150;
    uint256 private constant HEAP = 0x154;
    uint256 private constant EXIT_CODE = 0x158;
    uint256 private constant EXITED = 0x159;
    uint256 private constant STEP = 0x15a;
    uint256 private constant REGISTERS = 0x162;

    // The memory branch in use: 1 + leaf index (0: no branch), the leaf as the step has changed it, the
    // branch's number, then the leaf as proved and its siblings from the bottom up.
    uint256 private constant OPEN = 0x200;
    uint256 private constant LEAF = 0x220;
    uint256 private constant BRANCHES = 0x240;
    uint256 private constant BRANCH = 0x300;
    uint256 private constant BRANCH_LEN = 896;
    uint256 private constant SIBLINGS = 0x320;
    uint256 private constant DEPTH = 27;
    // The roots of empty subtrees by level, for compact proofs.
    uint256 private constant EMPTY = 0x680;
    // The calldata offset at which a compact proof goes on (0: the proof is not compact), the leaf index
    // of the branch before, and how far a branch's map lies from the low end of the word it is read in.
    uint256 private constant COMPACT = 0x260;
    uint256 private constant PREVIOUS = 0x280;
    uint256 private constant MAP_SHIFT = 224;
    // Three words for calls and hashes.
    uint256 private constant CALL = 0x2a0;

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
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x320)) root := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x340)) root := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x360)) root := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x380)) root := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3a0)) root := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3c0)) root := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3e0)) root := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x400)) root := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x420)) root := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x620)) root := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x640)) root := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x660)) root := keccak256(0, 0x40)
            }
            // The roots over the leaf as proved and the leaf as it is now, in one walk.
            function rootsOf(at, leaf, newLeaf) -> root, newRoot {
                root := leaf
                newRoot := newLeaf
                let s
                s := and(at, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x320)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(1, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x340)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(2, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x360)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(3, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x380)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(4, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(5, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(6, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x3e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(7, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x400)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(8, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x420)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(9, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x440)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(10, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x460)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(11, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x480)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(12, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(13, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(14, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x4e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(15, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x500)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(16, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x520)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(17, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x540)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(18, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x560)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(19, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x580)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(20, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5a0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(21, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5c0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(22, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x5e0)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(23, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x600)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(24, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x620)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(25, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x640)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
                s := and(shr(26, at), 0x20) mstore(s, root) mstore(xor(s, 0x20), mload(0x660)) root := keccak256(0, 0x40) mstore(s, newRoot) newRoot := keccak256(0, 0x40)
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
                mstore(0x6a0, 0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5)
                mstore(0x6c0, 0xb4c11951957c6f8f642c4af61cd6b24640fec6dc7fc607ee8206a99e92410d30)
                mstore(0x6e0, 0x21ddb9a356815c3fac1026b6dec5df3124afbadb485c9ba5a3e3398a04b7ba85)
                mstore(0x700, 0xe58769b32a1beaf1ea27375a44095a0d1fb664ce2dd358e7fcbfb78c26a19344)
                mstore(0x720, 0x0eb01ebfc9ed27500cd4dfc979272d1f0913cc9f66540d7e8005811109e1cf2d)
                mstore(0x740, 0x887c22bd8750d34016ac3c66b5ff102dacdd73f6b014e710b51e8022af9a1968)
                mstore(0x760, 0xffd70157e48063fc33c97a050f7f640233bf646cc98d9524c6b92bcf3ab56f83)
                mstore(0x780, 0x9867cc5f7f196b93bae1e27e6320742445d290f2263827498b54fec539f756af)
                mstore(0x7a0, 0xcefad4e508c098b9a7e1d8feb19955fb02ba9675585078710969d3440f5054e0)
                mstore(0x7c0, 0xf9dc3e7fe016e050eff260334f18a5d4fe391d82092319f5964f2e2eb7c1c3a5)
                mstore(0x7e0, 0xf8b13a49e282f609c317a833fb8d976d11517c571d1221a265d25af778ecf892)
                mstore(0x800, 0x3490c6ceeb450aecdc82e28293031d10c7d73bf85e57bf041a97360aa2c5d99c)
                mstore(0x820, 0xc1df82d9c4b87413eae2ef048f94b4d3554cea73d92b0f7af96e0271c691e2bb)
                mstore(0x840, 0x5c67add7c6caf302256adedf7ab114da0acfe870d449a3a489f781d659e8becc)
                mstore(0x860, 0xda7bce9f4e8618b6bd2f4132ce798cdc7a60e7e1460a7299e3c6342a579626d2)
                mstore(0x880, 0x2733e50f526ec2fa19a22b31e8ed50f23cd1fdf94c9154ed3a7609a2f1ff981f)
                mstore(0x8a0, 0xe1d3b5c807b281e4683cc6d6315cf95b9ade8641defcb32372f1c126e398ef7a)
                mstore(0x8c0, 0x5a2dce0a8a7f68bb74560f8f71837c2c2ebbcbf7fffb42ae1896f13f7c7479a0)
                mstore(0x8e0, 0xb46a28b6f55540f89444f63de0378e3d121be09e06cc9ded1c20e65876d36aa0)
                mstore(0x900, 0xc65e9645644786b620e2dd2ad648ddfcbf4a7e5b1a3a4ecfe7f64667a3f0b7e2)
                mstore(0x920, 0xf4418588ed35a2458cffeb39b93d26f18d2ab13bdce6aee58e7b99359ec2dfd9)
                mstore(0x940, 0x5a9c16dc00d6ef18b7933a6f8dc65ccb55667138776f7dea101070dc8796e377)
                mstore(0x960, 0x4df84f40ae0c8229d0d6069e5c8f39a7c299677a09d367fc7b05e3bc380ee652)
                mstore(0x980, 0xcdc72595f74c7b1043d0e1ffbab734648c838dfb0527d971b602bc216c9619ef)
                mstore(0x9a0, 0x0abf5ac974a1ed57f4050aa510dd9c74f508277b39d7973bb2dfccc5eeb0618d)
                mstore(0x9c0, 0xb8cd74046ff337f0a7bf2c8e03e10f642c1886798d71806ab1e888d9e5ee87d0)
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
                        calldatacopy(BRANCH, add(420, mul(taken, BRANCH_LEN)), BRANCH_LEN)
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
                    xor(proof.offset, 420),
                    xor(calldatasize(), add(420, and(add(proof.length, 31), not(31))))
                )
            ) { refuse(0xf26c0d4b) } // NonCanonicalCalldata
            calldatacopy(STATE, 132, STATE_LEN)
            let exited := get1(EXITED)
            if gt(exited, 1) { refuse(0x0136cc76) } // InvalidExitedValue
            // Whole branches are a multiple of 32 bytes, a compact proof never is.
            let from := 0
            switch and(proof.length, 31)
            case 0 {
                if xor(proof.length, 1792) {
                    // The step of a program that has exited needs no proof.
                    if or(iszero(exited), proof.length) { refuse(0x4dc5f6a4) } // InvalidProofLength
                }
            }
            default { from := proof.offset }

            // ---- The step, unless the program has ended ----

            if iszero(exited) {
                mstore(OPEN, 0)
                mstore(BRANCHES, 0)
                mstore(COMPACT, from)
                set8(STEP, and(add(get8(STEP), 1), 0xffffffffffffffff))
                let here := get4(PC)
                let slot := get4(NEXT_PC)
                let next := slot
                let after := and(add(slot, 4), WORD)

                if iszero(iszero(and(here, 3))) { refuse(0x0137e594) } // InstructionAddressNotAMultipleOf4

                let insn := load(here, 4)
                closeBranch()

                switch lt(shr(26, insn), 0xf)
                case 1 {
                    switch lt(shr(26, insn), 7)
                    case 1 {
                        switch lt(shr(26, insn), 3)
                        case 1 {
                            switch shr(26, insn)
                            case 0 {
                                switch lt(and(insn, 0x3f), 0x13)
                                case 1 {
                                    switch lt(and(insn, 0x3f), 9)
                                    case 1 {
                                        switch lt(and(insn, 0x3f), 4)
                                        case 1 {
                                            switch and(insn, 0x3f)
                                            case 0 {
                                                // sll rd, rt, shamt
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(shl(and(shr(6, insn), 0x1f), rt), WORD))
                                            }
                                            case 2 {
                                                // srl rd, rt, shamt
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), shr(and(shr(6, insn), 0x1f), rt))
                                            }
                                            case 3 {
                                                // sra rd, rt, shamt
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), sar_(rt, and(shr(6, insn), 0x1f)))
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                        default {
                                            switch and(insn, 0x3f)
                                            case 4 {
                                                // sllv rd, rt, rs
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(shl(and(rs, 0x1f), rt), WORD))
                                            }
                                            case 6 {
                                                // srlv rd, rt, rs
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), shr(and(rs, 0x1f), rt))
                                            }
                                            case 7 {
                                                // srav rd, rt, rs
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), sar_(rt, and(rs, 0x1f)))
                                            }
                                            case 8 {
                                                // jr rs
                                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                after := rs
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                    }
                                    default {
                                        switch lt(and(insn, 0x3f), 0xf)
                                        case 1 {
                                            switch and(insn, 0x3f)
                                            case 9 {
                                                // jalr rd, rs
                                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(add(here, 8), WORD))
                                                after := rs
                                            }
                                            case 0xa {
                                                // movz rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                let rd := get4(add(REGISTERS, and(shr(9, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), select(iszero(rt), rs, rd))
                                            }
                                            case 0xb {
                                                // movn rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                let rd := get4(add(REGISTERS, and(shr(9, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), select(iszero(rt), rd, rs))
                                            }
                                            case 0xc {
                                                // syscall
                                                let v0 := get4(add(REGISTERS, 0x8))
                                                switch lt(v0, 0xfd7)
                                                case 1 {
                                                    switch v0
                                                    case 0xfa3 { // read
                                                        let a0 := get4(add(REGISTERS, 0x10))
                                                        switch a0
                                                        case 0 { // stdin
                                                            set4(add(REGISTERS, 0x8), 0)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                        case 3 { // hint read
                                                            let a2 := get4(add(REGISTERS, 0x18))
                                                            set4(add(REGISTERS, 0x8), a2)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                        case 5 { // pre-image read
                                                            let a1 := get4(add(REGISTERS, 0x14))
                                                            let a2 := get4(add(REGISTERS, 0x18))
                                                            let found, copied := readPreimage(a1, a2, 4, preimageOracle, localContext)
                                                            if iszero(found) { refuse(0x30873d90) } // PreImageReadAtOrPastItsEnd
                                                            set4(add(REGISTERS, 0x8), copied)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                        default {
                                                            set4(add(REGISTERS, 0x8), WORD)
                                                            set4(add(REGISTERS, 0x1c), 9)
                                                        }
                                                    }
                                                    case 0xfa4 { // write
                                                        let a0 := get4(add(REGISTERS, 0x10))
                                                        switch a0
                                                        case 1 { // stdout
                                                            let a2 := get4(add(REGISTERS, 0x18))
                                                            set4(add(REGISTERS, 0x8), a2)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                        case 2 { // stderr
                                                            let a2 := get4(add(REGISTERS, 0x18))
                                                            set4(add(REGISTERS, 0x8), a2)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                        case 4 { // hint write
                                                            let a2 := get4(add(REGISTERS, 0x18))
                                                            set4(add(REGISTERS, 0x8), a2)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                        case 6 { // pre-image write
                                                            let a1 := get4(add(REGISTERS, 0x14))
                                                            let a2 := get4(add(REGISTERS, 0x18))
                                                            let appended := appendKey(a1, a2, 4)
                                                            set4(add(REGISTERS, 0x8), appended)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                        default {
                                                            set4(add(REGISTERS, 0x8), WORD)
                                                            set4(add(REGISTERS, 0x1c), 9)
                                                        }
                                                    }
                                                    case 0xfcd { // brk
                                                        set4(add(REGISTERS, 0x8), 0x40000000)
                                                        set4(add(REGISTERS, 0x1c), 0)
                                                    }
                                                    default {
                                                        set4(add(REGISTERS, 0x8), 0)
                                                        set4(add(REGISTERS, 0x1c), 0)
                                                    }
                                                }
                                                default {
                                                    switch v0
                                                    case 0xfd7 { // fcntl
                                                        let a1 := get4(add(REGISTERS, 0x14))
                                                        switch a1
                                                        case 1 { // F_GETFD
                                                            let a0 := get4(add(REGISTERS, 0x10))
                                                            switch lt(a0, 7)
                                                            case 1 {
                                                                set4(add(REGISTERS, 0x8), 0)
                                                                set4(add(REGISTERS, 0x1c), 0)
                                                            }
                                                            default {
                                                                set4(add(REGISTERS, 0x8), WORD)
                                                                set4(add(REGISTERS, 0x1c), 9)
                                                            }
                                                        }
                                                        case 3 { // F_GETFL
                                                            let a0 := get4(add(REGISTERS, 0x10))
                                                            switch lt(a0, 7)
                                                            case 1 {
                                                                set4(add(REGISTERS, 0x8), and(shr(a0, 0x56), 1))
                                                                set4(add(REGISTERS, 0x1c), 0)
                                                            }
                                                            default {
                                                                set4(add(REGISTERS, 0x8), WORD)
                                                                set4(add(REGISTERS, 0x1c), 9)
                                                            }
                                                        }
                                                        default {
                                                            set4(add(REGISTERS, 0x8), WORD)
                                                            set4(add(REGISTERS, 0x1c), 0x16)
                                                        }
                                                    }
                                                    case 0xffa { // mmap
                                                        let a0 := get4(add(REGISTERS, 0x10))
                                                        switch iszero(a0)
                                                        case 1 {
                                                            let heap := get4(HEAP)
                                                            let a1 := get4(add(REGISTERS, 0x14))
                                                            let bits := and(and(add(a1, 0xfff), WORD), 0xfffff000)
                                                            let sum := and(add(heap, bits), WORD)
                                                            switch iszero(and(iszero(lt(0x60000000, sum)), iszero(iszero(and(iszero(lt(sum, heap)), iszero(lt(bits, a1)))))))
                                                            case 1 {
                                                                set4(add(REGISTERS, 0x8), WORD)
                                                                set4(add(REGISTERS, 0x1c), 0x16)
                                                            }
                                                            default {
                                                                set4(HEAP, sum)
                                                                set4(add(REGISTERS, 0x8), heap)
                                                                set4(add(REGISTERS, 0x1c), 0)
                                                            }
                                                        }
                                                        default {
                                                            let a02 := get4(add(REGISTERS, 0x10))
                                                            set4(add(REGISTERS, 0x8), a02)
                                                            set4(add(REGISTERS, 0x1c), 0)
                                                        }
                                                    }
                                                    case 0x1018 { // clone
                                                        set4(add(REGISTERS, 0x8), 1)
                                                        set4(add(REGISTERS, 0x1c), 0)
                                                    }
                                                    case 0x1096 { // exit_group
                                                        let a0 := get4(add(REGISTERS, 0x10))
                                                        set1(EXITED, 1)
                                                        set1(EXIT_CODE, and(a0, 0xff))
                                                        next := here
                                                        after := slot
                                                    }
                                                    default {
                                                        set4(add(REGISTERS, 0x8), 0)
                                                        set4(add(REGISTERS, 0x1c), 0)
                                                    }
                                                }
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                        default {
                                            switch and(insn, 0x3f)
                                            case 0xf {
                                                // sync
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), rs)
                                            }
                                            case 0x10 {
                                                // mfhi rd
                                                let hi := get4(HI)
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), hi)
                                            }
                                            case 0x11 {
                                                // mthi rs
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                set4(HI, rs)
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), 0)
                                            }
                                            default {
                                                // mflo rd
                                                let lo := get4(LO)
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), lo)
                                            }
                                        }
                                    }
                                }
                                default {
                                    switch lt(and(insn, 0x3f), 0x22)
                                    case 1 {
                                        switch lt(and(insn, 0x3f), 0x1a)
                                        case 1 {
                                            switch and(insn, 0x3f)
                                            case 0x13 {
                                                // mtlo rs
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                set4(LO, rs)
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), 0)
                                            }
                                            case 0x18 {
                                                // mult rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                set4(HI, mulHighSigned(rs, rt))
                                                set4(LO, and(mul(rs, rt), WORD))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), 0)
                                            }
                                            case 0x19 {
                                                // multu rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                set4(HI, shr(WORD_BITS, mul(rs, rt)))
                                                set4(LO, and(mul(rs, rt), WORD))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), 0)
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                        default {
                                            switch and(insn, 0x3f)
                                            case 0x1a {
                                                // div rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                if iszero(rt) { refuse(0x23d359a3) } // DivisionByZero
                                                set4(HI, remSigned(rs, rt))
                                                set4(LO, divSigned(rs, rt))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), 0)
                                            }
                                            case 0x1b {
                                                // divu rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                if iszero(rt) { refuse(0x23d359a3) } // DivisionByZero
                                                set4(HI, remUnsigned(rs, rt))
                                                set4(LO, divUnsigned(rs, rt))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), 0)
                                            }
                                            case 0x20 {
                                                // add rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(add(rs, rt), WORD))
                                            }
                                            case 0x21 {
                                                // addu rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(add(rs, rt), WORD))
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                    }
                                    default {
                                        switch lt(and(insn, 0x3f), 0x26)
                                        case 1 {
                                            switch and(insn, 0x3f)
                                            case 0x22 {
                                                // sub rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(sub(rs, rt), WORD))
                                            }
                                            case 0x23 {
                                                // subu rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(sub(rs, rt), WORD))
                                            }
                                            case 0x24 {
                                                // and rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(rs, rt))
                                            }
                                            default {
                                                // or rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), or(rs, rt))
                                            }
                                        }
                                        default {
                                            switch and(insn, 0x3f)
                                            case 0x26 {
                                                // xor rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), xor(rs, rt))
                                            }
                                            case 0x27 {
                                                // nor rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), xor(or(rs, rt), WORD))
                                            }
                                            case 0x2a {
                                                // slt rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), slt(signed(rs), signed(rt)))
                                            }
                                            case 0x2b {
                                                // sltu rd, rs, rt
                                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                                setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), lt(rs, rt))
                                            }
                                            default { refuse(0xd8c48f68) } // InvalidInstruction
                                        }
                                    }
                                }
                            }
                            case 1 {
                                switch and(shr(16, insn), 0x1f)
                                case 0 {
                                    // bltz rs, target
                                    if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                    let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                    if slt(signed(rs), signed(0)) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                }
                                case 1 {
                                    // bgez rs, target
                                    if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                    let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                    if iszero(slt(signed(rs), signed(0))) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                }
                                case 0x11 {
                                    // bgezal rs, target
                                    if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                    let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                    set4(add(REGISTERS, 0x7c), and(add(here, 8), WORD))
                                    if iszero(slt(signed(rs), signed(0))) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                                }
                                default {
                                    // regimm kind, rs, target
                                    if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                }
                            }
                            default {
                                // j region
                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                after := or(and(and(add(here, 4), WORD), 0xf0000000), and(shl(2, insn), 0xffffffc))
                            }
                        }
                        default {
                            switch shr(26, insn)
                            case 3 {
                                // jal region
                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0xd99484d0) } // JumpInDelaySlot
                                set4(add(REGISTERS, 0x7c), and(add(here, 8), WORD))
                                after := or(and(and(add(here, 4), WORD), 0xf0000000), and(shl(2, insn), 0xffffffc))
                            }
                            case 4 {
                                // beq rs, rt, target
                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                if eq(rs, rt) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                            }
                            case 5 {
                                // bne rs, rt, target
                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                if iszero(eq(rs, rt)) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                            }
                            default {
                                // blez rs, target
                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                if iszero(slt(signed(0), signed(rs))) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                            }
                        }
                    }
                    default {
                        switch lt(shr(26, insn), 0xb)
                        case 1 {
                            switch shr(26, insn)
                            case 7 {
                                // bgtz rs, target
                                if iszero(eq(slot, and(add(here, 4), WORD))) { refuse(0x4090ed5b) } // BranchInDelaySlot
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                if slt(signed(0), signed(rs)) { after := and(add(and(add(here, 4), WORD), and(shl(2, signextend(1, insn)), WORD)), WORD) }
                            }
                            case 8 {
                                // addi rt, rs, simm
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), and(add(rs, and(signextend(1, insn), WORD)), WORD))
                            }
                            case 9 {
                                // addiu rt, rs, simm
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), and(add(rs, and(signextend(1, insn), WORD)), WORD))
                            }
                            default {
                                // slti rt, rs, simm
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), slt(signed(rs), signed(and(signextend(1, insn), WORD))))
                            }
                        }
                        default {
                            switch shr(26, insn)
                            case 0xb {
                                // sltiu rt, rs, simm
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), lt(rs, and(signextend(1, insn), WORD)))
                            }
                            case 0xc {
                                // andi rt, rs, zimm
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), and(rs, and(insn, 0xffff)))
                            }
                            case 0xd {
                                // ori rt, rs, zimm
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), or(rs, and(insn, 0xffff)))
                            }
                            default {
                                // xori rt, rs, zimm
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), xor(rs, and(insn, 0xffff)))
                            }
                        }
                    }
                }
                default {
                    switch lt(shr(26, insn), 0x26)
                    case 1 {
                        switch lt(shr(26, insn), 0x22)
                        case 1 {
                            switch shr(26, insn)
                            case 0xf {
                                // lui rt, zimm
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), and(shl(16, insn), 0xffff0000))
                            }
                            case 0x1c {
                                switch and(insn, 0x3f)
                                case 2 {
                                    // mul rd, rs, rt
                                    let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                    let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                    setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), and(mul(rs, rt), WORD))
                                }
                                case 0x20 {
                                    // clz rd, rs
                                    let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                    setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), leadingZeros(rs))
                                }
                                case 0x21 {
                                    // clo rd, rs
                                    let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                    setRegister(add(REGISTERS, and(shr(9, insn), 0x7c)), leadingZeros(xor(rs, WORD)))
                                }
                                default { refuse(0xd8c48f68) } // InvalidInstruction
                            }
                            case 0x20 {
                                // lb rt, simm(rs)
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let loaded := load(and(add(rs, and(signextend(1, insn), WORD)), WORD), 1)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), and(signextend(0, loaded), WORD))
                            }
                            case 0x21 {
                                // lh rt, simm(rs)
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(1)), 2)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), and(signextend(1, loaded), WORD))
                            }
                            default { refuse(0xd8c48f68) } // InvalidInstruction
                        }
                        default {
                            switch shr(26, insn)
                            case 0x22 {
                                // lwl rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                let shifted := and(shl(3, and(sum, 3)), WORD)
                                let loaded := load(and(sum, not(3)), 4)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), or(and(rt, xor(and(shl(shifted, WORD), WORD), WORD)), and(shl(shifted, loaded), WORD)))
                            }
                            case 0x23 {
                                // lw rt, simm(rs)
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(3)), 4)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), loaded)
                            }
                            case 0x24 {
                                // lbu rt, simm(rs)
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let loaded := load(and(add(rs, and(signextend(1, insn), WORD)), WORD), 1)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), loaded)
                            }
                            default {
                                // lhu rt, simm(rs)
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(1)), 2)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), loaded)
                            }
                        }
                    }
                    default {
                        switch lt(shr(26, insn), 0x2b)
                        case 1 {
                            switch shr(26, insn)
                            case 0x26 {
                                // lwr rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                let difference := and(sub(0x18, and(shl(3, and(sum, 3)), WORD)), WORD)
                                let loaded := load(and(sum, not(3)), 4)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), or(and(rt, xor(shr(difference, WORD), WORD)), shr(difference, loaded)))
                            }
                            case 0x28 {
                                // sb rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                store(and(add(rs, and(signextend(1, insn), WORD)), WORD), 1, rt)
                            }
                            case 0x29 {
                                // sh rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                store(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(1)), 2, rt)
                            }
                            case 0x2a {
                                // swl rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                let shifted := and(shl(3, and(sum, 3)), WORD)
                                let address_ := and(sum, not(3))
                                let old := load(address_, 4)
                                store(address_, 4, or(and(old, xor(shr(shifted, WORD), WORD)), shr(shifted, rt)))
                            }
                            default { refuse(0xd8c48f68) } // InvalidInstruction
                        }
                        default {
                            switch shr(26, insn)
                            case 0x2b {
                                // sw rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                store(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(3)), 4, rt)
                            }
                            case 0x2e {
                                // swr rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let sum := and(add(rs, and(signextend(1, insn), WORD)), WORD)
                                let difference := and(sub(0x18, and(shl(3, and(sum, 3)), WORD)), WORD)
                                let address_ := and(sum, not(3))
                                let old := load(address_, 4)
                                store(address_, 4, or(and(old, xor(and(shl(difference, WORD), WORD), WORD)), and(shl(difference, rt), WORD)))
                            }
                            case 0x30 {
                                // ll rt, simm(rs)
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                let loaded := load(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(3)), 4)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), loaded)
                            }
                            case 0x38 {
                                // sc rt, simm(rs)
                                let rt := get4(add(REGISTERS, and(shr(14, insn), 0x7c)))
                                let rs := get4(add(REGISTERS, and(shr(19, insn), 0x7c)))
                                store(and(and(add(rs, and(signextend(1, insn), WORD)), WORD), not(3)), 4, rt)
                                setRegister(add(REGISTERS, and(shr(14, insn), 0x7c)), 1)
                            }
                            default { refuse(0xd8c48f68) } // InvalidInstruction
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
                set4(NEXT_PC, after)
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
