"""Measurements: what is measured, the processes under measurement, and the commands."""
