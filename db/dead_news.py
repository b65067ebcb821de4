"""Which deaths are news: the first open letter of its kind, however many processes bury at once."""

from dataclasses import dataclass

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class DeadNews:
    """A kind of death that no open letter told of before."""

    actor: str
    fingerprint: str
    error_message: str


def is_news(tx: Tx, letter_id: int) -> bool:
    """Whether a letter that `tx` has just written is the only open one of its kind.

    Deaths of one kind wait here for each other until `tx` ends. Of any number at once exactly one
    is news; when all of them were replayed or discarded, the next death is news again.
    """
    return tx.value("SELECT outrider.is_news(%(id)s)", {"id": letter_id}) is True


def of_sweep(tx: Tx) -> list[DeadNews]:
    """The same for the letters that a sweep in `tx` wrote. Needs the dispatcher's hat."""
    return tx.list(DeadNews, "SELECT actor, fingerprint, error_message FROM outrider.swept_news()")
