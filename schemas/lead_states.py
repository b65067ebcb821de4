"""The lead's funnel as data: every move, and who makes it. What is not listed is refused.

The database keeps to the same table (`outrider.lead_may_move`); a test holds the two equal.
"""

from dataclasses import dataclass

from schemas.enums import LeadStatus as S


@dataclass(frozen=True, slots=True)
class Move:
    """One way, whose business it is, and what has to be so."""

    before: S
    after: S
    by: str
    because: str


_ANYBODY = {
    S.UNSUBSCRIBED: ("reply, unsubscribe page, operator", "asked to be left alone"),
    S.BOUNCED: ("sequencing, reply", "the address takes no mail"),
    S.LOST: ("reply, operator", "said no, or nothing will come of it"),
}
TERMINAL = frozenset({S.UNSUBSCRIBED, S.BOUNCED})
"""Left only by a person, once nothing suppresses the lead any more."""

BY_HAND = frozenset({
    S.REPLIED, S.QUALIFIED, S.MEETING_BOOKED, S.MEETING_ATTENDED, S.CONVERTED, S.LOST,
})  # fmt: skip
"""What a person may know better than the actors; the rest rests on facts that an actor stores."""

MOVES: tuple[Move, ...] = (
    Move(S.NEW, S.ENRICHED, "enrichment", "public facts are stored"),
    Move(S.ENRICHED, S.SCORED, "scoring", "has a score with reasons"),
    Move(S.SCORED, S.SCORED, "scoring", "scored anew: the inputs changed"),
    Move(S.SCORED, S.IN_SEQUENCE, "sequencing", "enrolled in a campaign"),
    Move(S.IN_SEQUENCE, S.CONTACTED, "sequencing", "the first mail is out"),
    Move(S.IN_SEQUENCE, S.REPLIED, "reply", "answered, and that was read before the mail was booked"),
    Move(S.CONTACTED, S.REPLIED, "reply", "answered"),
    Move(S.REPLIED, S.QUALIFIED, "reply", "is interested"),
    Move(S.QUALIFIED, S.MEETING_BOOKED, "reply, operator", "a meeting is agreed"),
    Move(S.MEETING_BOOKED, S.MEETING_ATTENDED, "operator", "the meeting took place"),
    Move(S.MEETING_ATTENDED, S.CONVERTED, "operator", "bought"),
    Move(S.REPLIED, S.IN_SEQUENCE, "sequencing", "only with a new enrollment"),
    Move(S.LOST, S.IN_SEQUENCE, "sequencing", "only with a new enrollment"),
    *(Move(before, after, by, because)
      for after, (by, because) in _ANYBODY.items()
      for before in S if before is not after and before not in TERMINAL),
)  # fmt: skip

_FUNNEL = (
    S.NEW, S.ENRICHED, S.SCORED, S.IN_SEQUENCE, S.CONTACTED, S.REPLIED, S.QUALIFIED,
    S.MEETING_BOOKED, S.MEETING_ATTENDED, S.CONVERTED,
)  # fmt: skip
_ALLOWED = frozenset((move.before, move.after) for move in MOVES)
_FACTS = frozenset({S.ENRICHED, S.SCORED})


def may_move(current: S, to: S) -> bool:
    """Whether an actor may move a lead from `current` to `to`."""
    return (current, to) in _ALLOWED


def may_return(current: S, to: S) -> bool:
    """Whether a person may put a lead back, given that nothing suppresses it any more."""
    return current in TERMINAL and to not in {S.IN_SEQUENCE, S.CONTACTED, *TERMINAL}


def is_past(current: S, to: S) -> bool:
    """Whether a lead is at `to` or beyond, so that not moving it is no news.

    Facts are still gathered about a lead that has left the funnel, and do not bring it back.
    """
    if current == to:
        return True
    if current not in _FUNNEL:
        return to in _FACTS
    return to in _FUNNEL and _FUNNEL.index(current) >= _FUNNEL.index(to)
