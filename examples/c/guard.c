// SPDX-License-Identifier: MIT
/* guard.c - a resource of your own behind Latchkey's tokens: a CGI program that asks at the door.
 *
 * The web server hands x-access-token over as HTTP_X_ACCESS_TOKEN. Latchkey is asked each time, so
 * a role taken away or an account closed counts from the next request on.
 *
 *   cc -o guard guard.c $(pkg-config --cflags --libs libcurl)
 *
 * GUARD_URL   where Latchkey listens, by default http://127.0.0.1:8080
 * GUARD_DOOR  who may pass: user (default), mod or admin */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

enum { TOKEN_MAX = 4096, TIMEOUT_MS = 2000 };

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && *value ? value : otherwise;
}

/* Latchkey's status for this token; 0 when it gave none. */
static long ask(const char *url, const char *token)
{
    char header[TOKEN_MAX + 32];
    long status = 0;
    CURL *curl = curl_easy_init();

    snprintf(header, sizeof header, "x-access-token: %s", token);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    if (headers && curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

int main(void)
{
    const char *token = setting("HTTP_X_ACCESS_TOKEN", "");
    const char *at = setting("GUARD_URL", "http://127.0.0.1:8080");
    const char *door = setting("GUARD_DOOR", "user"), *said = "503 Nobody is at the door.";
    char url[512];
    size_t n = strspn(token, LETTERS);      /* a line break would begin a header of its own */

    snprintf(url, sizeof url, "%s/api/test/%s", at, door);
    switch (n == 0 || n > TOKEN_MAX || token[n] ? 401 : ask(url, token)) {
    case 200: said = "200 The vault is open."; break;
    case 401: said = "401 A good token, please."; break;
    case 403: said = "403 This door is not yours."; break;
    }
    printf("Status: %.3s\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n\r\n%s\n",
           said, said + 4);
    return 0;
}
