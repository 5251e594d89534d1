#!/usr/bin/env bash
# Builds all guests for all VMs into bin/ and writes the pre-images.
#
# Needs Go (1.21 or later fetches the release below by itself), Rust by rustup, and
# three cross compilers; MIPS_CC, MIPS64_CC and RISCV_CC name others. With Go 1.22.10, Rust
# 1.95.0 and GCC 12.2 the files come out as they are committed.
set -euo pipefail
cd "$(dirname "$0")"

# Each Go release moves what the VMs patch in the run-time; upstream's fit this one.
export GOTOOLCHAIN=go1.22.10
export CGO_ENABLED=0 GOOS=linux GOMIPS=softfloat GOMIPS64=softfloat GOFLAGS=-buildvcs=false

mips_cc=${MIPS_CC:-mips-linux-gnu-gcc}
mips64_cc=${MIPS64_CC:-mips64-linux-gnuabi64-gcc}
riscv_cc=${RISCV_CC:-riscv64-linux-gnu-gcc}

missing=()
command -v go >/dev/null || missing+=("go (https://go.dev/dl, 1.21 or later)")
command -v rustup >/dev/null || missing+=("rustup (https://rustup.rs)")
command -v "$mips_cc" >/dev/null || missing+=("$mips_cc (Debian: gcc-mips-linux-gnu; or set MIPS_CC)")
command -v "$mips64_cc" >/dev/null || missing+=("$mips64_cc (Debian: gcc-mips64-linux-gnuabi64; or set MIPS64_CC)")
command -v "$riscv_cc" >/dev/null || missing+=("$riscv_cc (Debian: gcc-riscv64-linux-gnu; or set RISCV_CC)")
if ((${#missing[@]})); then
    printf 'build.sh: missing: %s\n' "${missing[@]}" >&2
    exit 1
fi

mkdir -p bin
for guest in claim rollup alloc sort maps copy primes keccak; do
    arches=(mips riscv64)
    [[ $guest == rollup ]] && arches+=(mips64)
    for arch in "${arches[@]}"; do
        # -w drops DWARF; the symbols stay, the VMs patch by them. -R packs the
        # segments by 4 KiB pages instead of 64 KiB: a tenth smaller.
        GOARCH=$arch go build -trimpath -ldflags='-w -buildid= -R 4096' -o "bin/$guest.$arch" "./$guest"
    done
done

# Bare programs: fixed addresses, no library, and only instructions that the VMs
# have (MIPS32 release 1 and MIPS III without branch-likely, traps and multiply-add; RV64IMA).
bare=(-O2 -std=c11 -Wall -Wextra -Werror -ffreestanding -nostdlib -static
    -fno-pic -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables
    -fno-tree-loop-distribute-patterns -Wl,--build-id=none -Wl,-z,max-page-size=4096)
"$mips_cc" "${bare[@]}" -EB -march=mips32 -mabi=32 -msoft-float -mno-abicalls -G0 \
    -mno-branch-likely -mno-check-zero-division -mno-imadd \
    -Wl,-Ttext-segment=0x10000 -o bin/bare.mips bare/main.c
"$mips64_cc" "${bare[@]}" -EB -march=mips3 -mabi=64 -msoft-float -mno-abicalls -G0 \
    -mno-branch-likely -mno-check-zero-division \
    -Wl,-Ttext-segment=0x10000 -o bin/bare.mips64 bare/main.c
"$riscv_cc" "${bare[@]}" -march=rv64ima -mabi=lp64 -mcmodel=medany -mno-relax \
    -Wl,-Ttext-segment=0x10000 -o bin/bare.riscv64 bare/main.c
# With compressed code, for fpvm's own VM type.
for guest in bare atomics; do
    "$riscv_cc" "${bare[@]}" -march=rv64imac -mabi=lp64 -mcmodel=medany \
        -Wl,-Ttext-segment=0x10000 -o "bin/$guest.imac" "$guest/main.c"
done

# Rust, for the same VM type and for MIPS64; the folder says which release. No path of
# the machine that built it is in the files. Nobody ships a core library for MIPS64
# without an operating system: it is built too, which a release of Rust does only where
# it is told to be a nightly one.
(
    cd claim-rust
    library=$(rustc --print sysroot)/lib/rustlib/src/rust
    remap="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$PWD=claim"
    RUSTFLAGS=$remap cargo build --release --locked --target-dir target
    for guest in claim rollup super-rollup; do
        cp "target/riscv64imac-unknown-none-elf/release/$guest" "../bin/$guest.imac"
    done

    # A division by zero ends in a trap instruction, which the VM does not have; Rust
    # looks before it divides.
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="$remap --remap-path-prefix=$library=rust -Cllvm-args=-mno-check-zero-division" \
        cargo build --release --locked --bin claim --bin super-rollup --target-dir target --target mips64-none.json \
        -Zjson-target-spec -Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem
    for guest in claim super-rollup; do
        cp "target/mips64-none/release/$guest" "../bin/$guest.mips64"
    done
)

# The same for the arithmetic of signatures, whose libraries are of a registry: its name is not in the files either.
(
    cd signatures
    library=$(rustc --print sysroot)/lib/rustlib/src/rust
    cargo_home=${CARGO_HOME:-$HOME/.cargo}
    remap="--remap-path-prefix=$cargo_home=cargo --remap-path-prefix=$PWD=signatures"
    cargo fetch --locked
    for registry in "$cargo_home"/registry/src/*; do
        remap+=" --remap-path-prefix=$registry=crates"
    done
    RUSTFLAGS=$remap cargo build --release --locked --target-dir target
    cp target/riscv64imac-unknown-none-elf/release/signatures ../bin/signatures.imac
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="$remap --remap-path-prefix=$library=rust -Cllvm-args=-mno-check-zero-division" \
        cargo build --release --locked --target-dir target --target ../claim-rust/mips64-none.json \
        -Zjson-target-spec -Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem
    cp target/mips64-none/release/signatures ../bin/signatures.mips64
)

# The fixture programs run here, not in a VM.
env -u GOOS go run ./claim/fixture preimages preimages-false
env -u GOOS go run ./rollup/fixture preimages-rollup outputs-rollup.txt

ls -l bin
