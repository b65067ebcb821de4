"""The outside world behind ports in our own words. Refuses vendor names above this folder."""
