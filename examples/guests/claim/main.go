// claim decides whether a claim about a toy rollup is true, as a fault proof
// program does. Local keys: 1 the output root that all agree on, 2 the output
// root that somebody claims, 3 the hash of the block it is claimed for.
//
// It walks from that block back to the agreed one, loads the balances there,
// makes every transfer of every block in order, and compares. Exit code 0: the
// claim is true; 1: it is false; 2: the pre-images make no sense.
package main

import (
	"strconv"
	"syscall"

	"fpvm/guests/internal/keccak"
	"fpvm/guests/internal/ledger"
	"fpvm/guests/internal/oracle"
	"fpvm/guests/internal/out"
)

const (
	agreedKey  = 1
	claimedKey = 2
	headKey    = 3
)

func main() {
	agreed, claimed, head := localHash(agreedKey), localHash(claimedKey), localHash(headKey)

	output := oracle.Keccak256("output", agreed)
	if len(output) != 64 {
		out.Fail("the agreed output root does not stand for two hashes")
	}
	start, tip := ledger.Hash(output[:32]), ledger.Hash(output[32:])

	blocks := between(tip, head)
	balances, err := ledger.Load(start, oracle.Keccak256)
	if err != nil {
		out.Fail(err.Error())
	}
	root := start
	for i := len(blocks) - 1; i >= 0; i-- {
		block := blocks[i]
		for _, transfer := range block.Transfers {
			balances.Apply(transfer)
		}
		root = balances.Root(nil)
		if root != block.StateRoot {
			refuse("block " + strconv.FormatUint(block.Number, 10) + " has a wrong state root")
		}
	}

	computed := keccak.Sum256(ledger.Output(root, head))
	out.Number("blocks", uint64(len(blocks)))
	out.Hash("claimed ", claimed)
	out.Hash("computed", computed)
	if computed != claimed {
		refuse("another output root")
	}
	out.Line("the claim is true")
}

// between returns the blocks after tip up to head, newest first.
func between(tip, head ledger.Hash) []*ledger.Block {
	var blocks []*ledger.Block
	for hash := head; hash != tip; {
		block, err := ledger.DecodeBlock(oracle.Keccak256("block", hash))
		if err != nil {
			out.Fail(err.Error())
		}
		if n := len(blocks); n > 0 && block.Number+1 != blocks[n-1].Number {
			refuse("the block numbers have a gap")
		}
		if block.Number == 0 {
			refuse("the block does not follow the agreed one")
		}
		blocks = append(blocks, block)
		hash = block.Parent
	}
	return blocks
}

func localHash(index uint64) ledger.Hash {
	value := oracle.Local(index)
	if len(value) != 32 {
		out.Fail("local key", strconv.FormatUint(index, 10), "is not a hash")
	}
	return ledger.Hash(value)
}

func refuse(why string) {
	out.Line("the claim is false:", why)
	syscall.Exit(1)
}
