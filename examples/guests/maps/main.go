// maps inserts into, updates, looks up in, deletes from and walks Go maps with
// three kinds of keys: numbers, addresses and words. What it prints does not
// depend on the order in which a map is walked, which Go leaves open.
package main

import (
	"encoding/binary"
	"strconv"

	"fpvm/guests/internal/out"
	"fpvm/guests/internal/random"
)

func main() {
	random := random.Source(1)
	out.Number("numbers", numbers(&random))
	out.Number("addresses", addresses(&random))
	out.Number("words", words(&random))
}

func numbers(random *random.Source) uint64 {
	seen := map[uint32]uint32{}
	for range 120_000 {
		seen[random.Below(30_000)]++
	}
	for n := range uint32(30_000) {
		if n%3 == 0 {
			delete(seen, n)
		}
	}
	var sum uint64
	for n, times := range seen {
		sum += uint64(n) * uint64(times)
	}
	return sum
}

func addresses(random *random.Source) uint64 {
	type address [20]byte
	balances := map[address]uint64{}
	account := func() (a address) {
		binary.BigEndian.PutUint32(a[:], random.Below(4_000)*2654435761)
		a[19] = a[0] ^ a[3]
		return a
	}
	for range 60_000 {
		from, to := account(), account()
		amount := uint64(random.Below(100))
		if balances[from] >= amount {
			balances[from] -= amount
		}
		balances[to] += amount
	}
	var sum uint64
	for a, balance := range balances {
		sum += balance * uint64(a[0]+1)
	}
	return sum
}

func words(random *random.Source) uint64 {
	lengths := map[string]int{}
	for range 50_000 {
		word := "w" + strconv.Itoa(int(random.Below(9_000)))
		lengths[word] += len(word)
	}
	var sum uint64
	for word, length := range lengths {
		sum += uint64(length) * uint64(word[len(word)-1])
	}
	return sum
}
