"""What one process costs while it rolls a hundred groups for real, over HTTP, against simulated AWS accounts.

cpu        of five seconds of it, over that of a hundred pollers of one group each: boto3, four clients, all that the
           group has asked once in five seconds
loop lag   by how much a sleep of two milliseconds is overslept, with the live view and an up-check
memory     the most it ever held; a thousand groups do not fit into one account and region, so they are in ten
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from async_rollout.sandbox.doors.http import environment
from support.bench.served import served
from support.bench.table import Row
from support.bench.watched import watched

GROUPS, SIZE, CLOUDS = 100, 10, 10
ROUND = 5.0
WARM, SECONDS = 300.0, 60.0
"""By then all are in the middle of it: AWS's buckets give a hundred groups their first looks in two minutes."""
POLLER = """
import boto3, os, sys, time
name, rounds = sys.argv[1], int(sys.argv[2])
scaling, classic, targets = (boto3.client(service) for service in ("autoscaling", "elb", "elbv2"))
def poll():
    group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
    for balancer in group["LoadBalancerNames"]:
        classic.describe_instance_health(LoadBalancerName=balancer)
    for arn in group["TargetGroupARNs"]:
        targets.describe_target_health(TargetGroupArn=arn)
for _ in range(5):
    poll()
began = time.process_time()
for _ in range(rounds):
    poll()
print((time.process_time() - began) / rounds)
"""


THOUSAND = 200.0, 5.0
"""Its warm-up and seconds: only what it holds is asked, once all have begun."""


def rows(*, thousand: bool = True) -> Iterator[Row]:
    """A hundred groups, and a thousand."""
    with served(1, GROUPS, SIZE) as fleet:
        said = watched(fleet, WARM, SECONDS)
        endpoint, names = next(iter(fleet.items()))
        pollers = GROUPS * poller(endpoint, names[0])
    ratio = said["cpu"] / SECONDS * ROUND / pollers
    what = f"CPU of a round, {GROUPS} groups / as many boto3 pollers"
    yield Row(number="7", what=what, measured=(ratio,), goal=(0.35,), anchor="1", limit="0.23", form=".2f")
    lags = 1000 * said["p99"], 1000 * said["most"]
    what = f"loop lag, {GROUPS} groups, view and up-checks, ms: p99, most"
    yield Row(number="8", what=what, measured=lags, goal=(10, 50), anchor="72-228", limit="~5", form=".1f")
    held = [said["memory"] / 1e6]
    if thousand:
        with served(CLOUDS, GROUPS, SIZE) as fleet:
            held.append(watched(fleet, *THOUSAND)["memory"] / 1e6)
    what = f"memory, {GROUPS} groups{f'; {CLOUDS * GROUPS}' if thousand else ''}, MB"
    yield Row(number="9", what=what, measured=tuple(held), goal=(110, 180), anchor="4800", limit="61", form=".0f")


def poller(endpoint: str, name: str) -> float:
    """CPU seconds of a round of one poller."""
    words = [sys.executable, "-c", POLLER, name, "40"]
    done = subprocess.run(words, env=environment(endpoint), stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)
