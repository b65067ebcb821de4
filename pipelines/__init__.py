"""What follows what, and what happens when: the system on one screen. Knows no actor."""
