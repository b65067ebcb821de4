"""Every way a job can fail, by what to do next.

* JobError
  + Transient       try again with backoff
    - RateLimited   come back at the time we were told; not counted as an attempt, and
                    whoever shares the job's lane waits as well
      . Busy        only this job has to wait
        . OverPlan  until the tenant's plan, its payment or its credits allow it
      . Unconnected a person has to connect something again; who needs it waits
  + Permanent       trying again cannot help: dead letter with the reason
    - NeedsReauth   the other side takes our secret no more; only another one helps
    - Poison        the message itself cannot be understood
      . NoSuchRow   it names something that is not there
  + Unanswered      a call was begun and nobody knows how it ended: look for evidence
"""

from datetime import timedelta


class JobError(Exception):
    """Base of all failures that the code foresaw."""


class Transient(JobError):
    """The outside world hiccuped; the same call may work later."""


class RateLimited(Transient):
    """Somebody told us when to come back."""

    def __init__(self, message: str, *, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(RateLimited):
    """Something of our own is in this job's way for a moment; its neighbours are not concerned."""


class OverPlan(Busy):
    """The tenant's plan does not cover it now; nothing is lost, and it goes on when it does."""


class Unconnected(RateLimited):
    """What the job needs is not connected; it waits for that, and burns no attempt."""

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(f"{provider}: {reason}", retry_after=timedelta(hours=1))


class Permanent(JobError):
    """Trying again would fail the same way."""


class NeedsReauth(Permanent):
    """The other side takes our secret no more, or not for this; only another one helps."""


class Unanswered(JobError):
    """A call to the outside world was begun, and its end is unknown; it may have happened."""


class Poison(Permanent):
    """The payload does not parse, or asks for something that cannot be."""


class NoSuchRow(Poison):
    """A job names a row that is not there (or that belongs to another tenant)."""

    def __init__(self, noun: str, key: object) -> None:
        super().__init__(f"There is no {noun} {key}.")
        self.noun = noun
        self.key = key
