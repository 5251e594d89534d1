// keccak hashes: one long stream, then a chain of tree nodes, each the hash of
// the one before joined to itself, as walks of a Merkle tree do.
package main

import (
	"fpvm/guests/internal/keccak"
	"fpvm/guests/internal/out"
)

const (
	streamPieces = 768 // of 1 KiB
	chainLength  = 2_000
)

func main() {
	var piece [1024]byte
	for i := range piece {
		piece[i] = byte(i*7 + 3)
	}
	var hasher keccak.Hasher
	for i := range streamPieces {
		piece[0] = byte(i)
		hasher.Write(piece[:])
	}
	hash := hasher.Sum()
	out.Hash("stream", hash)

	for range chainLength {
		hasher.Write(hash[:])
		hasher.Write(hash[:])
		hash = hasher.Sum()
	}
	out.Hash("chain", hash)
}
