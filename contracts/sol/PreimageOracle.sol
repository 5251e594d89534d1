// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title PreimageOracle: parts of pre-images, for steps that read them
/// @notice A part is the 32 bytes from some offset of `length as 8 bytes big-endian ++ pre-image`,
///         zero where that ends. Whoever needs a part loads it; a wrong one cannot be loaded, since
///         its key is computed from what was given.
contract PreimageOracle {
    /// @notice The offset is at or past the end of length prefix and pre-image.
    error PartOffsetOOB();
    /// @notice The point evaluation does not hold.
    error InvalidProof();
    /// @notice The call has less gas than the precompile may need.
    error NotEnoughGas();

    /// @notice Version of the behaviour.
    string public constant version = "1.0.0";
    /// @notice Gas that is left for this contract after a precompile took its own.
    uint256 public constant PRECOMPILE_CALL_RESERVED_GAS = 100_000;

    /// @notice Length of the pre-image with a key.
    mapping(bytes32 => uint256) public preimageLengths;
    /// @notice Part of the pre-image with a key, by offset.
    mapping(bytes32 => mapping(uint256 => bytes32)) public preimageParts;
    /// @notice Whether the part at an offset is loaded.
    mapping(bytes32 => mapping(uint256 => bool)) public preimagePartOk;

    /// @notice Reads a part.
    /// @return dat The part, left-aligned.
    /// @return datLen How many of its bytes are of the pre-image or its length prefix.
    function readPreimage(bytes32 key, uint256 offset) external view returns (bytes32 dat, uint256 datLen) {
        dat = preimageParts[key][offset];
        // A part that is not zero has been loaded; only one that is may be missing.
        require(dat != 0 || preimagePartOk[key][offset], "pre-image must exist");
        unchecked {
            // No part is loaded with its offset past the end.
            uint256 left = preimageLengths[key] + 8 - offset;
            datLen = left < 32 ? left : 32;
        }
    }

    /// @notice Loads a part of a local pre-image: the caller's own word on its own question.
    /// @param ident The low 31 bytes of the key as the guest has it.
    /// @param localContext What the key is bound to besides the caller.
    /// @param word The value, left-aligned.
    /// @param size Its length, up to 32.
    /// @return key The key that the part is kept under.
    function loadLocalData(uint256 ident, bytes32 localContext, bytes32 word, uint256 size, uint256 partOffset)
        external
        returns (bytes32 key)
    {
        key = _key(1, keccak256(abi.encode(_key(1, bytes32(ident)), msg.sender, localContext)));
        if (size > 32) revert PartOffsetOOB();
        _load(key, size, partOffset, _shortPart(size, word, partOffset));
    }

    /// @notice Loads a part of a pre-image that is known by its keccak256 hash.
    function loadKeccak256PreimagePart(uint256 partOffset, bytes calldata preimage) external {
        _load(_key(2, keccak256(preimage)), preimage.length, partOffset, _part(preimage, partOffset));
    }

    /// @notice Loads a part of a pre-image that is known by its SHA-256 hash.
    function loadSha256PreimagePart(uint256 partOffset, bytes calldata preimage) external {
        _load(_key(4, sha256(preimage)), preimage.length, partOffset, _part(preimage, partOffset));
    }

    /// @notice Loads a part of a field element of a blob (EIP-4844).
    /// @param z Where the blob's polynomial is evaluated.
    /// @param y Its value there.
    /// @param commitment The blob's commitment, 48 bytes.
    /// @param proof The proof of the evaluation, 48 bytes.
    function loadBlobPreimagePart(
        uint256 z,
        uint256 y,
        bytes calldata commitment,
        bytes calldata proof,
        uint256 partOffset
    ) external {
        if (commitment.length != 48 || proof.length != 48) revert InvalidProof();
        (bool holds,) = address(0x0a).staticcall(
            abi.encodePacked(_key(1, sha256(commitment)), z, y, commitment, proof)
        );
        if (!holds) revert InvalidProof();
        bytes32 key = _key(5, keccak256(abi.encodePacked(commitment, z)));
        _load(key, 32, partOffset, _shortPart(32, bytes32(y), partOffset));
    }

    /// @notice Loads a part of what a precompile answers: a byte that is 1 where it succeeded, and its
    ///         output.
    /// @param requiredGas What the precompile has to be given at least.
    function loadPrecompilePreimagePart(
        uint256 partOffset,
        address precompile,
        uint64 requiredGas,
        bytes calldata input
    ) external {
        bytes32 key = _key(6, keccak256(abi.encodePacked(precompile, requiredGas, input)));
        bytes memory given = input;
        // A call gets all but a 64th of what is left.
        if (gasleft() * 63 < uint256(requiredGas) * 64 + PRECOMPILE_CALL_RESERVED_GAS * 63) revert NotEnoughGas();
        (bool success, bytes memory output) = precompile.staticcall(given);
        bytes memory answer = abi.encodePacked(success, output);
        bytes memory prefixed = abi.encodePacked(uint64(answer.length), answer, bytes32(0));
        bytes32 part;
        if (partOffset < answer.length + 8) {
            assembly ("memory-safe") {
                part := mload(add(add(prefixed, 0x20), partOffset))
            }
        }
        _load(key, answer.length, partOffset, part);
    }

    function _load(bytes32 key, uint256 size, uint256 partOffset, bytes32 part) private {
        if (partOffset >= size + 8) revert PartOffsetOOB();
        preimagePartOk[key][partOffset] = true;
        preimageParts[key][partOffset] = part;
        preimageLengths[key] = size;
    }

    /// A hash with its first byte replaced by the kind of key.
    function _key(uint8 kind, bytes32 hash) private pure returns (bytes32) {
        return bytes32(uint256(kind) << 248 | uint256(hash) << 8 >> 8);
    }

    /// The part of length prefix and a value of up to 32 bytes.
    function _shortPart(uint256 size, bytes32 value, uint256 partOffset) private pure returns (bytes32 part) {
        // Shifts of 256 bits and more give 0, so that nothing past the value's length is kept.
        uint256 unused = 8 * (32 - size);
        uint256 kept = uint256(value) >> unused << unused;
        return _joined(size, kept, partOffset);
    }

    /// The part of length prefix and pre-image.
    function _part(bytes calldata preimage, uint256 partOffset) private pure returns (bytes32 part) {
        uint256 from = partOffset < 8 ? 0 : partOffset - 8;
        if (from > preimage.length) return 0;
        uint256 left = preimage.length - from;
        uint256 word = uint256(bytes32(preimage[from:from + (left < 32 ? left : 32)]));
        return partOffset < 8 ? _joined(preimage.length, word, partOffset) : bytes32(word);
    }

    /// The word from an offset of 8 bytes of length and 32 of value.
    function _joined(uint256 size, uint256 value, uint256 partOffset) private pure returns (bytes32) {
        if (partOffset >= 40) return 0;
        if (partOffset >= 8) return bytes32(value << (8 * (partOffset - 8)));
        return bytes32(size << (192 + 8 * partOffset) | value >> (8 * (8 - partOffset)));
    }
}
