"""HTTP edge: webhooks, health, metrics. Knows Postgres and the pipelines; has never heard of Redis."""
