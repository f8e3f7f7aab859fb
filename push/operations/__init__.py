"""For operators: health and readiness of a process, metrics, the consumer of Celery workers, middleware."""
