"""What a person sees while the play runs: bars, and the business day."""

import time
from datetime import datetime

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.output import err

_NEWS = 0.5


def bars(*, quiet: bool) -> Progress:
    """The display, on standard error; `quiet` shows nothing."""
    columns = (TextColumn("{task.description:>18}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=err, disable=quiet, refresh_per_second=4)


class Bars:
    """One line per thing that grows."""

    def __init__(self, progress: Progress, *, rows: int, leads: int) -> None:
        self._progress = progress
        self._posted = progress.add_task("rows posted", total=rows)
        self._tasks = {
            "lead.enrich": progress.add_task("leads enriched", total=leads),
            "lead.score": progress.add_task("leads scored", total=leads),
        }
        self._ended = progress.add_task("sequences ended", total=None)
        self._mails = progress.add_task("mails sent", total=None)
        self._answers = progress.add_task("answers given", total=None)
        self._day = ""
        self._shown_at = 0.0

    def posted(self) -> None:
        """One row more; callable from any thread."""
        self._progress.advance(self._posted)

    def say(self, words: str) -> None:
        """A line above the bars."""
        self._progress.console.print(words)

    def wants_news(self) -> bool:
        """Whether it is time to look again: a few times a second, to leave the machine alone."""
        if time.monotonic() - self._shown_at < _NEWS:
            return False
        self._shown_at = time.monotonic()
        return True

    def show(
        self, now: datetime, done: dict[str, int], sequences: tuple[int, int], answers: int
    ) -> None:
        """The figures of this moment."""
        for actor, task in self._tasks.items():
            self._progress.update(task, completed=done.get(actor, 0))
        total, ended = sequences
        self._progress.update(
            self._ended,
            completed=ended,
            total=total or None,
            description=f"ended by {now:%a %d %b}",
        )
        self._progress.update(self._mails, completed=done.get("step.send", 0))
        self._progress.update(self._answers, completed=answers)
