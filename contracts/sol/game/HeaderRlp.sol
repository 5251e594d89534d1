// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {
    ContentLengthMismatch,
    EmptyItem,
    InvalidDataRemainder,
    InvalidHeader,
    InvalidHeaderRLP,
    UnexpectedList,
    UnexpectedString
} from "./Errors.sol";

/// @title HeaderRlp: the block number of an RLP-encoded header
/// @notice No general reader: which malformed headers are refused, and why, is upstream's.
library HeaderRlp {
    /// The block number's place in the list.
    uint256 private constant NUMBER = 8;
    /// The longest list that is read.
    uint256 private constant MAX_ITEMS = 32;

    /// @notice The number, of up to 32 bytes.
    function blockNumber(bytes calldata header) internal pure returns (uint256) {
        (uint256 offset, uint256 length, bool isList) = _item(header);
        if (!isList) revert UnexpectedString();
        if (offset + length != header.length) revert InvalidDataRemainder();

        bytes[] memory none;
        bytes calldata number = header[:0];
        uint256 count;
        for (uint256 at = offset; at < header.length; count++) {
            bytes calldata rest = header[at:];
            (uint256 start, uint256 size,) = _item(rest);
            // Beyond the longest list: an index out of bounds.
            if (count >= MAX_ITEMS) none[0];
            if (count == NUMBER) number = rest[:start + size];
            at += start + size;
        }
        if (count <= NUMBER) none[0];

        (offset, length, isList) = _item(number);
        if (isList) revert UnexpectedList();
        if (length > 32) revert InvalidHeaderRLP();
        return length == 0 ? 0 : uint256(bytes32(number[offset:])) >> (256 - 8 * length);
    }

    /// Where the content of the item at the start of `input` lies.
    function _item(bytes calldata input) private pure returns (uint256 offset, uint256 length, bool isList) {
        if (input.length == 0) revert EmptyItem();
        uint256 prefix = uint8(input[0]);
        if (prefix < 0x80) return (0, 1, false);
        isList = prefix >= 0xc0;
        uint256 short = prefix - (isList ? 0xc0 : 0x80);
        if (short <= 55) {
            if (input.length <= short) revert ContentLengthMismatch();
            if (!isList && short == 1 && uint8(input[1]) < 0x80) revert InvalidHeader();
            return (1, short, isList);
        }
        uint256 digits = short - 55;
        if (input.length <= digits) revert ContentLengthMismatch();
        if (input[1] == 0) revert InvalidHeader();
        length = uint256(bytes32(input[1:])) >> (256 - 8 * digits);
        if (length <= 55) revert InvalidHeader();
        if (input.length <= digits + length) revert ContentLengthMismatch();
        return (1 + digits, length, isList);
    }
}
