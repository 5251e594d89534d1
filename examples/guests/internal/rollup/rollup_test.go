package rollup

import (
	"testing"

	"fpvm/guests/internal/ledger"
)

func TestHeadersTellTheirNumber(t *testing.T) {
	for _, number := range []uint64{0, 1, 127, 128, 255, 256, 1 << 40, 1<<64 - 1} {
		header := (&Header{Parent: ledger.Hash{1}, Number: number}).Encode()
		if got, err := Number(header); err != nil || got != number {
			t.Errorf("%d is read as %d, %v", number, got, err)
		}
		for end := range header {
			if _, err := Number(header[:end]); err == nil {
				t.Errorf("%d: %d of %d bytes are taken", number, end, len(header))
			}
		}
	}
}

func TestOutputs(t *testing.T) {
	state, block, err := ParseOutput(Output(ledger.Hash{1}, ledger.Hash{2}))
	if err != nil || state != (ledger.Hash{1}) || block != (ledger.Hash{2}) {
		t.Errorf("read as %x %x, %v", state, block, err)
	}
	if _, _, err := ParseOutput(nil); err == nil {
		t.Error("nothing is taken for an output")
	}
}

func TestBlocksDependOnWhatTheyMust(t *testing.T) {
	execute := func(chainID, number uint64) *Header {
		balances := ledger.Balances{1: 1_000_000, 2: 1_000_000}
		return Execute(&balances, chainID, number, ledger.Hash{})
	}
	if *execute(1, 1) != *execute(1, 1) {
		t.Error("the same block comes out differently")
	}
	if execute(1, 1).Receipts == execute(1, 2).Receipts || execute(1, 1).Receipts == execute(2, 1).Receipts {
		t.Error("different blocks come out the same")
	}
}
