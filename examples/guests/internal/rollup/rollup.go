// Package rollup is a toy rollup for whole dispute games: its blocks have numbers
// and headers as Ethereum's, its output roots are built as the OP Stack's. Nobody
// sends transactions to it; each block's follow from the chain's id and the
// block's number.
package rollup

import (
	"encoding/binary"
	"errors"

	"fpvm/guests/internal/keccak"
	"fpvm/guests/internal/ledger"
	"fpvm/guests/internal/random"
)

const (
	// transfersPerBlock makes a block more than 200 million steps on either VM.
	transfersPerBlock = 460
	largestTransfer   = 3_000

	// The places of what a header says here; its other fields are empty.
	parentField, stateField, receiptsField, numberField, fields = 0, 3, 5, 8, 9
)

// Header is a block's.
type Header struct {
	Parent, State ledger.Hash
	Receipts      ledger.Hash // hash chain of the state roots after each transfer
	Number        uint64
}

// Encode is the pre-image of the block's hash: RLP, with Ethereum's places.
func (h *Header) Encode() []byte {
	var payload []byte
	for field := range fields {
		switch field {
		case parentField:
			payload = appendHash(payload, h.Parent)
		case stateField:
			payload = appendHash(payload, h.State)
		case receiptsField:
			payload = appendHash(payload, h.Receipts)
		case numberField:
			payload = appendNumber(payload, h.Number)
		default:
			payload = append(payload, 0x80)
		}
	}
	// Between 56 and 255 bytes: the length takes one byte of its own.
	return append([]byte{0xf8, byte(len(payload))}, payload...)
}

func appendHash(to []byte, hash ledger.Hash) []byte {
	return append(append(to, 0x80+32), hash[:]...)
}

func appendNumber(to []byte, number uint64) []byte {
	digits := binary.BigEndian.AppendUint64(nil, number)
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
	}
	if len(digits) == 1 && digits[0] < 0x80 {
		return append(to, digits[0])
	}
	return append(append(to, 0x80+byte(len(digits))), digits...)
}

// Number reads the number out of what Encode wrote.
func Number(header []byte) (number uint64, err error) {
	wrong := errors.New("a header is not one of this rollup's")
	if len(header) < 2 || header[0] != 0xf8 || int(header[1]) != len(header)-2 {
		return 0, wrong
	}
	rest := header[2:]
	for field := 0; ; field++ {
		if len(rest) == 0 {
			return 0, wrong
		}
		first, size := rest[0], 0
		if first >= 0x80 {
			size = int(first - 0x80)
			rest = rest[1:]
		} else {
			size = 1
		}
		if size > len(rest) || size > 55 {
			return 0, wrong
		}
		if field == numberField {
			if size > 8 {
				return 0, wrong
			}
			for _, digit := range rest[:size] {
				number = number<<8 | uint64(digit)
			}
			return number, nil
		}
		rest = rest[size:]
	}
}

// Output is the pre-image of an output root: version, state root, storage root of
// the contract that passes messages (here none), block hash.
func Output(state, block ledger.Hash) []byte {
	output := make([]byte, 128)
	copy(output[32:], state[:])
	copy(output[96:], block[:])
	return output
}

// ParseOutput returns the state root and the block hash of what Output wrote.
func ParseOutput(output []byte) (state, block ledger.Hash, err error) {
	if len(output) != 128 {
		return state, block, errors.New("an output root does not stand for four words")
	}
	return ledger.Hash(output[32:64]), ledger.Hash(output[96:]), nil
}

// Execute makes the transfers of the block of this number, and returns its header.
func Execute(balances *ledger.Balances, chainID, number uint64, parent ledger.Hash) *Header {
	seed := binary.BigEndian.AppendUint64(nil, chainID)
	seed = binary.BigEndian.AppendUint64(seed, number)
	hash := keccak.Sum256(seed)
	source := random.Source(binary.BigEndian.Uint32(hash[:]) | 1)
	header := &Header{Parent: parent, Number: number}
	for range transfersPerBlock {
		balances.Apply(ledger.Transfer{
			From:   uint16(source.Below(ledger.Accounts)),
			To:     uint16(source.Below(ledger.Accounts)),
			Amount: uint64(source.Below(largestTransfer)),
		})
		header.State = balances.Root(nil)
		header.Receipts = keccak.Sum256(header.Receipts[:], header.State[:])
	}
	return header
}
