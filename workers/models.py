"""Asking a language model: one prompt version per run, one line in the log per call, no answer twice.

A run begins at its job's first attempt and keeps its prompt version to its end. Refuses an answer
that has not the form asked for: it is asked for once more, and then there is none.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, ValidationError

from db import Tx, ai_costs, ai_runs, claims, clock, prompts
from db.ai_runs import NewRun, Outcome
from db.prompts import Version
from providers.ports import ModelAccount, Question
from schemas.base import Value
from schemas.completions import Completion
from schemas.enums import AiRunStatus, EffectClass, Meter
from schemas.errors import Busy, JobError, Unanswered
from schemas.model_prices import cost
from schemas.prompts import PROMPTS, Rendered, render
from workers import model_accounts
from workers.context import Context
from workers.effects import Effect, perform
from workers.model_accounts import Choice
from workers.quotas import demand, unspend

_TRIES: Final = 2
_AGAIN: Final = timedelta(hours=1)
"""How long a run that met its limit waits before it looks whether the limit was raised."""


@dataclass(frozen=True, slots=True)
class Run:
    """A question on its way to a model: which prompt version, and whom it is asked.

    The house's model is paid for by the tenant's plan, with one AI credit a run.
    """

    log: NewRun
    version: Version
    choice: Choice

    @property
    def model(self) -> str:
        """The model that is asked, by its server's name."""
        return self.choice.account.model


class Told(Value):
    """How a call ended. The ledger of calls keeps the status alone: the words are the domain's."""

    status: AiRunStatus
    value: Value | None = Field(default=None, exclude=True)
    completion: Completion | None = Field(default=None, exclude=True)


Keep = Callable[[Tx, AiRunStatus, Value | None], None]
"""Stores what came of a run, in the transaction that settles its last call; None: nothing of use."""


def begin(ctx: Context, tx: Tx, prompt: str, *, subject_type: str, subject_id: UUID) -> Run | None:
    """Begin a run, or go on with the one that this job began; None when the tenant asks no model.

    Raises NoSuchRow when the prompts that ship were never put in.
    """
    choice = model_accounts.find(ctx, tx)
    if choice is None or _limit(ctx, tx) <= 0:
        return None
    key = f"ai:{prompt}:{subject_id}"
    known = ai_runs.find(tx, key)
    mine = known is not None and known.job_id == ctx.claim.id
    version = (
        prompts.get_by_id(tx, known.prompt_version_id)
        if known and mine
        else prompts.get_active(tx, prompt)
    )
    account = replace(choice.account, model=version.model or choice.account.model)
    host = urlsplit(account.base_url).hostname or "unknown"
    log = NewRun(key, ctx.claim.id, ctx.job.name, subject_type, subject_id, version.id, host,
                 account.model)  # fmt: skip
    if not mine:
        ai_runs.begin(tx, log)
    return Run(log, version, replace(choice, account=account))


def ask(ctx: Context, run: Run, facts: Mapping[str, str], keep: Keep) -> AiRunStatus:
    """Put the question, at most twice when the answer has not its form; how the run ended.

    Raises Busy when the tenant's limit of the day or its plan's credits are used up, Permanent when the prompt needs a fact
    that is not given, and what the port raises.
    """
    rendered = render(run.version.system_text, run.version.user_text, facts)
    status = AiRunStatus.ERROR
    with model_accounts.opened(ctx, run.choice) as account:
        for number in range(1, _TRIES + 1):
            effect = _Call(ctx, run, account, rendered, number, keep).effect()
            try:
                status = perform(ctx, effect).status
            except Unanswered:
                _lose(ctx, run)
                raise
            if status is not AiRunStatus.INVALID_OUTPUT:
                break
    return status


def end(tx: Tx, run: Run) -> None:
    """The run is over, with the job's last transaction."""
    ai_runs.end(tx, run.log.key)


