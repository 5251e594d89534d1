package keccak

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func TestKnownHashes(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
		{"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
	} {
		got := Sum256([]byte(c.data))
		if hex.EncodeToString(got[:]) != c.want {
			t.Errorf("keccak256(%q) = %x, want %s", c.data, got, c.want)
		}
	}
}

// The same bytes give the same hash however they are cut, at lengths around the rate.
func TestPiecesJoin(t *testing.T) {
	for length := 130; length < 280; length++ {
		data := bytes.Repeat([]byte{0xa7}, length)
		whole := Sum256(data)
		for _, cut := range []int{0, 1, 135, 136, 137, length} {
			cut = min(cut, length)
			if Sum256(data[:cut], data[cut:]) != whole {
				t.Errorf("%d bytes cut at %d hash differently", length, cut)
			}
		}
	}
}
