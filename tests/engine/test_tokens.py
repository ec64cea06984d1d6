"""What a shell hook is told: types checked, tokens filled, the group's name never in the text."""

from dataclasses import replace

import pytest

from async_rollout.core.spec import HookCall, HookPoint
from async_rollout.engine.tokens import environment, filled, misfit

CALL = HookCall(
    point=HookPoint.UP_CHECK,
    group="web",
    instance="i-0123456789abcdef0",
    private_ip="10.0.0.7",
    public_ip="203.0.113.9",
)
LEAVING = replace(CALL, point=HookPoint.BEFORE_TERMINATE)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("curl -f http://NEW_INSTANCE_PRIVATE_IP_ADDRESS:80/", "curl -f http://10.0.0.7:80/"),
        ("a NEW_INSTANCE_PUBLIC_IP_ADDRESS b NEW_INSTANCE_ID", "a 203.0.113.9 b i-0123456789abcdef0"),
        ("touch /tmp/xNEW_INSTANCE_IDx", "touch /tmp/xi-0123456789abcdef0x"),
        ("echo $NEW_INSTANCE_ID ${NEW_INSTANCE_ID}", "echo $NEW_INSTANCE_ID ${NEW_INSTANCE_ID}"),
        ("echo ${NEW_INSTANCE_ID:-none} ${#NEW_INSTANCE_ID}", "echo ${NEW_INSTANCE_ID:-none} ${#NEW_INSTANCE_ID}"),
        ("echo $MY_NEW_INSTANCE_ID", "echo $MY_NEW_INSTANCE_ID"),
        ("echo $$NEW_INSTANCE_ID", "echo $$i-0123456789abcdef0"),
        ("echo $1NEW_INSTANCE_ID", "echo $1i-0123456789abcdef0"),
        ("echo OLD_INSTANCE_ID", "echo OLD_INSTANCE_ID"),
    ],
)
def test_tokens_are_replaced_but_not_in_the_shells_own_variables(command: str, expected: str) -> None:
    assert filled(command, CALL) == expected


@pytest.mark.parametrize("point", [HookPoint.BEFORE_TERMINATE, HookPoint.AFTER_TERMINATE])
def test_who_leaves_is_the_old_instance(point: HookPoint) -> None:
    text = "OLD_INSTANCE_ID OLD_INSTANCE_PRIVATE_IP_ADDRESS OLD_INSTANCE_PUBLIC_IP_ADDRESS NEW_INSTANCE_ID"
    assert filled(text, replace(CALL, point=point)) == "i-0123456789abcdef0 10.0.0.7 203.0.113.9 NEW_INSTANCE_ID"


def test_a_missing_address_is_an_empty_value() -> None:
    bare = replace(CALL, public_ip=None)
    assert filled("probe 'NEW_INSTANCE_PUBLIC_IP_ADDRESS'", bare) == "probe ''"
    assert environment(bare)["NEW_INSTANCE_PUBLIC_IP_ADDRESS"] == ""


def test_the_environment_names_all_that_is_known() -> None:
    told = environment(replace(LEAVING, group="$(id) `id`", attempt=3, resumed=True))
    assert told == {
        "OLD_INSTANCE_ID": "i-0123456789abcdef0",
        "OLD_INSTANCE_PRIVATE_IP_ADDRESS": "10.0.0.7",
        "OLD_INSTANCE_PUBLIC_IP_ADDRESS": "203.0.113.9",
        "ASYNC_ROLLOUT_GROUP": "$(id) `id`",
        "ASYNC_ROLLOUT_POINT": "before-terminate",
        "ASYNC_ROLLOUT_INSTANCE_ID": "i-0123456789abcdef0",
        "ASYNC_ROLLOUT_PRIVATE_IP_ADDRESS": "10.0.0.7",
        "ASYNC_ROLLOUT_PUBLIC_IP_ADDRESS": "203.0.113.9",
        "ASYNC_ROLLOUT_ATTEMPT": "3",
        "ASYNC_ROLLOUT_RESUMED": "true",
    }


@pytest.mark.parametrize("call", [CALL, LEAVING, replace(CALL, private_ip="2001:db8::7", public_ip=None)])
def test_values_of_the_right_type_fit(call: HookCall) -> None:
    assert misfit(call) == ""


@pytest.mark.parametrize(
    "call",
    [
        replace(CALL, instance="i-0123456789abcdef0; id"),
        replace(CALL, instance="i-0123456789abcdef0\n"),
        replace(CALL, instance="i-0123ABCD"),
        replace(CALL, instance=""),
        replace(CALL, private_ip="10.0.0.7 $(id)"),
        replace(CALL, private_ip="ip-10-0-0-7.internal"),
        replace(CALL, public_ip="fe80::1%$(id)"),
        replace(CALL, public_ip="10.0.0.7\n"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(call: HookCall) -> None:
    assert misfit(call).endswith("the command was not run")
