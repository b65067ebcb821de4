"""From a sound in a mailbox to what it means for a sequence."""

from datetime import timedelta

from pipelines.dsl import Pipeline, on
from schemas.enums import MailMatch
from schemas.events import (
    MailboxStirred,
    MailMatched,
    MailReceived,
    ReplyAwaitsReview,
    ReplyClassified,
)
from schemas.jobs import ClassifyMail, MatchMail, ReadMailbox, SettleHold, SuggestReply

# fmt: off
REPLIES = Pipeline(
    "replies",
    on(MailboxStirred,    then=ReadMailbox,  gather=timedelta(0)),
    on(MailReceived,      then=MatchMail),
    on(MailMatched,       then=ClassifyMail, when=lambda mail: mail.match is not MailMatch.OWN),
    on(ReplyClassified,   then=SettleHold),
    on(ReplyAwaitsReview, then=SuggestReply, when=lambda reply: reply.model),
)
# fmt: on
