// primes counts primes, once by a sieve and once by trial division. Exit code 1
// if the two disagree where they overlap.
package main

import (
	"syscall"

	"fpvm/guests/internal/out"
)

const (
	sieveLimit    = 6_000_000
	divisionLimit = 200_000
)

func main() {
	sieved, overlap := sieve()
	divided := divide()
	out.Number("primes below 6000000:", sieved)
	out.Number("primes below 200000:", divided)
	if divided != overlap {
		syscall.Exit(1)
	}
}

// sieve counts the primes below sieveLimit and, of those, below divisionLimit.
func sieve() (all, low uint64) {
	// composite[i] stands for the odd number 2*i+1.
	composite := make([]bool, sieveLimit/2)
	all, low = 1, 1
	for i := 1; i < len(composite); i++ {
		if composite[i] {
			continue
		}
		p := 2*i + 1
		all++
		if p < divisionLimit {
			low++
		}
		// Below p*p all multiples have a smaller factor; p*p overflows for large p.
		if p < 1<<15 {
			for multiple := p * p / 2; multiple < len(composite); multiple += p {
				composite[multiple] = true
			}
		}
	}
	return all, low
}

func divide() uint64 {
	count := uint64(1)
	for n := uint32(3); n < divisionLimit; n += 2 {
		prime := true
		for d := uint32(3); d*d <= n; d += 2 {
			if n%d == 0 {
				prime = false
				break
			}
		}
		if prime {
			count++
		}
	}
	return count
}
