"""The process edge: the command line, embedded servers, the demo. Nobody imports it."""
