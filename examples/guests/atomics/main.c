// atomics: every instruction of RISC-V's A extension on operands at the edges of
// their range. Prints for each of them a checksum over what it gave and what it
// left in memory, and what compilers make of an exchange that may fail. Exit code
// 0, or 1 where lr and sc do not do what they promise on one hart.
#include "../bare/start.h"

typedef unsigned long u64;
typedef unsigned int u32;

static const u64 edges[] = {
    0, 1, 2, 0x7f, 0x80, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
    0x123456789abcdef0, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffff80000000,
    0xffffffffffffffff,
};
enum { EDGES = sizeof edges / sizeof *edges };

static u64 mix(u64 sum, u64 value) { return (sum ^ value) * 0x100000001b3 + (sum >> 29); }

static void print_line(const char *name, u64 value) {
    char line[32];
    int n = 0;
    while (*name)
        line[n++] = *name++;
    while (n < 12)
        line[n++] = ' ';
    for (int i = 15; i >= 0; i--)
        line[n++] = "0123456789abcdef"[value >> 4 * i & 15];
    line[n++] = '\n';
    print(line, n);
}

// An operation on all pairs of edges. The word beside it has to stay as it is.
#define OPERATION(name)                                                        \
    do {                                                                       \
        u64 sum = 0;                                                           \
        for (int i = 0; i < EDGES; i++)                                        \
            for (int j = 0; j < EDGES; j++) {                                  \
                u64 cell[2] = {edges[i], ~edges[i]}, old;                      \
                __asm__ volatile(name " %0, %2, (%1)"                          \
                                 : "=&r"(old)                                  \
                                 : "r"(cell), "r"(edges[j])                    \
                                 : "memory");                                  \
                sum = mix(mix(mix(sum, old), cell[0]), cell[1]);               \
            }                                                                  \
        print_line(name, sum);                                                 \
    } while (0)

#define BOTH_SIZES(name) OPERATION(name ".w"); OPERATION(name ".d")

// A counter that is advanced by lr and sc.
static u32 count_to(u32 end) {
    static u32 counter;
    while (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) < end) {
        u32 old = __atomic_load_n(&counter, __ATOMIC_ACQUIRE);
        __atomic_compare_exchange_n(&counter, &old, old + 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    }
    return counter;
}

// An exchange of what is not there, which has to fail and tell what is.
static u64 fails(void) {
    static u64 cell = 0x123456789abcdef0;
    u64 expected = 5;
    int done = __atomic_compare_exchange_n(&cell, &expected, 6, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return done ? 0 : expected;
}

// sc without a reservation for its address, by the one who has just used it.
static u64 used_up(void) {
    u64 cell = 1, old, first, second;
    __asm__ volatile("lr.d %0, (%3)\n"
                     "sc.d %1, %4, (%3)\n"
                     "sc.d %2, %5, (%3)\n"
                     : "=&r"(old), "=&r"(first), "=&r"(second)
                     : "r"(&cell), "r"(2ul), "r"(3ul)
                     : "memory");
    return old == 1 && first == 0 && second != 0 && cell == 2;
}

int guest(void) {
    BOTH_SIZES("amoswap");
    BOTH_SIZES("amoadd");
    BOTH_SIZES("amoxor");
    BOTH_SIZES("amoand");
    BOTH_SIZES("amoor");
    BOTH_SIZES("amomin");
    BOTH_SIZES("amomax");
    BOTH_SIZES("amominu");
    BOTH_SIZES("amomaxu");
    print_line("count", count_to(1000));
    print_line("fails", fails());
    return used_up() ? 0 : 1;
}
