"""Logs, error reports, metrics, trace ids, sealed secrets and the bell. Knows no domain word."""
