// Package random gives numbers that look random and are the same in every run.
package random

// Source is a xorshift generator (Marsaglia's 13, 17, 5); its value is the state
// and must not be zero.
type Source uint32

// Next returns the next number, never zero.
func (s *Source) Next() uint32 {
	x := *s
	x ^= x << 13
	x ^= x >> 17
	x ^= x << 5
	*s = x
	return uint32(x)
}

// Below returns a number in 0..n-1.
func (s *Source) Below(n uint32) uint32 { return s.Next() % n }
