// Package out prints what a guest found. It goes to the system call directly:
// package os would make a guest a tenth larger, by code that the VM has no use
// for (files, polling, signals).
package out

import (
	"strconv"
	"syscall"
)

// Line prints its parts, separated by blanks, as one line and in one write.
func Line(parts ...string) { write(1, parts) }

// Number prints "name value".
func Number(name string, value uint64) { Line(name, strconv.FormatUint(value, 10)) }

// Hash prints "name 0x…".
func Hash(name string, hash [32]byte) { Line(name, "0x"+Hex(hash[:])) }

// Fail prints why the guest cannot go on and ends it with code 2, which a fault
// proof VM counts as a panic: neither a true nor a false claim.
func Fail(parts ...string) {
	write(2, parts)
	syscall.Exit(2)
}

// Hex writes data in lower-case hexadecimal digits.
func Hex(data []byte) string {
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 2*len(data))
	for _, b := range data {
		text = append(text, digits[b>>4], digits[b&15])
	}
	return string(text)
}

func write(fd int, parts []string) {
	var line []byte
	for i, part := range parts {
		if i > 0 {
			line = append(line, ' ')
		}
		line = append(line, part...)
	}
	// A line that cannot be printed must not change the result.
	_, _ = syscall.Write(fd, append(line, '\n'))
}
