"""What Rolecall is measured against: the floor, and what a user would pick instead. The same storage calls each."""
