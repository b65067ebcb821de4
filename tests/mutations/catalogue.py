"""Mistakes that somebody could make in the runtime, each with the checks that must name it.

The text of an edit must occur exactly once; when it no longer does, the mutation is stale and says so.
Several edits are several guards of one promise: each alone would be caught by the next.
"""

from tests.mutations.trial import Edit, Mutation

_CLAIMS, _EFFECTS = "db/claims.py", "workers/effects.py"
_VERDICTS, _CRON, _DEAD = "workers/verdicts.py", "db/cron.py", "db/dead_ends.py"
_PICK, _SWEEP = "sql:dispatch_pick", "sql:dispatch_sweep"

_DAY = "test_scenes_jobs.py::test_an_ordinary_day"
_FROZEN = "test_scenes_jobs.py::test_a_frozen_worker_thaws_while_its_job_runs_elsewhere"
_CRASH = "test_scenes_jobs.py::test_a_crash_in_the_middle_of_a_call_that_cannot_be_repeated"
_UNANSWERED = "test_scenes_jobs.py::test_a_call_that_is_not_answered"
_POISON = "test_scenes_jobs.py::test_a_job_that_kills_every_process"
_WORN = "test_scenes_jobs.py::test_a_job_that_fails_whenever_it_is_tried"
_SILENT = "test_scenes_jobs.py::test_a_worker_falls_silent"
_VANISHED = "test_scenes_jobs.py::test_every_ticket_vanishes"
_TWO_HANDS = "test_scenes_jobs.py::test_two_hands_reach_for_one_ticket"
_KEY = "test_scenes_jobs.py::test_one_key_is_asked_for_again_and_again"
_CAP = "test_scenes_lanes.py::test_a_lane_with_a_cap"
_RATE = "test_scenes_lanes.py::test_a_lane_with_a_rate"
_CROWD = "test_scenes_lanes.py::test_a_large_tenant_is_in_front_of_small_ones"
_PAUSED = "test_scenes_lanes.py::test_an_actor_is_paused_before_its_tickets_arrive"
_SCHEDULE = "test_scenes_lanes.py::test_a_schedule_and_three_schedulers"
_STOP = "test_scenes_outreach.py::test_a_stop_commits_before_the_mail_is_claimed"
_SEQUENCE = "test_scenes_outreach.py::test_a_sequence_of_three_mails"
_REPLAY = "test_scenes_outreach.py::test_a_dead_letter_is_replayed_twice"


def _mutation(name: str, scene: str, caught_by: str, *edits: Edit) -> Mutation:
    return Mutation(name, scene, frozenset(caught_by.split()), edits)


