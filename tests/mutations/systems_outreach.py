"""What makes the working rows about scores, sequences, mails and replies true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

OUTREACH: tuple[Guard, ...] = (
    guard(2, "a day takes no more leads than its limit", Edit(
        "workers/campaigns.py",
        """left = campaign.daily_new_leads - campaign_leads.count_enrolled_today(tx, campaign.id)""",
        """left = _SLICE""")),
    guard(2, "a claim asks whether the campaign is paused", Edit(
        "workers/sending.py",
        """    if campaigns.get(tx, touch.campaign.id).status is not CampaignStatus.ACTIVE:""",
        """    if False:""")),
    guard(2, "the last enrollment that ends completes the campaign", Edit(
        "db/campaigns.py",
        """            UPDATE outrider.campaigns c SET status = 'completed'
             WHERE c.id = %(id)s""",
        """            UPDATE outrider.campaigns c SET status = 'completed'
             WHERE c.id = %(id)s AND false""")),
    guard(4, "a score from unchanged inputs is not written", Edit(
        "db/scores.py",
        """             WHERE NOT EXISTS (
                   SELECT FROM outrider.scores s""",
        """             WHERE true OR NOT EXISTS (
                   SELECT FROM outrider.scores s""")),
    guard(4, "the hash covers the inputs", Edit(
        "db/scores.py",
        """                      AND s.model_version = w.model_version AND s.inputs_hash = w.inputs_hash)""",
        """                      AND s.model_version = w.model_version)""")),
    guard(8, "a wish to be left alone is put on the list", Edit(
        "workers/suppressing.py",
        """    if verdict.author is ReplyAuthor.HUMAN and verdict.intent is ReplyIntent.UNSUBSCRIBE:""",
        """    if False:""")),
    guard(8, "an absence waits for the day of return", Edit(
        "workers/enrollments.py",
        """    elif epoch := enrollments.pause(tx, enrollment.id, until):""",
        """    elif epoch := enrollments.pause(tx, enrollment.id, until := now):""")),
    guard(8, "whoever is interested is told to the CRM", Edit(
        "sql:tell_crm",
        """and new.status = any (c.push_on)""",
        """and new.status = any (c.push_on) and new.status not in ('replied', 'qualified')""")),
    guard(25, "a verified address keeps its status", Edit(
        "db/leads.py",
        """CASE WHEN email_status IN ('verified', 'guessed', 'catch_all')""",
        """CASE WHEN email_status IN ('guessed', 'catch_all')""")),
    guard(27, "a call that was begun and may have been answered is not made again", Edit(
        "workers/effects.py",
        """        if effect.kind is EffectClass.REPEATABLE or known.released:""",
        """        if True:"""), Edit(
        "workers/touches.py",
        """    begun = known is not None and known.status in {MessageStatus.SENDING, MessageStatus.SENT}""",
        """    begun = False"""), Edit(
        "db/messages.py",
        """         WHERE m.status = 'failed'
        RETURNING id""",
        """        RETURNING id""")),
    guard(27, "what a silent worker had is taken back", Edit(
        "sql:dispatch_sweep",
        """     where j.state = 'running'
""",
        """     where j.state = 'running' and false
""")),
    guard(28, "a conversation is read by its times", Edit(
        "db/messages.py",
        """          FROM outrider.messages WHERE lead_id = %(lead)s ORDER BY created_at, id""",
        """          FROM outrider.messages WHERE lead_id = %(lead)s ORDER BY direction, id""")),
    guard(28, "the text that is kept is the text that is sent", Edit(
        "workers/sending.py",
        """            body_text=mail.body,""",
        """            body_text=mail.body.strip(),""")),
    guard(29, "a mail that may be a person's holds its sequence when it is matched", Edit(
        "workers/replies.py",
        """        held = bool(new and holds and found.enrollment_id
                    and enrollments.hold(tx, found.enrollment_id, _HOLD))""",
        """        held = bool(new and holds and found.enrollment_id)""")),
    guard(29, "a person's answer stops every sequence of theirs", Edit(
        "schemas/verdicts.py",
        """    if author is ReplyAuthor.HUMAN:
        return _human(intent, return_date)""",
        """    if False:
        return _human(intent, return_date)""")),
    guard(35, "who reserves a send counts it where nobody else counts", Edit(
        "db/mailbox_days.py",
        """DO UPDATE SET sent = d.sent + 1, cap = excluded.cap WHERE d.sent < excluded.cap""",
        """DO UPDATE SET sent = d.sent, cap = excluded.cap WHERE d.sent < excluded.cap""")),
    guard(35, "the next lead goes to the mailbox with the fewest", Edit(
        "workers/campaigns.py",
        """        heapq.heapreplace(heap, (live + 1, mailbox_id))""",
        """        heapq.heapreplace(heap, (live, mailbox_id))""")),
    guard(35, "five failures in a row block the mailbox's lane", Edit(
        "workers/sequencing.py",
        """    rule=LaneRule(max_running=4, opens_after=5),""",
        """    rule=LaneRule(max_running=4),""")),
    guard(35, "a blocked mailbox is not chosen", Edit(
        "workers/campaigns.py",
        """ for load in loads if load.blocked == blocked]""",
        """ for load in loads]""")),
    guard(38, "what waits for a moment is not rung before it", Edit(
        "sql:dispatch_promote",
        """where state = 'delayed' and retry_at is null and due_at <= business""",
        """where state = 'delayed' and retry_at is null""")),
    guard(38, "a stopped sequence voids what was planned", Edit(
        "workers/touches.py",
        """        step.status is StepStatus.SCHEDULED
        and enrollment.status is EnrollmentStatus.ACTIVE
        and step.epoch == enrollment.epoch == job.epoch""",
        """        step.epoch == job.epoch"""), Edit(
        "workers/sending.py",
        """    if enrollment.status is not EnrollmentStatus.ACTIVE or enrollment.epoch != touch.step.epoch:""",
        """    if enrollment.status is EnrollmentStatus.COMPLETED:""")),
    guard(38, "what a silent worker had is taken back", Edit(
        "sql:dispatch_sweep",
        """     where j.state = 'running'
""",
        """     where j.state = 'running' and false
""")),
    guard(69, "a letter keeps the job's payload", Edit(
        "sql:bury",
        """  select tenant_id, id, actor, payload, version, max_attempts, attempt,""",
        """  select tenant_id, id, actor, '{}', version, max_attempts, attempt,""")),
    guard(69, "only what has attempts left is tried again", Edit(
        "workers/verdicts.py",
        """    if isinstance(error, Permanent) or claim.attempt >= claim.max_attempts:""",
        """    if isinstance(error, Transient):""")),
    guard(69, "a letter that was replayed is not replayed again", Edit(
        "workers/letters.py", """replace(which, status="open")""", "which"), Edit(
        "db/dead_ends.py",
        """         WHERE id = ANY(%(ids)s) AND status = 'open' ORDER BY id FOR UPDATE SKIP LOCKED""",
        """         WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED""")),
    guard(69, "whoever overrides something says why", Edit(
        "scripts/options.py",
        """    if not given.strip():""",
        """    if False:""")),
)  # fmt: skip
