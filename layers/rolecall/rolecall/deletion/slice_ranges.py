"""The slices of a tenant's partition: their names, and the range of sort keys that each of them covers."""

from rolecall.storage.keys import HIGHEST_SORT_KEY, LOWEST_SORT_KEY

#: The name of the slice that covers all items of a tenant but its users. Each other slice covers the users whose id
#: begins with one hex digit.
TENANT_SLICE = "tenant"

_DIGITS = "0123456789abcdef"

SLICES = (*_DIGITS, TENANT_SLICE)

#: The character at which the slice of each digit ends. "g" only ends the slice "f".
_ENDS = dict(zip(_DIGITS, f"{_DIGITS[1:]}g", strict=True))


def sort_key_ranges_of_slice(slice_name: str) -> list[tuple[str, str]]:
    """Return the ranges of sort keys in the tenant's partition that a slice covers, each without its upper bound.

    Each possible sort key lies in exactly one slice, so a new type of item needs no change here.
    """
    if slice_name == TENANT_SLICE:
        return [(LOWEST_SORT_KEY, "USER#0"), ("USER#g", HIGHEST_SORT_KEY)]
    return [(f"USER#{slice_name}", f"USER#{_ENDS[slice_name]}")]


def slice_of_sort_key(sort_key: str) -> str:
    """Return the name of the slice that covers a sort key; raise `StopIteration` for one that no item can have."""
    found = (name for name in SLICES for low, high in sort_key_ranges_of_slice(name) if low <= sort_key < high)
    return str(next(found))
