"""Closed vocabularies. A test proves that each equals the Postgres enum of the same name."""

from enum import StrEnum


class MembershipRole(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class LeadStatus(StrEnum):
    NEW = "new"
    ENRICHED = "enriched"
    SCORED = "scored"
    IN_SEQUENCE = "in_sequence"
    CONVERTED = "converted"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    CONTACTED = "contacted"
    REPLIED = "replied"
    QUALIFIED = "qualified"
    MEETING_BOOKED = "meeting_booked"
    MEETING_ATTENDED = "meeting_attended"
    LOST = "lost"


class EmailStatus(StrEnum):
    VERIFIED = "verified"
    GUESSED = "guessed"
    INVALID = "invalid"
    CATCH_ALL = "catch_all"
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"


class LeadTier(StrEnum):
    HOT = "hot"
    WARM = "warm"
    COOL = "cool"
    COLD = "cold"
    DEAD = "dead"


class JobState(StrEnum):
    DELAYED = "delayed"
    READY = "ready"
    DISPATCHED = "dispatched"
    RUNNING = "running"
    PARKED = "parked"


class JobOutcome(StrEnum):
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class EffectClass(StrEnum):
    REPEATABLE = "repeatable"
    UNREPEATABLE = "unrepeatable"


class EffectState(StrEnum):
    INTENT = "intent"
    DONE = "done"
    IN_DOUBT = "in_doubt"
