"""The checks of the walk, in the order in which it takes them. A later one may use what an earlier one made."""

from verify.check import checks_of
from verify.checks import accounts, background, gateway, leftovers, monitoring, template, tenants

CHECKS = [
    *checks_of(template),
    *checks_of(gateway),
    *checks_of(tenants),
    *checks_of(accounts),
    *checks_of(background),
    *checks_of(leftovers),
    *checks_of(monitoring),
]
