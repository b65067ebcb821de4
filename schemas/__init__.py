"""The words of the system: jobs, events, domain values, errors, settings. Imports nothing of ours."""
