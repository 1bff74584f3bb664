"""The random numbers for waits.

The module `random` has a state that is part of a SnapStart snapshot. All environments that are restored from the
snapshot would then wait equally long, and collide again. This source asks the operating system for each number.
"""

import random

SYSTEM_RANDOM = random.SystemRandom()
