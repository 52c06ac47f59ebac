// SPDX-License-Identifier: MIT
/* import_test.c - hashes of other programs: known answers, refusals, bounds.
 *
 * The answers were computed by Python's hashlib and hmac, libxcrypt and openssl passwd, or stand in
 * the documents of the programs that they come from. */
#include "../tests/test.h"
#include "crypto/import.h"
#include "crypto/password.h"

#define WORD STR("p\xc3\xa4ssword 1")

/* All of WORD. */
static const char *const known[] = {
    "pbkdf2_sha256$1000$seasalt$3x9khCOA+OYHxrLgQFhfrwm0DFFNS9sxAyvMV5/C+es=",
    "pbkdf2_sha1$1000$seasalt$v5z6t0vukCFd5bDJ1sLLW5EqRNA=",
    "$pbkdf2-sha512$i=1000$MDEyMzQ1Njc4OWFiY2RlZg==$7QSYEljWXeZMPOSTLwzfmczR9GdZFqlmNzxLVxKVP9IkBr+"
    "Xv/vdu0lrGbBGvLoGVHnfxYzpWZEBucO63qsdHA==",
    "$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg==$"
    "MQe6G4sNOgColz8I3bQ4N92RDQcjI4OwuyxebKzGtdILbG7MVM8QV4xz3A0e3BWF2P0fyYn+UWW1WhHbyky7Ew==",
    "$pbkdf2-sha1$i=1000$MDEyMzQ1Njc4OWFiY2RlZg==$uAuT1MjRqBbxfaXv9yW3qfLQ/Hg=",
    "$scrypt$ln=10,r=8,p=2$MDEyMzQ1Njc4OWFiY2RlZg==$1QRGV1jO8MD7EYc6Hsob2lnuYrx6Hk981Eka1I3J4nc=",
    "$y$j75$saltsaltsalt$L6uuI2uid8V9/kJwrQczFhkcaZWoKm5apMx1nFWUWw6",
    "$gy$j75$saltsaltsalt$T3I27gY0BvQyye./IqhNcKv87UwDVpGcG8sJqcOjWoB",
    "$7$66..../....saltsalt$WarR4K00EPs1UvCLGncgHaiRNGKem/2Q.rkfz0C73X4",
    "$6$saltsalt$P/L1.zID2Yy0s.HSEXYSE/"
    "fTbYaOU8qJd.0o4XGXJqh3ZLVakoYtS2qfcNjtLD2IzQzzTagYfC7LvCdpWXLBU1",
    "$6$rounds=1000$saltsalt$LpbUuSkOxu/vg/HbLhWYyO9j1M1J/"
    "MWO4e8GVf138hLitJ0fXkiGRg2bjfTk2oHKX1aa.Vv3OoL3QdQPe3rrz/",
    "$5$saltsalt$GVAGSUsFUrum9.R3Pfglrqcc1ZXCFRxI4cK2nn./iS2",
    "$1$saltsalt$2f.bWx.H.UmlFhfc8jBL/.",
    "$sha1$1000$saltsalt$2vhWRm3FW87I0ZEfsNs.AmeJ8Oz1",
    "$md5,rounds=10$saltsalt$$WTbX9SNLd1cVDEA2htHf5/",
    "$3$$7eaeb9983a58b8db849b7c8540a5833d",
    "_J9..rasm72jJdQBuN0w",
    "abRy4/6THFs9U",
    "$wp$2y$04$abcdefghijklmnopqrstuu6Wz0OWnQVHwljR9/Jt863TPRAJ257ym",
    "$H$6saltsaltabWh/i9MG7O.oyY3FEs710",
};

TEST(each_format_opens_with_its_password_alone)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        str hash = str_of(known[i]);
        bool des = hash.n == 13;

        CHECK(password_cost_us(hash) > 0);
        CHECK_ERR(password_check(NULL, WORD, hash), OK);
        CHECK_ERR(password_check(NULL, STR("p\xc3\xa4ssword 2"), hash),
                  des ? OK : ERR_PASSWORD_WRONG);
        CHECK_ERR(password_check(NULL, STR("p\xc3\xa4sswor"), hash), des ? OK : ERR_PASSWORD_WRONG);
        CHECK_ERR(password_check(NULL, STR("passwort"), hash), ERR_PASSWORD_WRONG);
        CHECK_ERR(password_check(NULL, STR(""), hash), ERR_PASSWORD_WRONG);
    }
}

/* The example of Firebase's own scrypt utility, and phpass's self-test. */
TEST(published_examples_open)
{
    static const char firebase[] = "$firebase-scrypt$ln=14,r=8$42xEC+ixf3L2lw==$Bw==$"
                                   "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZ"
                                   "JzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$lSrfV15cpx95/sZS2W9c9Kp6i/"
                                   "LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78"
                                   "198JAdRuid5lQ==";
    static const char phpass[] = "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0";

    CHECK(sizeof firebase <= 256);         /* what the column takes */
    CHECK_ERR(password_check(NULL, STR("user1password"), str_of(firebase)), OK);
    CHECK_ERR(password_check(NULL, STR("user2password"), str_of(firebase)), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_check(NULL, STR("test12345"), str_of(phpass)), OK);
    CHECK_ERR(password_check(NULL, STR("test12346"), str_of(phpass)), ERR_PASSWORD_WRONG);
}

