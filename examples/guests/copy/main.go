// copy moves memory: large blocks, blocks that are not aligned to each other,
// blocks that overlap, many short pieces, and slices that grow.
package main

import (
	"fpvm/guests/internal/out"
	"fpvm/guests/internal/random"
)

const size = 1 << 20

func main() {
	random := random.Source(1)
	from, to := make([]byte, size), make([]byte, size)
	for i := range from {
		from[i] = byte(random.Next())
	}

	for i := range 96 {
		copy(to, from)
		to[i]++
		from, to = to, from
	}
	for i := range 16 {
		copy(to[i%7:], from[i%5:])
		from, to = to, from
	}
	for i := range 16 {
		copy(from[i%3+1:], from)
		copy(from, from[i%4+1:])
	}

	for range 250_000 {
		length := random.Below(64)
		at, source := random.Below(size-64), random.Below(size-64)
		copy(to[at:at+length], from[source:source+length])
	}

	var grown []byte
	for len(grown) < 4*size {
		at := random.Below(size - 4096)
		grown = append(grown, from[at:at+random.Below(4096)]...)
	}
	clear(from[:size/2])

	out.Number("copied", sum(from)+sum(to)+sum(grown))
}

func sum(data []byte) (total uint64) {
	for i := 0; i < len(data); i += 61 {
		total = total*31 + uint64(data[i])
	}
	return total
}
