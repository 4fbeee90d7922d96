/*
 * enc - bytes as text: hex, base32 and base64url, and back.
 *
 * base32 is RFC 4648 section 6 in lower case without padding (ids), base64url
 * section 5 without padding (links); base64, for what others specified, is
 * section 4, padded.  Encoders need the room their length
 * macros name, NUL included.  Decoders are strict: one spelling for each
 * value, -1 for anything else, and return the number of bytes.
 */
#ifndef ENC_H
#define ENC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HEX_LEN(n) (2 * (n) + 1)
#define BASE32_LEN(n) (((n) * 8 + 4) / 5 + 1)
#define BASE64_LEN(n) (((n) * 4 + 2) / 3 + 1)
#define BASE64_PADDED_LEN(n) (((n) + 2) / 3 * 4 + 1)

void enc_hex(char *dst, const void *src, size_t n);
ssize_t dec_hex(void *dst, size_t room, const char *src);
void enc_base32(char *dst, const void *src, size_t n);
ssize_t dec_base32(void *dst, size_t room, const char *src);
void enc_base64url(char *dst, const void *src, size_t n);
ssize_t dec_base64url(void *dst, size_t room, const char *src);
void enc_base64(char *dst, const void *src, size_t n);

#endif
