"""What must always be true of attempts, keys, lanes and replays; queries like those of `invariants`.

They read what is in flight or waits for a retry, through partial indexes; two read the whole of
`jobs`, which holds unfinished work only.
"""

from typing import LiteralString

ENGINE: dict[str, LiteralString] = {
    # A claim would pass the limit, so it fails each time and the job never ends.
    "jobs.spent": """
        SELECT 'job ' || j.id, 'waits for attempt ' || j.attempt + 1 || ' of ' || j.max_attempts
          FROM outrider.jobs j
         WHERE j.attempt >= j.max_attempts
           AND (j.state IN ('ready', 'dispatched') OR (j.state = 'delayed' AND j.retry_at IS NOT NULL))
    """,
    "jobs.put_off": """
        SELECT 'job ' || j.id, 'is due at ' || j.due_at || ' and its key lets it wait until ' || j.latest_at
          FROM outrider.jobs j WHERE j.due_at > j.latest_at AND j.state IN ('delayed', 'ready')
    """,
    # An order that was just given may find more running than it allows; what runs, goes on.
    "lanes.over": """
        SELECT 'lane ' || l.id, 'runs ' || f.jobs || ' jobs at once and may run ' || coalesce(l.max_running, r.max_running)
          FROM (SELECT j.lane_id, count(*) AS jobs, max(j.started_at) AS last FROM outrider.jobs j
                 WHERE j.state IN ('dispatched', 'running') GROUP BY j.lane_id) f
          JOIN outrider.lanes l ON l.id = f.lane_id
          LEFT JOIN outrider.lane_rules r ON r.actor = l.actor
         WHERE f.jobs > coalesce(l.max_running, r.max_running)
           AND NOT EXISTS (SELECT 1 FROM outrider.audit_logs a
                            WHERE a.resource_type = 'lane' AND a.created_at > outrider.now() - interval '1 hour')
    """,
    "lanes.stranger": """
        SELECT 'job ' || j.id, 'starts in lane ' || l.id || ', which is another''s'
          FROM outrider.jobs j JOIN outrider.lanes l ON l.id = j.lane_id
         WHERE j.state IN ('dispatched', 'running')
           AND (l.tenant_id, l.actor, l.key) IS DISTINCT FROM (j.tenant_id, j.actor, j.lane)
    """,
    "dead.replayed_twice": """
        SELECT 'job ' || j.id, 'replays job ' || j.replay_of || ', whose letter names job '
               || coalesce(d.replay_job_id::text, 'none')
          FROM outrider.jobs j JOIN outrider.dead_letters d ON d.job_id = j.replay_of
         WHERE d.replay_job_id IS DISTINCT FROM j.id
    """,
}