_ALL = (
    _mutation("log line not written", _DAY, "I1 jobs.lost", Edit(
        _CLAIMS,
        """          FROM gone
        RETURNING job_id""",
        """          FROM gone WHERE false
        RETURNING job_id""")),
    _mutation("log line of a writing job not written", _DAY, "I1", Edit(
        _CLAIMS,
        """              FROM gone
            \"\"\",
            {"id": job_id, "token": token},""",
        """              FROM gone WHERE false
            \"\"\",
            {"id": job_id, "token": token},""")),
    _mutation("a retry drops its row", _DAY, "I1", Edit(
        _CLAIMS,
        """    _own(_put_back(tx, job_id, token, after, error, refund=0), job_id)""",
        """    tx.run("DELETE FROM outrider.jobs WHERE id = %(id)s", {"id": job_id})""")),
    _mutation("a finished job keeps its row", _DAY, "I14 jobs.twice", Edit(
        _CLAIMS,
        """                DELETE FROM outrider.jobs WHERE id = %(id)s AND token = %(token)s RETURNING *
            )""",
        """                UPDATE outrider.jobs SET state = 'parked', parked_on = 'x', session_id = NULL, token = NULL,
                       deadline_at = NULL WHERE id = %(id)s AND token = %(token)s RETURNING *
            )""")),
    _mutation("the intent is not written before the call", _CRASH, "I2", Edit(
        _EFFECTS,
        """        if effects.claim(tx, effect.key, effect.kind, **mine):""",
        """        if True:""")),
    _mutation("a call in doubt is made again", _CRASH, "I2", Edit(
        _EFFECTS,
        """        if effect.kind is EffectClass.REPEATABLE or known.released:""",
        """        if True:""")),
    _mutation("an unanswered call is released", _UNANSWERED, "I2", Edit(
        _EFFECTS,
        """    except (Transient, Permanent) as error:""",
        """    except (Transient, Permanent, Unanswered) as error:""")),
    _mutation("a doubt backs off instead of parking", _UNANSWERED, "effects.doubt_unparked", Edit(
        _VERDICTS,
        """        claims.park(tx, claim.id, claim.token, effect_key=doubt.key, reason=doubt.reason)""",
        """        claims.retry(tx, claim.id, claim.token, after=timedelta(hours=1), error="InDoubt")""")),
    _mutation("a completion does not name its token", _FROZEN, "I3", Edit(
        _CLAIMS,
        """                DELETE FROM outrider.jobs WHERE id = %(id)s AND token = %(token)s RETURNING *""",
        """                DELETE FROM outrider.jobs WHERE id = %(id)s RETURNING *""")),
    _mutation("a lost lease is not noticed", _FROZEN, "I3", Edit(
        _CLAIMS,
        """    if touched != 1:
        raise LeaseLost(job_id)""",
        """    assert touched <= 1""")),
    _mutation("a claim does not look at the state", _TWO_HANDS, "I3", Edit(
        _CLAIMS,
        """ AND j.actor = %(actor)s AND (j.state = 'dispatched') IS TRUE""",
        """ AND j.actor = %(actor)s""")),
    _mutation("a spent job backs off", _WORN, "I4 jobs.spent", Edit(
        _VERDICTS,
        """    if isinstance(error, Permanent) or claim.attempt >= claim.max_attempts:""",
        """    if isinstance(error, Permanent):""")),
    _mutation("attempts are not counted", _POISON, "I4", Edit(
        _CLAIMS,
        """SET state = 'running', attempt = attempt + 1,""",
        """SET state = 'running', attempt = attempt,""")),
    _mutation("the sweep never gives up", _POISON, "I4", Edit(
        _SWEEP,
        """if lost.attempt >= lost.max_attempts then""",
        """if false then""")),
    _mutation("the sweep finds no orphans", _SILENT, "I5 jobs.overdue", Edit(
        _SWEEP,
        """     where j.state = 'running'
""",
        """     where j.state = 'running' and false
""")),
    _mutation("silent sessions are not swept", _SILENT, "I5 jobs.overdue", Edit(
        _SWEEP,
        """if p_deaths then""",
        """if false then""")),
    _mutation("nobody sweeps", _SILENT, "I5 jobs.overdue", Edit(
        "workers/dispatcher.py",
        """        if now - self._swept_at >= _SWEEP:""",
        """        if now < 0:""")),
    _mutation("a fire makes no job", _SCHEDULE, "I6 cron.jobless", Edit(
        _CRON,
        """          FROM fired f JOIN outrider.schedules s USING (name)""",
        """          FROM fired f JOIN outrider.schedules s USING (name) WHERE false""")),
    _mutation("a lane's cap is ignored", _CAP, "I7", Edit(
        _PICK,
        """coalesce(l.max_running, r.max_running, 1000000) - coalesce(f.jobs, 0) as places""",
        """1000000 as places""")),
    _mutation("what is in flight is not counted", _CAP, "I7", Edit(
        _PICK,
        """coalesce(l.max_running, r.max_running, 1000000) - coalesce(f.jobs, 0) as places""",
        """coalesce(l.max_running, r.max_running, 1000000) as places""")),
    _mutation("a lane's rate does not move on", _RATE, "I8", Edit(
        _PICK,
        """else g.tat + g.jobs * g.every end""",
        """else l.tat end""")),
    _mutation("whoever came first goes first", _CROWD, "I9", Edit(
        _PICK,
        """greatest(2.0 / k.tenants / k.siblings, 4.0 / k.lanes)""",
        """1.0"""), Edit(
        _PICK,
        """where r.before < room""",
        """where true"""), Edit(
        _PICK,
        """sum(t.cost) over (order by t.tag, t.id) - t.cost as ahead""",
        """sum(t.cost) over (order by t.id) - t.cost as ahead""")),
    _mutation("a send does not look at the epoch", _STOP, "I10 messages.after_stop", Edit(
        "workers/touches.py",
        """        step.status is StepStatus.SCHEDULED
        and enrollment.status is EnrollmentStatus.ACTIVE
        and step.epoch == enrollment.epoch == job.epoch""",
        """        step.epoch == job.epoch"""), Edit(
        "workers/sending.py",
        """    if enrollment.status is not EnrollmentStatus.ACTIVE or enrollment.epoch != touch.step.epoch:""",
        """    if enrollment.status is EnrollmentStatus.COMPLETED:""")),
    _mutation("a step is left out", _SEQUENCE, "I10 messages.order", Edit(
        "workers/planning.py",
        """        if step.step_number == last + 1""",
        """        if step.step_number == last + 2"""), Edit(
        "workers/planning.py",
        """campaign, last + 1, earliest)""",
        """campaign, last + 2, earliest)"""), Edit(
        "workers/planning.py",
        """Plan(enrollment.id, last + 1, slot.at""",
        """Plan(enrollment.id, last + 2, slot.at"""), Edit(
        "workers/sending.py",
        """    if touch.step.step_number > 1 and touch.step.step_number - 1 not in sent:""",
        """    if touch.step.step_number > 9 and touch.step.step_number - 1 not in sent:""")),
    _mutation("keys are not unique", _KEY, "I11", Edit(
        "ddl", "", "DROP INDEX outrider.jobs_key_uk")),
    _mutation("a live key is given up by the claim", _KEY, "I11", Edit(
        _CLAIMS,
        """live_key = CASE WHEN live_key LIKE 'gather:%%' THEN NULL ELSE live_key END""",
        """live_key = NULL""")),
    _mutation("a letter may be replayed again", _REPLAY, "I12", Edit(
        "workers/letters.py", """replace(which, status="open")""", "which"), Edit(
        _DEAD,
        """         WHERE id = ANY(%(ids)s) AND status = 'open' ORDER BY id FOR UPDATE SKIP LOCKED""",
        """         WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED"""), Edit(
        _DEAD,
        """j.replay_of = d.job_id AND d.status = 'open'""",
        """j.replay_of = d.job_id"""), Edit(
        "sql:refuse_to_reopen",
        """raise exception 'dead letter % was %, and stays so', old.id, old.status using errcode = 'check_violation';""",
        """return new;""")),
    _mutation("an effect is keyed by its job", _REPLAY, "I12 messages.twice", Edit(
        "workers/sequencing.py",
        """touches.read(tx, job, ctx.claim.tenant_id)""",
        """touches.read(tx, job, type(job.step_id)(int=ctx.claim.id))"""), Edit(
        "ddl", "", "DROP INDEX outrider.messages_step_uk")),
    _mutation("a lost ticket is not rung again", _VANISHED, "I13 I15", Edit(
        _SWEEP,
        """where d.state = 'dispatched' and d.lease_until < clock_timestamp()""",
        """where d.state = 'dispatched' and d.lease_until < clock_timestamp() and false""")),
    _mutation("a ticket's lease is far too long", _VANISHED, "I13 I15", Edit(
        _PICK,
        """lease_until = moment + p_lease""",
        """lease_until = moment + 100 * p_lease""")),
    _mutation("a pause is not looked at", _PAUSED, "I16", Edit(
        _PICK,
        """         and not exists (select from outrider.pauses p where p.tenant_id = l.tenant_id or p.actor = l.actor)""",
        ""), Edit(
        _CLAIMS,
        """               AND NOT EXISTS (SELECT 1 FROM outrider.pauses p
                                WHERE p.tenant_id = j.tenant_id OR p.actor = j.actor)
""",
        "")),
)  # fmt: skip

MUTATIONS = {mutation.name: mutation for mutation in _ALL}
