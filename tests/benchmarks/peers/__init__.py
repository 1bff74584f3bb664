"""The programs that Rolecall is compared with: the floor and two frameworks. All make the same storage calls."""
