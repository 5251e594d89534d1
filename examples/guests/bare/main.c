// bare: a guest of a few kilobytes, without run-time or library. It takes the
// CRC-32 of a stream by its table and looks for the longest Collatz chain below
// a limit. Exit code 0, or 1 where the CRC of "123456789" is not the known one.
#include "start.h"

typedef unsigned int u32;
typedef unsigned char u8;

enum { STREAM = 1 << 20, LIMIT = 50000 };

static u32 table[256];

static void make_table(void) {
    for (u32 i = 0; i < 256; i++) {
        u32 value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
}

static u32 crc_step(u32 crc, u8 byte) { return crc >> 8 ^ table[(crc ^ byte) & 0xff]; }

static u32 crc_of_digits(void) {
    u32 crc = ~0u;
    for (u8 digit = '1'; digit <= '9'; digit++)
        crc = crc_step(crc, digit);
    return ~crc;
}

static u32 crc_of_stream(void) {
    u32 crc = ~0u, x = 1;
    for (u32 i = 0; i < STREAM; i++) {
        x = x * 1664525u + 1013904223u;
        crc = crc_step(crc, (u8)(x >> 24));
    }
    return ~crc;
}

// No chain that starts below LIMIT climbs over 2^32.
static u32 longest_chain(void) {
    u32 best = 0, best_start = 0;
    for (u32 start = 1; start < LIMIT; start++) {
        u32 steps = 0;
        for (u32 n = start; n != 1; steps++)
            n = n & 1 ? 3 * n + 1 : n / 2;
        if (steps > best) {
            best = steps;
            best_start = start;
        }
    }
    return best_start;
}

static void print_hex(u32 value) {
    char line[9];
    for (int i = 0; i < 8; i++)
        line[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
    line[8] = '\n';
    print(line, sizeof line);
}

int guest(void) {
    make_table();
    print_hex(crc_of_stream());
    print_hex(longest_chain());
    return crc_of_digits() == 0xcbf43926u ? 0 : 1;
}
