"""The lead's funnel as a table of allowed moves; everything that is not listed is refused."""

from schemas.enums import LeadStatus as S

_FORWARD: dict[S, frozenset[S]] = {
    S.NEW: frozenset({S.ENRICHED}),
    S.ENRICHED: frozenset({S.SCORED}),
    S.SCORED: frozenset({S.IN_SEQUENCE}),
    S.IN_SEQUENCE: frozenset({S.CONTACTED, S.REPLIED}),
    S.CONTACTED: frozenset({S.REPLIED}),
    S.REPLIED: frozenset({S.QUALIFIED, S.IN_SEQUENCE}),
    S.QUALIFIED: frozenset({S.MEETING_BOOKED}),
    S.MEETING_BOOKED: frozenset({S.MEETING_ATTENDED}),
    S.MEETING_ATTENDED: frozenset({S.CONVERTED}),
    S.LOST: frozenset({S.IN_SEQUENCE}),
}
_FROM_ANYWHERE = frozenset({S.UNSUBSCRIBED, S.BOUNCED, S.LOST})
_TERMINAL = frozenset({S.UNSUBSCRIBED, S.BOUNCED})
"""Left only by an operator who releases the suppression."""


def may_move(current: S, to: S) -> bool:
    """Whether an actor may move a lead from `current` to `to`; staying put is not a move."""
    if current in _TERMINAL or current == to:
        return False
    return to in _FROM_ANYWHERE or to in _FORWARD.get(current, frozenset())
