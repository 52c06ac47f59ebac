// SPDX-License-Identifier: MIT
/* house.c - editions of the settings that a running server reads. */
#include "app/house.h"

#include "app/rules.h"
#include "base/log.h"

static struct edition *edition_now(struct house *house)
{
    return atomic_load_explicit(&house->now, memory_order_acquire);
}

static enum log_level level_of(const struct settings *s)
{
    if (str_is(s->log_level, STR("error")))
        return LOG_ERROR;
    return str_is(s->log_level, STR("warn")) ? LOG_WARN : LOG_INFO;
}

static enum cookies cookies_of(const struct settings *s, const struct auth_rules *rules)
{
    if (rules->sessions != SESSIONS_OWN || str_is(s->session_cookie, STR("off")))
        return COOKIES_OFF;
    return str_is(s->session_cookie, STR("lax")) ? COOKIES_LAX : COOKIES_STRICT;
}

static err publish(struct house *house, struct edition *ed)
{
    struct api_config config = house->config;
    struct edition *before = edition_now(house);
    err e;

    ed->rules = rules_of(&ed->settings, house->adopted);
    if (before && before->rules.token_life > ed->rules.token_life)
        ed->rules.token_life = before->rules.token_life; /* of what was issued by then */
    config.rules = &ed->rules;
    config.keys = atomic_load_explicit(&house->keys, memory_order_acquire);
    config.welcome = ed->settings.welcome;
    config.origins = ed->settings.http_origins;
    config.cookies = cookies_of(&ed->settings, &ed->rules);
    config.forms = ed->settings.http_forms;
    if ((e = api_init(&ed->api, &config)) != OK) {
        api_end(&ed->api);
        return e;
    }
    log_set_level(level_of(&ed->settings));
    ed->before = before;
    atomic_store_explicit(&house->now, ed, memory_order_release);
    return OK;
}

/* An edition that could not be published. */
static void edition_free(struct edition *ed)
{
    arena_end(&ed->mem);
    free(ed);
}

static struct edition *edition_new(void)
{
    struct edition *ed = calloc(1, sizeof *ed);

    if (ed)
        arena_init(&ed->mem, SETTINGS_MEMORY);
    return ed;
}

err house_init(struct house *house, const struct settings *s)
{
    struct edition *ed = edition_new();
    err e;

    if (!ed)
        return ERR_NO_MEMORY;
    ed->settings = *s;
    if ((e = publish(house, ed)) != OK)
        edition_free(ed);
    return e;
}

void house_set_pools(struct house *house, struct pool *const pools[static WORKS])
{
    memcpy(house->config.pools, pools, sizeof house->config.pools);
    memcpy(edition_now(house)->api.config.pools, pools, sizeof house->config.pools);
}

void house_end(struct house *house)
{
    struct edition *ed = edition_now(house);

    while (ed) {
        struct edition *before = ed->before;

        api_end(&ed->api);
        edition_free(ed);
        ed = before;
    }
    atomic_store(&house->now, NULL);
}

void house_reread(struct house *house)
{
    struct edition *ed = edition_new();
    err e = ERR_NO_MEMORY;

    if (ed)
        e = settings_reread(&ed->settings, &ed->mem, &edition_now(house)->settings, house->argc,
                            house->argv);
    if (e == OK)
        e = publish(house, ed);
    if (e == OK) {
        log_warn("settings_reread", text_kv("result", STR("in force")));
        return;
    }
    log_error("settings_reread", text_kv("result", STR("refused, nothing changed")),
              text_kv("err", str_of(err_name(e))));
    if (ed)
        edition_free(ed);
}

/* ------------------------------------------------ the server's callbacks, on the newest edition */

void *house_thread_begin(void *app)
{
    struct house *house = app;

    return house->app.thread_begin(&edition_now(house)->api);
}

void *house_waiter_begin(void *app)
{
    return api_waiter_begin(&edition_now(app)->api);
}

void house_thread_end(void *app, void *own)
{
    struct house *house = app;

    house->app.thread_end(&edition_now(house)->api, own);
}

static struct pool *house_route(void *app, struct exchange *x, size_t *body_max)
{
    struct house *house = app;

    return house->app.route(&edition_now(house)->api, x, body_max);
}

static void house_run(void *app, void *own, struct exchange *x)
{
    struct house *house = app;
    struct edition *ed = edition_now(house);
    struct api_thread *thread = own;

    thread->auth.rules = &ed->rules;
    thread->auth.keys = atomic_load_explicit(&house->keys, memory_order_acquire);
    house->app.run(&ed->api, own, x);
}

static void house_refuse(void *app, struct exchange *x, int status)
{
    struct house *house = app;

    house->app.refuse(&edition_now(house)->api, x, status);
}

struct http_app house_app(struct house *house)
{
    return (struct http_app){
        .app = house,
        .thread_begin = house_thread_begin,
        .thread_end = house_thread_end,
        .route = house_route,
        .run = house_run,
        .refuse = house_refuse,
    };
}
