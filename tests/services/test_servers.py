"""The servers that other tests are handed are real ones."""

import psycopg
import redis

from tests.services.servers import postgres_url, redis_url  # noqa: F401


def test_postgres_is_postgres_18_with_commits_that_wait(postgres_url):  # noqa: F811
    with psycopg.connect(postgres_url) as connection:
        wanted = [f"current_setting('{name}')" for name in ("server_version", "synchronous_commit", "timezone")]
        version, commits, zone = connection.execute(f"select {', '.join(wanted)}").fetchone()
    assert version.startswith("18.")
    assert (commits, zone) == ("on", "UTC")


def test_redis_is_valkey_and_never_forgets_keys_to_make_room(redis_url):  # noqa: F811
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        client.set("test", "1")
        assert client.get("test") == "1"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.delete("test")
