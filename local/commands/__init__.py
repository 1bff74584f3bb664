"""One module for each command of `python -m local`, which the Makefile calls. Nothing imports a command but tests."""
