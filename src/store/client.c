// SPDX-License-Identifier: MIT
/* client.c - client libraries that are loaded when they are asked for. */
#include "store/client.h"

#include "base/log.h"

#include <dlfcn.h>

err client_load(const char *library, const char *const *names, void *calls, size_t n)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    char *to = calls;

    for (size_t i = 0; handle && i < n; i++) {
        void *call = dlsym(handle, names[i]);

        if (!call) {
            log_error("database", text_kv("library", str_of(library)),
                      text_kv("lacks", str_of(names[i])));
            return ERR_IO;
        }
        memcpy(to + i * sizeof call, &call, sizeof call);
    }
    if (!handle)
        log_error("database", text_kv("missing", str_of(library)),
                  text_kv("help", STR("install the client library of this database")));
    return handle ? OK : ERR_IO;        /* it stays loaded until the process ends */
}
