// SPDX-License-Identifier: MIT
/* guard.c - a resource of your own behind Latchkey's tokens: a CGI program that asks at the door.
 *
 * The web server hands the x-access-token of a request over as HTTP_X_ACCESS_TOKEN. Latchkey is
 * asked each time, so a role taken away or an account closed counts from the next request on.
 *
 *   cc -o guard guard.c $(pkg-config --cflags --libs libcurl)
 *
 * LATCHKEY_URL   where Latchkey listens, by default http://127.0.0.1:8080
 * LATCHKEY_DOOR  who may pass: user (default), mod or admin */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 4096, TIMEOUT_MS = 2000 };

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && *value ? value : otherwise;
}

/* What is no token never becomes a header: a line break in it would begin a header of its own. */
static int is_token(const char *s)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t n = strspn(s, letters);

    return n > 0 && n <= TOKEN_MAX && s[n] == 0;
}

static size_t drop(char *bytes, size_t size, size_t n, void *to)
{
    (void)bytes, (void)to;
    return size * n;
}

/* Latchkey's status for this token; 0 when it gave none. */
static long ask(const char *url, const char *token)
{
    char header[TOKEN_MAX + 32];
    long status = 0;
    CURL *curl = curl_easy_init();

    snprintf(header, sizeof header, "x-access-token: %s", token);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    if (curl && headers) {
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
        if (curl_easy_perform(curl) == CURLE_OK)
            curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status;
}

static int answer(const char *status, const char *text)
{
    printf("Status: %s\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n\r\n%s\n", status,
           text);
    return 0;
}

int main(void)
{
    const char *token = setting("HTTP_X_ACCESS_TOKEN", "");
    char url[512];
    int n = snprintf(url, sizeof url, "%s/api/test/%s",
                     setting("LATCHKEY_URL", "http://127.0.0.1:8080"),
                     setting("LATCHKEY_DOOR", "user"));

    if (n >= (int)sizeof url) return answer("500 Internal Server Error", "The URL is too long.");
    if (!is_token(token)) return answer("401 Unauthorized", "A token, please.");

    switch (ask(url, token)) {
    case 200: return answer("200 OK", "The vault is open.");
    case 401: return answer("401 Unauthorized", "This token is not valid.");
    case 403: return answer("403 Forbidden", "This door is not yours.");
    default:  return answer("503 Service Unavailable", "Nobody is at the door.");
    }
}
