// Package oracle is the guest's end of the pre-image protocol.
//
// A fault proof VM hands the guest four open files. To ask for a value the guest
// writes its 32-byte key to file 6 and reads the value from file 5, eight bytes
// of length (big-endian) before it. To tell the host what will be asked for soon
// it writes a hint to file 4, four bytes of length (big-endian) before it, and
// waits for one byte from file 3. On chain a hint does nothing.
package oracle

import (
	"encoding/binary"
	"strconv"
	"syscall"

	"fpvm/guests/internal/out"
)

const (
	hintRead      = 3
	hintWrite     = 4
	preimageRead  = 5
	preimageWrite = 6

	// maxValue bounds what a guest of ours asks for, in bytes.
	maxValue = 1 << 20
)

// Local returns the value of a local key: an input of this one dispute.
func Local(index uint64) []byte {
	key := [32]byte{0: 1}
	binary.BigEndian.PutUint64(key[24:], index)
	return get(key)
}

// Keccak256 sends the hint "what 0x<hash>" and returns the pre-image of hash.
// The VM and the chain see to it that the value fits its key, so it is not
// hashed again here.
func Keccak256(what string, hash [32]byte) []byte {
	sendHint(what + " 0x" + out.Hex(hash[:]))
	key := hash
	key[0] = 2
	return get(key)
}

func sendHint(text string) {
	message := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	writeAll(hintWrite, append(message, text...))
	readFull(hintRead, make([]byte, 1))
}

func get(key [32]byte) []byte {
	writeAll(preimageWrite, key[:])
	var length [8]byte
	readFull(preimageRead, length[:])
	size := binary.BigEndian.Uint64(length[:])
	if size > maxValue {
		out.Fail("pre-image", out.Hex(key[:]), "has", strconv.FormatUint(size, 10), "bytes, more than this guest takes")
	}
	value := make([]byte, size)
	readFull(preimageRead, value)
	return value
}

// readFull fills buffer: the VM gives no more than the rest of one memory word
// (MIPS) or of one tree leaf (RISC-V) for a call.
func readFull(fd int, buffer []byte) {
	for len(buffer) > 0 {
		n, err := syscall.Read(fd, buffer)
		if err != nil || n <= 0 {
			out.Fail("nothing more to read from file", strconv.Itoa(fd))
		}
		buffer = buffer[n:]
	}
}

// writeAll writes all of data; a key goes out in as many pieces as readFull's.
func writeAll(fd int, data []byte) {
	for len(data) > 0 {
		n, err := syscall.Write(fd, data)
		if err != nil || n <= 0 {
			out.Fail("cannot write to file", strconv.Itoa(fd))
		}
		data = data[n:]
	}
}
