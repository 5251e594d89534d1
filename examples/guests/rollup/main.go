// rollup decides whether an output root of a toy rollup is right, as a fault proof
// program of a dispute game does, from the game's own local keys: 1 L1 head, 2 the
// output root that both sides agree on, 3 the one in dispute, 4 its block, 5 the
// rollup's chain id.
//
// It loads the state below the agreed output, executes the blocks up to the one in
// dispute, and compares. Exit code 0: the output is right; 1: it is wrong; 2: the
// pre-images make no sense.
package main

import (
	"encoding/binary"
	"strconv"
	"syscall"

	"fpvm/guests/internal/keccak"
	"fpvm/guests/internal/ledger"
	"fpvm/guests/internal/oracle"
	"fpvm/guests/internal/out"
	"fpvm/guests/internal/rollup"
)

const (
	l1HeadKey  = 1
	agreedKey  = 2
	claimedKey = 3
	blockKey   = 4
	chainKey   = 5
)

func main() {
	// The toy has no data on L1: its head is read, and then of no use.
	l1Head := ledger.Hash(local(l1HeadKey, 32))
	agreed, claimed := ledger.Hash(local(agreedKey, 32)), ledger.Hash(local(claimedKey, 32))
	target := binary.BigEndian.Uint64(local(blockKey, 8))
	chainID := binary.BigEndian.Uint64(local(chainKey, 8))

	state, tip, err := rollup.ParseOutput(oracle.Keccak256("output", agreed))
	check(err)
	number, err := rollup.Number(oracle.Keccak256("header", tip))
	check(err)
	computed := agreed
	if number < target {
		balances, err := ledger.Load(state, oracle.Keccak256)
		check(err)
		for number < target {
			number++
			header := rollup.Execute(balances, chainID, number, tip)
			state, tip = header.State, keccak.Sum256(header.Encode())
		}
		computed = keccak.Sum256(rollup.Output(state, tip))
	}

	out.Hash("L1 head ", l1Head)
	out.Number("block   ", number)
	out.Hash("claimed ", claimed)
	out.Hash("computed", computed)
	if computed != claimed {
		out.Line("the output root is wrong")
		syscall.Exit(1)
	}
	out.Line("the output root is right")
}

func local(index uint64, size int) []byte {
	value := oracle.Local(index)
	if len(value) != size {
		out.Fail("local key", strconv.FormatUint(index, 10), "has a wrong length")
	}
	return value
}

func check(err error) {
	if err != nil {
		out.Fail(err.Error())
	}
}