TEST(wordpress_takes_no_blanks_at_the_ends)
{
    str hash = str_of(known[sizeof known / sizeof *known - 2]);

    CHECK(str_starts(hash, STR("$wp$2y$")));
    CHECK_ERR(password_check(NULL, STR(" \t\n\r\vp\xc3\xa4ssword 1 "), hash), OK);
}

/* Cut anywhere, with a byte more, and with each byte changed into a blank, a NUL or another
 * digit. */
TEST(no_damaged_hash_opens_or_takes_long)
{
    char damaged[PASSWORD_HASH_MAX + 1];
    static const char into[] = { ' ', '\0', '*', '\x80' };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        str hash = str_of(known[i]);

        for (size_t n = 0; n < hash.n; n++) {
            memcpy(damaged, hash.p, hash.n);
            damaged[n] = into[n % sizeof into];
            CHECK(password_check(NULL, WORD, (str){ damaged, hash.n }) != OK || hash.n == 13);
            CHECK(password_cost_us((str){ damaged, n }) <= PASSWORD_US_MAX);
        }
        memcpy(damaged, hash.p, hash.n);
        damaged[hash.n] = 'x';
        CHECK(password_check(NULL, WORD, (str){ damaged, hash.n + 1 }) != OK);
        CHECK(password_check(NULL, WORD, str_head(hash, hash.n - 1)) != OK ||
              hash.p[hash.n - 1] == '=');
    }
}

TEST(a_nul_or_a_very_long_password_is_never_cut)
{
    static char p[512];

    memset(p, 'p', sizeof p);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        CHECK_ERR(password_check(NULL, (str){ p, 512 }, str_of(known[i])), ERR_HASH_UNKNOWN);
        CHECK(password_check(NULL, STR("p\xc3\xa4ssword 1\0x"), str_of(known[i])) != OK);
    }
}

TEST(a_cost_beyond_reason_is_not_spent_on_an_import)
{
    static const char *const dear[] = {
        "$6$rounds=999999999$saltsalt$P/L1.zID2Yy0s.HSEXYSE/"
        "fTbYaOU8qJd.0o4XGXJqh3ZLVakoYtS2qfcNjtLD2IzQzzTagYfC7LvCdpWXLBU1",
        "$5$rounds=99999999$saltsalt$GVAGSUsFUrum9.R3Pfglrqcc1ZXCFRxI4cK2nn./iS2",
        "$sha1$4294967295$saltsalt$2vhWRm3FW87I0ZEfsNs.AmeJ8Oz1",
        "$md5,rounds=4294967295$saltsalt$$WTbX9SNLd1cVDEA2htHf5/",
        "$y$jzT$saltsaltsalt$L6uuI2uid8V9/kJwrQczFhkcaZWoKm5apMx1nFWUWw6",
        "$y$jFT$saltsaltsalt$L6uuI2uid8V9/kJwrQczFhkcaZWoKm5apMx1nFWUWw6",
        "$7$z6..../....saltsalt$L6uuI2uid8V9/kJwrQczFhkcaZWoKm5apMx1nFWUWw6",
        "$7$6zzzzz/....saltsalt$L6uuI2uid8V9/kJwrQczFhkcaZWoKm5apMx1nFWUWw6",
        "_zzzzrasm72jJdQBuN0w",
        "pbkdf2_sha256$100000000$seasalt$3x9khCOA+OYHxrLgQFhfrwm0DFFNS9sxAyvMV5/C+es=",
        "pbkdf2_sha256$0$seasalt$3x9khCOA+OYHxrLgQFhfrwm0DFFNS9sxAyvMV5/C+es=",
        "pbkdf2_sha256$99999999999999999999$seasalt$3x9khCOA+OYHxrLgQFhfrwm0DFFNS9sxAyvMV5/C+es=",
        "$pbkdf2-sha512$i=1073741825$MDEyMzQ1Njc4OWFiY2RlZg==$uAuT1MjRqBbxfaXv9yW3qfLQ/Hg=",
        "$scrypt$ln=22,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$"
        "1QRGV1jO8MD7EYc6Hsob2lnuYrx6Hk981Eka1I3J4nc=",
        "$scrypt$ln=18,r=8,p=16$MDEyMzQ1Njc4OWFiY2RlZg==$"
        "1QRGV1jO8MD7EYc6Hsob2lnuYrx6Hk981Eka1I3J4nc=",
        "$P$TIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
        "$wp$2y$20$abcdefghijklmnopqrstuu6Wz0OWnQVHwljR9/Jt863TPRAJ257ym",
        "$argon2id$v=19$m=262144,t=64,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    };

    for (size_t i = 0; i < sizeof dear / sizeof *dear; i++) {
        CHECK(password_cost_us(str_of(dear[i])) == -1);
        CHECK_ERR(password_check(NULL, WORD, str_of(dear[i])), ERR_HASH_UNKNOWN);
    }
}
