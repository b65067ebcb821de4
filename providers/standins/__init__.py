"""Local servers that behave like the outside world. Refuses to be reached from another machine."""