@dataclass(slots=True)
class _Call:
    """One call of a run; `milliseconds` None: it was not made."""

    ctx: Context
    run: Run
    account: ModelAccount
    rendered: Rendered
    number: int
    keep: Keep
    milliseconds: int | None = None

    def effect(self) -> Effect[Told]:
        """What the ledger of calls knows it by, and the transactions around it."""
        return Effect(key=self._key, kind=EffectClass.REPEATABLE, answer=Told, call=self._make,
                      guard=self._guard, undo=self._undo, done=self._done)  # fmt: skip

    @property
    def _key(self) -> str:
        return f"{self.run.log.key}:{self.number}"

    def _make(self) -> Told:
        begun = time.monotonic()
        try:
            question = _question(self.run, self.rendered)
            found = self.ctx.providers.model.complete(self.account, question, key=self._key)
        finally:
            self.milliseconds = round((time.monotonic() - begun) * 1000)
        return _judge(self.run, found)

    def _guard(self, tx: Tx) -> None:
        _refuse_above_limit(self.ctx, tx)
        ai_runs.call(tx, self.run.log)
        if not self.run.choice.own:
            demand(self.ctx, tx, Meter.AI_CREDITS, 1, key=self.run.log.key)

    def _undo(self, tx: Tx, error: JobError) -> None:
        if not self.run.choice.own and self.number == 1:
            unspend(self.ctx, tx, Meter.AI_CREDITS, error, key=self.run.log.key)
        if self.milliseconds is None:
            ai_runs.rest(tx, self.run.log.key)
            return
        text = f"{type(error).__name__}: {error}"[:500]
        free = Outcome(AiRunStatus.ERROR, self.milliseconds, cost_cents=Decimal(0), error=text)
        ai_runs.settle(tx, self.run.log, free)

    def _done(self, tx: Tx, told: Told) -> None:
        ai_runs.settle(tx, self.run.log, _outcome(tx, self.run, told, self.milliseconds))
        if told.status is not AiRunStatus.INVALID_OUTPUT or self.number == _TRIES:
            self.keep(tx, told.status, told.value)


def _question(run: Run, rendered: Rendered) -> Question:
    prompt = PROMPTS[run.version.key]
    return Question(
        system=rendered.system,
        user=rendered.user,
        form=run.version.key.replace(".", "_"),
        schema=prompt.schema,
        max_tokens=run.version.max_tokens,
        temperature=run.version.temperature,
    )


def _judge(run: Run, found: Completion) -> Told:
    """Whether an answer is of use. Total: a model may say anything."""
    if found.ended == "refused":
        return Told(status=AiRunStatus.REFUSED, completion=found)
    try:
        value = PROMPTS[run.version.key].answer.model_validate_json(found.text)
    except ValidationError:
        return Told(status=AiRunStatus.INVALID_OUTPUT, completion=found)
    if found.ended == "cut_off":
        return Told(status=AiRunStatus.INVALID_OUTPUT, completion=found)
    return Told(status=AiRunStatus.OK, value=value, completion=found)


_WHY = {
    AiRunStatus.REFUSED: "The model would not answer.",
    AiRunStatus.INVALID_OUTPUT: "The answer has not the form asked for, or was cut off.",
}


def _outcome(tx: Tx, run: Run, told: Told, milliseconds: int | None) -> Outcome:
    found = told.completion
    assert found
    price, tokens = ai_costs.find_price(tx, run.model), found.tokens
    return Outcome(
        status=told.status,
        duration_ms=milliseconds,
        served_by=found.served_by,
        request_id=found.request_id,
        input_tokens=tokens.input if tokens else None,
        cached_tokens=tokens.cached if tokens else None,
        output_tokens=tokens.output if tokens else None,
        cost_cents=cost(tokens, price) if tokens and price else None,
        error=_WHY.get(told.status),
    )


def _lose(ctx: Context, run: Run) -> None:
    """The answer was lost and somebody paid for it: that is written down even if nobody asks again."""
    with ctx.transaction() as tx:
        claims.hold(tx, job_id=ctx.claim.id, token=ctx.claim.token)
        ai_runs.lose(tx, run.log.key)


def _limit(ctx: Context, tx: Tx) -> Decimal:
    assert ctx.claim.tenant_id
    own = ai_costs.today(tx, ctx.claim.tenant_id).limit
    return Decimal(ctx.providers.house_daily_cents) if own is None else own


def _refuse_above_limit(ctx: Context, tx: Tx) -> None:
    assert ctx.claim.tenant_id
    spent, limit = ai_costs.today(tx, ctx.claim.tenant_id).cents, _limit(ctx, tx)
    if spent >= limit:
        raise Busy(
            f"The tenant's models cost {spent} cents today and may cost {limit};"
            " go on tomorrow (UTC), or change it with `outrider ai limit`.",
            retry_after=min(_AGAIN, _tomorrow(clock.read(tx))),
        )


def _tomorrow(now: datetime) -> timedelta:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return day - now
