// The entry point and the two system calls that a guest without a C library
// needs, for all VMs. Include it once; it calls `int guest(void)` and leaves
// with what that returns.
#ifndef START_H
#define START_H

int guest(void);

#if defined(__mips__)

#if defined(__mips64)
enum { SYS_WRITE = 5001, SYS_EXIT_GROUP = 5205 };
#else
enum { SYS_WRITE = 4004, SYS_EXIT_GROUP = 4246 };
#endif

static long system_call(long number, long a, long b, long c) {
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = a;
    register long a1 __asm__("$5") = b;
    register long a2 __asm__("$6") = c;
    register long a3 __asm__("$7") = 0; // the kernel's error flag
    __asm__ volatile("syscall"
                     : "+r"(v0), "+r"(a3)
                     : "r"(a0), "r"(a1), "r"(a2)
                     : "memory", "$1", "$3", "$8", "$9", "$10", "$11", "$12",
                       "$13", "$14", "$15", "$24", "$25", "hi", "lo");
    return v0;
}

// The o32 convention wants room for four arguments above the stack pointer.
#if defined(__mips64)
#define ROOM ""
#else
#define ROOM "addiu $29, $29, -32\n"
#endif
__asm__(".text\n.globl __start\n.ent __start\n__start:\n"
        ".set noreorder\n" ROOM
        "jal enter\n"
        "nop\n"
        ".set reorder\n.end __start\n");

#elif defined(__riscv)

enum { SYS_WRITE = 64, SYS_EXIT_GROUP = 94 };

static long system_call(long number, long a, long b, long c) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

__asm__(".text\n.globl _start\n_start:\ncall enter\n");

#else
#error "start.h knows MIPS and RISC-V only"
#endif

void enter(void) {
    int code = guest();
    for (;;)
        system_call(SYS_EXIT_GROUP, code, 0, 0);
}

static void print(const char *text, unsigned long length) {
    system_call(SYS_WRITE, 1, (long)text, (long)length);
}

#endif
