// Package ledger is a toy rollup: balances in a Merkle tree, blocks of transfers,
// and the output root that a claim is about. The guest `claim` and the program
// that makes its pre-images share it. All numbers are big-endian.
package ledger

import (
	"encoding/binary"
	"errors"

	"fpvm/guests/internal/keccak"
)

const (
	// Accounts is how many accounts there are, numbered from 0.
	Accounts = 256

	perLeaf      = 16
	leaves       = Accounts / perLeaf
	leafSize     = 8 * perLeaf
	headerSize   = 32 + 8 + 32
	transferSize = 2 + 2 + 8
)

// Hash is a keccak256 hash.
type Hash = [32]byte

// Fetch returns the pre-image of a hash; what tells its kind, for a hint.
type Fetch func(what string, hash Hash) []byte

// Balances is the state: what each account holds.
type Balances [Accounts]uint64

// Root commits to the balances: a binary tree of 16 leaves, each the hash of 16
// balances of 8 bytes. visit, if not nil, sees each hash with its pre-image.
func (b *Balances) Root(visit func(Hash, []byte)) Hash {
	var level [leaves]Hash
	hash := func(preimage []byte) Hash {
		h := keccak.Sum256(preimage)
		if visit != nil {
			visit(h, preimage)
		}
		return h
	}
	for i := range level {
		leaf := make([]byte, 0, leafSize)
		for _, balance := range b[i*perLeaf : (i+1)*perLeaf] {
			leaf = binary.BigEndian.AppendUint64(leaf, balance)
		}
		level[i] = hash(leaf)
	}
	for width := leaves / 2; width > 0; width /= 2 {
		for i := range width {
			node := append(level[2*i][:], level[2*i+1][:]...)
			level[i] = hash(node)
		}
	}
	return level[0]
}

// Load reads the balances under root.
func Load(root Hash, fetch Fetch) (*Balances, error) {
	level := []Hash{root}
	for len(level) < leaves {
		var next []Hash
		for _, hash := range level {
			node := fetch("state-node", hash)
			if len(node) != 64 {
				return nil, errors.New("a node of the state tree is not two hashes")
			}
			next = append(next, Hash(node[:32]), Hash(node[32:]))
		}
		level = next
	}
	balances := new(Balances)
	for i, hash := range level {
		leaf := fetch("state-leaf", hash)
		if len(leaf) != leafSize {
			return nil, errors.New("a leaf of the state tree is not 16 balances")
		}
		for j := range perLeaf {
			balances[i*perLeaf+j] = binary.BigEndian.Uint64(leaf[8*j:])
		}
	}
	return balances, nil
}

// Transfer moves Amount from one account to another.
type Transfer struct {
	From, To uint16
	Amount   uint64
}

// Apply makes the transfer, or does nothing where an account does not exist or
// From holds less than Amount.
func (b *Balances) Apply(t Transfer) {
	if t.From >= Accounts || t.To >= Accounts || b[t.From] < t.Amount {
		return
	}
	b[t.From] -= t.Amount
	b[t.To] += t.Amount
}

// Block is a list of transfers after its parent.
type Block struct {
	Parent    Hash
	Number    uint64
	StateRoot Hash // of the balances after this block
	Transfers []Transfer
}

// Encode is the pre-image of the block's hash: parent, number, state root, then
// for each transfer two bytes from, two bytes to, eight bytes amount.
func (b *Block) Encode() []byte {
	data := append([]byte(nil), b.Parent[:]...)
	data = binary.BigEndian.AppendUint64(data, b.Number)
	data = append(data, b.StateRoot[:]...)
	for _, t := range b.Transfers {
		data = binary.BigEndian.AppendUint16(data, t.From)
		data = binary.BigEndian.AppendUint16(data, t.To)
		data = binary.BigEndian.AppendUint64(data, t.Amount)
	}
	return data
}

// DecodeBlock reads what Encode wrote.
func DecodeBlock(data []byte) (*Block, error) {
	if len(data) < headerSize || (len(data)-headerSize)%transferSize != 0 {
		return nil, errors.New("a block has a wrong length")
	}
	block := &Block{
		Parent:    Hash(data[:32]),
		Number:    binary.BigEndian.Uint64(data[32:]),
		StateRoot: Hash(data[40:]),
	}
	for data = data[headerSize:]; len(data) > 0; data = data[transferSize:] {
		block.Transfers = append(block.Transfers, Transfer{
			From:   binary.BigEndian.Uint16(data),
			To:     binary.BigEndian.Uint16(data[2:]),
			Amount: binary.BigEndian.Uint64(data[4:]),
		})
	}
	return block, nil
}

// Output is the pre-image of an output root: state root, then block hash.
func Output(stateRoot, block Hash) []byte {
	return append(stateRoot[:], block[:]...)
}
