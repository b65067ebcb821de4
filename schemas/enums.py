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


class SuppressionKind(StrEnum):
    EMAIL = "email"
    DOMAIN = "domain"
    PHONE = "phone"
    LINKEDIN = "linkedin"
    COMPANY = "company"


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    LINKEDIN = "linkedin"
    VOICE = "voice"
    MAIL = "mail"
    OTHER = "other"


class SuppressionReason(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    LEGAL = "legal"
    MANUAL = "manual"
    CUSTOMER = "customer"
    COMPETITOR = "competitor"
    ERASURE = "erasure"
    IMPORT = "import"


class MailboxStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class MailSecurity(StrEnum):
    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"


class EnrollmentStatus(StrEnum):
    ACTIVE = "active"
    HELD = "held"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"


class StepStatus(StrEnum):
    SCHEDULED = "scheduled"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StopReason(StrEnum):
    REPLIED = "replied"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    MEETING = "meeting"
    REFUSED = "refused"
    SUPPRESSED = "suppressed"
    OPERATOR = "operator"


class MessageDirection(StrEnum):
    OUTBOUND = "outbound"
    INBOUND = "inbound"


class MessageStatus(StrEnum):
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    RECEIVED = "received"


class ReplyAuthor(StrEnum):
    HUMAN = "human"
    OUT_OF_OFFICE = "out_of_office"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


class ReplyIntent(StrEnum):
    MEETING_REQUEST = "meeting_request"
    INTERESTED = "interested"
    QUESTION = "question"
    NOT_INTERESTED = "not_interested"
    UNSUBSCRIBE = "unsubscribe"
    OUT_OF_OFFICE = "out_of_office"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    REFERRAL = "referral"
    WRONG_PERSON = "wrong_person"
    OTHER = "other"


class ReplyDecision(StrEnum):
    STOP = "stop"
    PAUSE = "pause"
    RELEASE = "release"
    REVIEW = "review"
    NONE = "none"


class MailMatch(StrEnum):
    REFERENCE = "reference"
    RETURNED = "returned"
    TOKEN = "token"  # noqa: S105  (how a mail was matched, not a password)
    ADDRESS = "address"
    OWN = "own"
    NONE = "none"


class CrmStatus(StrEnum):
    CONNECTED = "connected"
    NEEDS_REAUTH = "needs_reauth"
    PAUSED = "paused"


class IntegrationStatus(StrEnum):
    CONNECTED = "connected"
    NEEDS_REAUTH = "needs_reauth"
    ERROR = "error"
    DISABLED = "disabled"
    DISCONNECTED = "disconnected"
    PENDING = "pending"


class CrmOverwrite(StrEnum):
    ALWAYS = "always"
    IF_EMPTY = "if_empty"


class Meter(StrEnum):
    MAILS = "mails"
    LOOKUPS = "lookups"
    AI_CREDITS = "ai_credits"


class SubscriptionStatus(StrEnum):
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"
    PAUSED = "paused"


class CreditKind(StrEnum):
    GRANT = "grant"
    SPEND = "spend"
    REFUND = "refund"
    EXPIRE = "expire"


class ActivityKind(StrEnum):
    CAPTURED = "captured"
    TWIN = "twin"
    ENROLLMENT = "enrollment"
    REFUSED = "refused"
    SUPPRESSED = "suppressed"
    RELEASED = "released"


class AiRunStatus(StrEnum):
    OK = "ok"
    ERROR = "error"
    REFUSED = "refused"
    INVALID_OUTPUT = "invalid_output"


class ImportKind(StrEnum):
    LEADS = "leads"
    CUSTOMERS = "customers"
    SUPPRESSIONS = "suppressions"


class OnDuplicate(StrEnum):
    UPDATE = "update"
    FILL = "fill"
    SKIP = "skip"
    FAIL = "fail"


class RowStatus(StrEnum):
    PENDING = "pending"
    IMPORTED = "imported"
    UPDATED = "updated"
    SKIPPED = "skipped"
    FAILED = "failed"
