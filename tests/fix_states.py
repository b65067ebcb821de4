"""Sees every way that a job goes, in the database itself, with triggers that no release has."""

from collections.abc import Callable, Iterator
from typing import LiteralString

import psycopg
import pytest

from schemas.enums import JobOutcome, JobState
from schemas.job_states import Stage

Way = tuple[JobState | None, Stage]

_WITNESS: LiteralString = """
    CREATE TABLE public.moves (nth bigint GENERATED ALWAYS AS IDENTITY, job_id bigint, before text, after text);
    CREATE FUNCTION public.note_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO public.moves (job_id, before, after) VALUES (
        CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END,
        CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE OLD.state END,
        CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE NEW.state END);
      RETURN NULL;
    END $$;
    CREATE TRIGGER witness_changes AFTER UPDATE ON outrider.jobs FOR EACH ROW
      WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION public.note_move();
    CREATE TRIGGER witness_ends AFTER INSERT OR DELETE ON outrider.jobs FOR EACH ROW EXECUTE FUNCTION public.note_move();
"""
_SEEN: LiteralString = """
    SELECT m.before, coalesce(m.after, l.outcome::text, 'vanished')
      FROM public.moves m LEFT JOIN outrider.job_log l ON l.job_id = m.job_id AND m.after IS NULL ORDER BY m.nth
"""


@pytest.fixture
def ways(owner_dsn: str) -> Iterator[Callable[[], list[Way]]]:
    """Every way that jobs of this test's database went so far, in order."""
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute(_WITNESS)

        def seen() -> list[Way]:
            return [(JobState(b) if b else None, _stage(a)) for b, a in conn.execute(_SEEN)]

        yield seen


def _stage(name: str) -> Stage:
    return JobOutcome(name) if name in set(JobOutcome) else JobState(name)
