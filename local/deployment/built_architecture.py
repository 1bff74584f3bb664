"""The instruction set of the compiled libraries in a build."""

from pathlib import Path

from local import StackError

#: By the number of the machine in an ELF header, as `Architecture` in the template calls it.
_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
_ELF = b"\x7fELF"


def check(folder: Path, expected: str) -> None:
    """Raises `StackError` unless every compiled library under the folder is for the expected instruction set.

    An arm64 library in an x86_64 function fails each call, and only there.
    """
    for library in sorted(folder.rglob("*.so")):
        with library.open("rb") as file:
            header = file.read(20)
        machine = int.from_bytes(header[18:20], "little")
        found = _MACHINES.get(machine, f"machine {machine}") if header.startswith(_ELF) else "no Linux"
        if found != expected:
            raise StackError(
                f"{library.relative_to(folder)} is built for {found}, but Architecture is {expected}. "
                "Set Architecture in the profile's [global] parameters, which `sam build` and `sam deploy` both read."
            )
