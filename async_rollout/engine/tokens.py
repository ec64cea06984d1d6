"""What a shell hook is told: environment variables, and the tokens that the command line always had.

Values are checked for their type first, so that each is made of letters, digits, dots, colons and hyphens only: put
into the command's text it cannot be code. The group's name may be anything and goes through the environment alone.
"""

from __future__ import annotations

import ipaddress
import re

from async_rollout.core.spec import HookCall, HookPoint

INSTANCE_ID = re.compile(r"i-[0-9a-f]{8,17}")
ADDRESS = re.compile(r"[0-9A-Fa-f.:]+")
"""Beside the address's own grammar: an IPv6 zone, `fe80::1%…`, may hold any character."""


def misfit(call: HookCall) -> str:
    """Why these values cannot be handed to a shell; empty if they can."""
    if not INSTANCE_ID.fullmatch(call.instance):
        return f"{call.instance!r} is not an instance id: the command was not run"
    for address in (call.private_ip, call.public_ip):
        if address and not _is_address(address):
            return f"{address!r} is not an IP address: the command was not run"
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return bool(ADDRESS.fullmatch(text))


def tokens(call: HookCall) -> dict[str, str]:
    """The tokens that a command at this point may use. An address that the instance has not got is empty."""
    whose = "NEW_INSTANCE" if call.point is HookPoint.UP_CHECK else "OLD_INSTANCE"
    return {
        f"{whose}_ID": call.instance,
        f"{whose}_PRIVATE_IP_ADDRESS": call.private_ip or "",
        f"{whose}_PUBLIC_IP_ADDRESS": call.public_ip or "",
    }


def environment(call: HookCall) -> dict[str, str]:
    """The variables that are added to the environment; ASYNC_ROLLOUT_… are the same at every point."""
    return {
        **tokens(call),
        "ASYNC_ROLLOUT_GROUP": call.group,
        "ASYNC_ROLLOUT_POINT": call.point.value,
        "ASYNC_ROLLOUT_INSTANCE_ID": call.instance,
        "ASYNC_ROLLOUT_PRIVATE_IP_ADDRESS": call.private_ip or "",
        "ASYNC_ROLLOUT_PUBLIC_IP_ADDRESS": call.public_ip or "",
        "ASYNC_ROLLOUT_ATTEMPT": str(call.attempt),
        "ASYNC_ROLLOUT_RESUMED": "true" if call.resumed else "false",
    }


def filled(command: str, call: HookCall) -> str:
    """The command with its tokens replaced, wherever they stand, as ever; the values must have been checked.

    `$NEW_INSTANCE_ID` and `${NEW_INSTANCE_ID}` are left to the shell, which finds the variable of that name.
    """
    values = tokens(call)
    names = "|".join(sorted(values, key=len, reverse=True))
    variable = r"\$\$|\$\{?[#!]?[A-Za-z_]\w*"
    return re.sub(f"{variable}|{names}", lambda found: values.get(found[0], found[0]), command)
