// Threads that contend for two counters by ll/sc and lld/scd, store into the reserved word, yield,
// wait on a futex, ask for the time and for random bytes, and end. Bare: no libc. Built with
//   mips64-linux-gnuabi64-gcc -O2 -nostdlib -static -ffreestanding -fno-pic -no-pie -fno-stack-protector
//     -Wl,--build-id=none -EB -msoft-float -mno-abicalls -mno-branch-likely -mno-check-zero-division
//     -G0 -march=mips64 -mabi=64 -msym32 -Wl,-Ttext-segment=0x10000
typedef unsigned int u32;
typedef unsigned long u64;

enum { WRITE = 5001, YIELD = 5023, CLONE = 5055, EXIT = 5058, GETTID = 5178, FUTEX = 5194,
       EXIT_GROUP = 5205, CLOCK = 5222, RANDOM = 5313 };
enum { THREADS = 3, ROUNDS = 24000 };

static long call(long n, long a, long b, long c) {
  register long v0 __asm__("$2") = n;
  register long a0 __asm__("$4") = a;
  register long a1 __asm__("$5") = b;
  register long a2 __asm__("$6") = c;
  register long a3 __asm__("$7") = 0;
  __asm__ volatile("syscall" : "+r"(v0), "+r"(a3) : "r"(a0), "r"(a1), "r"(a2) : "memory", "$1", "$3",
                   "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo");
  return v0;
}

// The low half of a word is counted in, the high half is stored to by everybody.
static volatile union { u64 whole; u32 half[2]; } pair;
static volatile u64 total;
static volatile u32 done;
static volatile u64 times[4], noise[4];
static char stacks[THREADS][4096] __attribute__((aligned(16)));

// Counts in 32 bits; how many attempts it took.
static u32 add32(volatile u32 *at) {
  u32 ok, v, tries = 0;
  do {
    __asm__ volatile(".set noreorder\n ll %0, %2\n addiu %0, %0, 1\n move %1, %0\n sc %1, %2\n .set reorder"
                     : "=&r"(v), "=&r"(ok), "+R"(*at) : : "memory");
    tries++;
  } while (!ok);
  return tries;
}

static u32 add64(volatile u64 *at, u64 by) {
  u64 ok, v;
  u32 tries = 0;
  do {
    __asm__ volatile(".set noreorder\n lld %0, %2\n daddu %0, %0, %3\n move %1, %0\n scd %1, %2\n .set reorder"
                     : "=&r"(v), "=&r"(ok), "+R"(*at) : "r"(by) : "memory");
    tries++;
  } while (!ok);
  return tries;
}

// One attempt that others may break, since they run between its two halves; and one that a store of
// this thread breaks, to the other half of the word. Whether they held.
static u64 broken(void) {
  u64 v, held;
  __asm__ volatile("lld %0, %1" : "=r"(v) : "R"(total));
  call(YIELD, 0, 0, 0);
  __asm__ volatile(".set noreorder\n move %0, %2\n scd %0, %1\n .set reorder" : "=&r"(held), "+R"(total) : "r"(v + 1) : "memory");
  u32 w, kept;
  __asm__ volatile(".set noreorder\n ll %0, %2\n sw %0, %3\n move %1, %0\n sc %1, %2\n .set reorder"
                   : "=&r"(w), "=&r"(kept), "+R"(pair.half[1]), "=R"(pair.half[0]) : : "memory");
  return held + (kept << 16);
}

static void work(void) {
  u64 tries = 0;
  long me = call(GETTID, 0, 0, 0);
  for (u32 i = 0; i < ROUNDS; i++) {
    tries += add32(&pair.half[1]);
    tries += add64(&total, me);
    if (i % 64 == 0) pair.half[0] = i;
    if (i % 512 == 0 && i < 8192) call(YIELD, 0, 0, 0);
    if (i % 256 == 9 && i < 12000) tries += broken();
    if (i % 1024 == 7 && i < 12000) {
      call(CLOCK, 1, (long)&times[me & 1], 0);
      call(RANDOM, (long)&noise[me & 3] + (i >> 10) % 8, i >> 10, 0);
    }
    if (i % 2048 == 5 && i < 8192) call(FUTEX, (long)&pair.half[0], 128, pair.half[0]);
  }
  add64(&total, tries << 32);
  add32(&done);
}

static void put(u64 v) {
  char text[17];
  for (int i = 0; i < 16; i++) text[i] = "0123456789abcdef"[(v >> (60 - 4 * i)) & 15];
  text[16] = '\n';
  call(WRITE, 1, (long)text, 17);
}

__asm__(".text\n.globl __start\n.ent __start\n__start:\n.set noreorder\ndaddiu $29,$29,-64\njal cmain\nnop\n.set reorder\n.end __start\n");

void cmain(void) {
  for (int i = 0; i < THREADS; i++) {
    if (call(CLONE, 0x50f00, (long)(stacks[i] + 4096 - 64), 0) == 0) {
      // On the new stack nothing of the old frame may be used.
      work();
      for (;;) call(EXIT, 7, 0, 0);
    }
  }
  while (done < THREADS) call(FUTEX, (long)&done, 128, done);
  put(pair.whole);
  put(total);
  for (;;) call(EXIT_GROUP, 0, 0, 0);
}
