"""The chaos harness: real processes and servers, faults drawn from a seed, sixteen invariants checked from outside."""
