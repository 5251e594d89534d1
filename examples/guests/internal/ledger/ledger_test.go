package ledger

import (
	"reflect"
	"testing"
)

func TestBalancesComeBackFromTheirTree(t *testing.T) {
	var balances Balances
	for i := range balances {
		balances[i] = uint64(i) * 1_000_003
	}
	nodes := map[Hash][]byte{}
	root := balances.Root(func(hash Hash, preimage []byte) { nodes[hash] = preimage })
	loaded, err := Load(root, func(_ string, hash Hash) []byte { return nodes[hash] })
	if err != nil || *loaded != balances {
		t.Fatalf("loaded %v, %v", loaded, err)
	}
	delete(nodes, root)
	if _, err := Load(root, func(_ string, hash Hash) []byte { return nodes[hash] }); err == nil {
		t.Error("a missing root is not noticed")
	}
}

func TestTransfers(t *testing.T) {
	balances := Balances{0: 10, 1: 5}
	for _, transfer := range []Transfer{
		{From: 0, To: 1, Amount: 4},
		{From: 0, To: 1, Amount: 7},   // more than there is
		{From: 256, To: 1},            // nobody
		{From: 1, To: 256},            // to nobody
		{From: 1, To: 1, Amount: 9},   // to itself
		{From: 1, To: 0, Amount: 9},   // all
		{From: 1, To: 0, Amount: 1},   // nothing left
		{From: 0, To: 255, Amount: 2}, // the last account
	} {
		balances.Apply(transfer)
	}
	if want := (Balances{0: 13, 255: 2}); balances != want {
		t.Errorf("got %v", balances)
	}
}

func TestBlockComesBackFromItsBytes(t *testing.T) {
	block := &Block{
		Parent: Hash{1}, Number: 1 << 40, StateRoot: Hash{2},
		Transfers: []Transfer{{From: 1, To: 2, Amount: 1 << 50}, {From: 65535, To: 3}},
	}
	decoded, err := DecodeBlock(block.Encode())
	if err != nil || !reflect.DeepEqual(decoded, block) {
		t.Fatalf("decoded %v, %v", decoded, err)
	}
	for _, length := range []int{0, headerSize - 1, headerSize + 1} {
		if _, err := DecodeBlock(make([]byte, length)); err == nil {
			t.Errorf("a block of %d bytes is not refused", length)
		}
	}
}
