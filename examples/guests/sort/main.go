// sort sorts numbers, records by two keys, and words. Exit code 1 if one of them
// is not in order afterwards.
package main

import (
	"cmp"
	"slices"
	"strings"
	"syscall"

	"fpvm/guests/internal/out"
	"fpvm/guests/internal/random"
)

type record struct {
	group  uint16
	amount uint32
	serial uint32
}

func main() {
	random := random.Source(1)

	numbers := make([]uint32, 170_000)
	for i := range numbers {
		numbers[i] = random.Next()
	}
	slices.Sort(numbers)

	records := make([]record, 35_000)
	for i := range records {
		records[i] = record{uint16(random.Below(500)), random.Below(1000), uint32(i)}
	}
	slices.SortStableFunc(records, byGroup)

	words := make([]string, 25_000)
	for i := range words {
		words[i] = word(&random)
	}
	slices.Sort(words)

	var sum uint64
	for i, n := range numbers {
		sum = sum*31 + uint64(n)*uint64(i)
	}
	for i, r := range records {
		sum = sum*31 + uint64(r.serial)*uint64(i)
	}
	for _, w := range words {
		sum = sum*31 + uint64(w[0]) + uint64(len(w))
	}
	out.Number("sorted", sum)
	if !slices.IsSorted(numbers) || !slices.IsSortedFunc(records, byGroup) || !slices.IsSortedFunc(words, strings.Compare) {
		syscall.Exit(1)
	}
}

// byGroup leaves equal records as they are, so only a stable sort keeps their order.
func byGroup(a, b record) int {
	if c := cmp.Compare(a.group, b.group); c != 0 {
		return c
	}
	return cmp.Compare(b.amount, a.amount)
}

func word(random *random.Source) string {
	letters := make([]byte, 3+random.Below(8))
	for i := range letters {
		letters[i] = 'a' + byte(random.Below(26))
	}
	return string(letters)
}
