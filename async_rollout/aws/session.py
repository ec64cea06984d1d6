"""Opening a cloud: one aioboto3 session, a client a service, made when first needed, all closed at the end."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any

import aioboto3  # type: ignore[import-untyped]
import aiobotocore.session
import anyio
from aiobotocore.config import AioConfig
from botocore import xform_name
from botocore.exceptions import BotoCoreError, InvalidRegionError, ProfileNotFound
from botocore.loaders import Loader, create_loader
from botocore.utils import parse_timestamp, validate_region_name

from async_rollout.aws.bucket import SHARE
from async_rollout.aws.calls import Body, Call, is_read
from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.raw import EVENT, read_whole
from async_rollout.aws.traffic import KINDS
from async_rollout.aws.traffic.ecs import EVERYWHERE, Ecs, EcsHosts
from async_rollout.engine.given import listener
from async_rollout.engine.ports import Tell
from async_rollout.errors import BrokenError, CredentialsError, UsageError
from async_rollout.newer import MODELS

CLOSING = 5.0
"""Seconds that closing may take; a hung connection must not hold up the end."""


@asynccontextmanager
async def connect(
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint: str | None = None,
    session: aioboto3.Session | None = None,
    tell: Tell | None = None,
    readonly: bool = False,
    jitter: Callable[[], float] = random.random,
    api_share: float = SHARE,
    ecs: Ecs | None = EVERYWHERE,
) -> AsyncIterator[AwsCloud]:
    """Open one account and region for as long as the block lasts; nothing is asked of AWS yet.

    region, profile: None: as boto3 finds them.
    endpoint: one URL for all services; None: AWS's own.
    session: a prepared one, in the place of profile; None: one is made.
    tell: called with each event of the calls (throttled, retried); None: nobody is told.
    readonly: whether every call that is not a read raises BrokenError; False.
    jitter: gives a chance between 0 and 1, for the pauses before a repeat.
    api_share: how much of AWS's request buckets may be drawn, above 0 to 1; others in the account draw from them too;
        0.5.
    ecs: how it is looked whether instances host ECS tasks, and how they are drained of them, see `Ecs`; None: not at
        all, so that tasks end with their hosts; looked for in all clusters.

    Raises UsageError without a region or with a senseless one, and for a senseless share; CredentialsError for an
    unknown profile or an unreadable configuration.
    """
    if not 0 < api_share <= 1:
        raise UsageError(f"an API share of {api_share} makes no sense: above 0, and 1 at the most")
    listener(tell)
    prepared, where = _opened(session, profile, region)
    wire = Wire(prepared, region=where, endpoint=endpoint, readonly=readonly)
    cloud = AwsCloud(
        wire.send,
        region=where,
        tell=tell,
        readonly=readonly,
        jitter=jitter,
        expiry=wire.expires_at,
        api_share=api_share,
        kinds=[*(kind for kind in KINDS if not isinstance(kind, EcsHosts)), *([EcsHosts(ecs)] if ecs else [])],
    )
    try:
        yield cloud
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(CLOSING):
            await cloud.close()
            await wire.close()


class Wire:
    """The clients of one session. Holds no task and no cancel scope, so clients may be made in any task."""

    def __init__(self, session: aioboto3.Session, *, region: str, endpoint: str | None, readonly: bool) -> None:
        self._session = session
        self._region = region
        self._endpoint = endpoint
        self._readonly = readonly
        self._clients: dict[str, Any] = {}
        self._making = anyio.Lock()
        self._stack = AsyncExitStack()
        self._closed = False

    async def send(self, call: Call) -> Body:
        """Put one call on the wire, once. Raises what botocore and aiohttp raise."""
        client = self._clients.get(call.service) or await self._client(call.service)
        body: Body = await getattr(client, xform_name(call.operation))(**call.params)
        return body

    async def expires_at(self) -> float | None:
        """When the credentials end. botocore knows it of temporary ones only, and tells it in no public way."""
        try:
            credentials = await self._session.get_credentials()
        except BotoCoreError:
            return None
        ends = getattr(credentials, "_expiry_time", None)
        return ends.timestamp() if isinstance(ends, datetime) else None

    async def close(self) -> None:
        """Close every client; none is made after."""
        async with self._making:
            self._closed = True
            self._clients.clear()
            await self._stack.aclose()

    async def _client(self, service: str) -> Any:
        """One client a service, however many ask for it at once."""
        async with self._making:
            if self._closed:
                raise BrokenError("the cloud is closed: nothing can be asked of it any more")
            if service not in self._clients:
                self._clients[service] = await self._make(service)
            return self._clients[service]

    async def _make(self, service: str) -> Any:
        made = self._session.client(service, region_name=self._region, endpoint_url=self._endpoint, config=_config())
        client = await self._stack.enter_async_context(made)
        client.meta.events.register(EVENT, read_whole)
        if self._readonly:
            client.meta.events.register("before-call", _only_reads)
        return client


def _config() -> AioConfig:
    """No retries (throttle does them); a connect limit below a call's, so that unsent is told from unanswered."""
    return AioConfig(retries={"total_max_attempts": 1}, max_pool_connections=50, connect_timeout=5, read_timeout=30)


def _opened(session: aioboto3.Session | None, profile: str | None, region: str | None) -> tuple[aioboto3.Session, str]:
    try:
        opened = _taught(session) if isinstance(session, aioboto3.Session) else session or _session(profile)
        return opened, _region(region or opened.region_name)
    except ProfileNotFound as error:
        raise CredentialsError(f"{error}: name one that ~/.aws/config has, or none") from error
    except BotoCoreError as error:
        raise CredentialsError(f"the AWS configuration cannot be read: {error}") from error


@cache
def _models(path: str | None) -> Loader:
    """AWS's service models, read from disk once for all clouds of this process: ten would else hold 250 MB of them.

    With ours beside, which the first of a folder's name wins: an owner's own folder comes after it.
    """
    loader = create_loader(path)
    loader.search_paths.insert(0, MODELS)
    return loader


def _taught(session: aioboto3.Session) -> aioboto3.Session:
    """Its owner's, with what its models lack beside them. A model that it has read before stays as it was read."""
    paths = session._session.get_component("data_loader").search_paths  # noqa: SLF001 - there is no public way
    if MODELS not in paths:
        paths.append(MODELS)
    return session


def _session(profile: str | None) -> aioboto3.Session:
    core = aiobotocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
    session = aioboto3.Session(botocore_session=core, profile_name=profile)
    core.register_component("data_loader", _models(core.get_config_variable("data_path")))
    return session


def _region(name: str | None) -> str:
    if not name:
        places = "pass --region (region= in code), set AWS_DEFAULT_REGION, or choose a profile with one"
        raise UsageError(f"no AWS region: {places}")
    try:
        validate_region_name(name)
    except InvalidRegionError as error:
        raise UsageError(f"{name!r} is no AWS region: they read like eu-west-1") from error
    return name


def _timestamp(value: str) -> datetime:
    """A hundred times faster than botocore's own on what AWS sends; all else is left to that."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return parse_timestamp(value)


def _only_reads(model: Any, **_: Any) -> None:
    """Before a call leaves: the second guard of a cloud that only looks."""
    if not is_read(model.name):
        raise BrokenError(f"{model.name} would change something, and this cloud was opened to look only")
