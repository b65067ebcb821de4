"""What makes each working row of the seed map true, and how to take it away; by row.

As in `catalogue`: the text of an edit must occur exactly once, and several edits are several guards
of one promise. The tests are the row's own, from `docs/reference/seed-map.toml`.
"""

from tests.mutations.systems_leads import LEADS
from tests.mutations.systems_outreach import OUTREACH
from tests.mutations.systems_tenancy import TENANCY

GUARDS = tuple(sorted((*TENANCY, *LEADS, *OUTREACH), key=lambda guard: guard.row))
_CAMPAIGN = "workers/test_campaigns.py::test_a_campaign_takes_ten_leads_a_working_day_stops_when_paused_and_completes_by_itself"
_SCORE = "workers/test_scoring.py::test_a_score_follows_from_its_inputs_and_is_written_when_they_change"  # fmt: skip
_ENRICHMENT = "workers/test_enrichment.py::test_each_field_names_its_source_and_a_verified_address_stays_verified"
_CONVERSATION = (
    "db/test_messages.py::test_a_conversation_is_read_in_the_order_it_happened_with_the_exact_texts"
)
_ANSWERS = "workers/test_whole_journey.py::test_each_of_seven_answers_in_one_mailbox_leads_to_its_own_action"  # fmt: skip
_STOP = (
    "workers/test_replies.py::test_an_answer_stops_its_sequence_before_a_step_that_is_due_can_go"
)
_MOMENT = "workers/test_sequencing_moments.py::test_a_planned_mail_leaves_in_its_minute_or_never_and_outlives_the_worker_that_had_it"
_DEAD = "scripts/test_dead.py::test_what_gives_up_is_kept_whole_replayed_once_and_given_up_only_with_a_note"
_SENDERS = "workers/test_senders.py::test_a_mailbox_sends_what_it_may_when_it_is_the_least_used_and_its_server_takes_mail"

_USAGE = "workers/test_usage.py::test_"
_TAKES, _PAID = (
    _USAGE + "racing_takes_give_what_the_plan_has_and_one_warning",
    _USAGE + "paid_look_ups_are_paid_once_and_only_by_who_can_pay",
)
_CLIENT = "db/test_subscriptions.py::test_no_role_of_a_client_reaches_what_its_tenant_may_use"
_METERING = "db/migrations/028_usage.sql"


def _guard(row: int, words: str, test: str, *edits: Edit) -> Guard:
    return Guard(row, words, f"tests/{test}", edits)


GUARDS: tuple[Guard, ...] = (
    _guard(2, "a day takes no more leads than its limit", _CAMPAIGN, Edit(
        "workers/campaigns.py",
        """left = campaign.daily_new_leads - campaign_leads.count_enrolled_today(tx, campaign.id)""",
        """left = _SLICE""")),
    _guard(2, "a claim asks whether the campaign is paused", _CAMPAIGN, Edit(
        "workers/sending.py",
        """    if campaigns.get(tx, touch.campaign.id).status is not CampaignStatus.ACTIVE:""",
        """    if False:""")),
    _guard(2, "the last enrollment that ends completes the campaign", _CAMPAIGN, Edit(
        "db/campaigns.py",
        """            UPDATE outrider.campaigns c SET status = 'completed'
             WHERE c.id = %(id)s""",
        """            UPDATE outrider.campaigns c SET status = 'completed'
             WHERE c.id = %(id)s AND false""")),
    _guard(4, "a score from unchanged inputs is not written", _SCORE, Edit(
        "db/scores.py",
        """             WHERE NOT EXISTS (
                   SELECT FROM outrider.scores s""",
        """             WHERE true OR NOT EXISTS (
                   SELECT FROM outrider.scores s""")),
    _guard(4, "the hash covers the inputs", _SCORE, Edit(
        "db/scores.py",
        """                      AND s.model_version = w.model_version AND s.inputs_hash = w.inputs_hash)""",
        """                      AND s.model_version = w.model_version)""")),
    _guard(8, "a wish to be left alone is put on the list", _ANSWERS, Edit(
        "workers/suppressing.py",
        """    if verdict.author is ReplyAuthor.HUMAN and verdict.intent is ReplyIntent.UNSUBSCRIBE:""",
        """    if False:""")),
    _guard(8, "an absence waits for the day of return", _ANSWERS, Edit(
        "workers/enrollments.py",
        """    elif epoch := enrollments.pause(tx, enrollment.id, until):""",
        """    elif epoch := enrollments.pause(tx, enrollment.id, until := now):""")),
    _guard(8, "whoever is interested is told to the CRM", _ANSWERS, Edit(
        "sql:tell_crm",
        """and new.status = any (c.push_on)""",
        """and new.status = any (c.push_on) and new.status not in ('replied', 'qualified')""")),
    _guard(25, "a verified address keeps its status", _ENRICHMENT, Edit(
        "db/leads.py",
        """CASE WHEN email_status IN ('verified', 'guessed', 'catch_all')""",
        """CASE WHEN email_status IN ('guessed', 'catch_all')""")),
    _guard(28, "a conversation is read by its times", _CONVERSATION, Edit(
        "db/messages.py",
        """          FROM outrider.messages WHERE lead_id = %(lead)s ORDER BY created_at, id""",
        """          FROM outrider.messages WHERE lead_id = %(lead)s ORDER BY direction, id""")),
    _guard(28, "the text that is kept is the text that is sent", _CONVERSATION, Edit(
        "workers/sending.py",
        """            body_text=mail.body,""",
        """            body_text=mail.body.strip(),""")),
    _guard(29, "a mail that may be a person's holds its sequence when it is matched", _STOP, Edit(
        "workers/replies.py",
        """        held = bool(new and holds and found.enrollment_id
                    and enrollments.hold(tx, found.enrollment_id, _HOLD))""",
        """        held = bool(new and holds and found.enrollment_id)""")),
    _guard(29, "a person's answer stops every sequence of theirs", _STOP, Edit(
        "schemas/verdicts.py",
        """    if author is ReplyAuthor.HUMAN:
        return _human(intent, return_date)""",
        """    if False:
        return _human(intent, return_date)""")),
    _guard(35, "who reserves a send counts it where nobody else counts", _SENDERS, Edit(
        "db/mailbox_days.py",
        """DO UPDATE SET sent = d.sent + 1, cap = excluded.cap WHERE d.sent < excluded.cap""",
        """DO UPDATE SET sent = d.sent, cap = excluded.cap WHERE d.sent < excluded.cap""")),
    _guard(35, "the next lead goes to the mailbox with the fewest", _SENDERS, Edit(
        "workers/campaigns.py",
        """        heapq.heapreplace(heap, (live + 1, mailbox_id))""",
        """        heapq.heapreplace(heap, (live, mailbox_id))""")),
    _guard(35, "five failures in a row block the mailbox's lane", _SENDERS, Edit(
        "workers/sequencing.py",
        """    rule=LaneRule(max_running=4, opens_after=5),""",
        """    rule=LaneRule(max_running=4),""")),
    _guard(35, "a blocked mailbox is not chosen", _SENDERS, Edit(
        "workers/campaigns.py",
        """ for load in loads if load.blocked == blocked]""",
        """ for load in loads]""")),
    _guard(38, "what waits for a moment is not rung before it", _MOMENT, Edit(
        "sql:dispatch_promote",
        """where state = 'delayed' and retry_at is null and due_at <= business""",
        """where state = 'delayed' and retry_at is null""")),
    _guard(38, "a stopped sequence voids what was planned", _MOMENT, Edit(
        "workers/touches.py",
        """        step.status is StepStatus.SCHEDULED
        and enrollment.status is EnrollmentStatus.ACTIVE
        and step.epoch == enrollment.epoch == job.epoch""",
        """        step.epoch == job.epoch"""), Edit(
        "workers/sending.py",
        """    if enrollment.status is not EnrollmentStatus.ACTIVE or enrollment.epoch != touch.step.epoch:""",
        """    if enrollment.status is EnrollmentStatus.COMPLETED:""")),
    _guard(38, "what a silent worker had is taken back", _MOMENT, Edit(
        "sql:dispatch_sweep",
        """     where j.state = 'running'
""",
        """     where j.state = 'running' and false
""")),
    _guard(69, "a letter keeps the job's payload", _DEAD, Edit(
        "sql:bury",
        """  select tenant_id, id, actor, payload, version, max_attempts, attempt,""",
        """  select tenant_id, id, actor, '{}', version, max_attempts, attempt,""")),
    _guard(69, "only what has attempts left is tried again", _DEAD, Edit(
        "workers/verdicts.py",
        """    if isinstance(error, Permanent) or claim.attempt >= claim.max_attempts:""",
        """    if isinstance(error, Transient):""")),
    _guard(69, "a letter that was replayed is not replayed again", _DEAD, Edit(
        "workers/letters.py", """replace(which, status="open")""", "which"), Edit(
        "db/dead_ends.py",
        """         WHERE id = ANY(%(ids)s) AND status = 'open' ORDER BY id FOR UPDATE SKIP LOCKED""",
        """         WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED""")),
    _guard(69, "whoever overrides something says why", _DEAD, Edit(
        "scripts/options.py",
        """    if not given.strip():""",
        """    if False:""")),
    _guard(13, "a spend asks for the balance under its lock", _PAID, Edit(
        _METERING,
        """    select a.balance into balance from outrider.credit_accounts a where a.tenant_id = me for update;
    if balance is null or balance < p_quantity then
      perform""",
        """    select a.balance into balance from outrider.credit_accounts a where a.tenant_id = me;
    if balance is null or balance < p_quantity then
      perform"""), Edit(
        _METERING,
        """  booked := balance + p_credits >= 0
    and not exists""",
        """  booked := not exists"""), Edit(
        _METERING, """balance     bigint not null default 0 check (balance >= 0)""", """balance     bigint not null default 0"""), Edit(
        _METERING, """balance_after bigint not null check (balance_after >= 0)""", """balance_after bigint not null""")),
    _guard(13, "a look that is tried again stays paid under its key", _PAID, Edit(
        "workers/enrichment.py", """Meter.LOOKUPS, 1, key=key),""", """Meter.LOOKUPS, 1, key=f"{key}{ctx.claim.attempt}"),""")),
    _guard(13, "a look that is known is not paid for", _PAID, Edit(
        "workers/enrichment.py", """    look = _look(ctx, asked, month) if asked else None""", """    if asked:
        with ctx.transaction() as tx:
            demand(ctx, tx, Meter.LOOKUPS, 1, key=str(lead.id))
    look = _look(ctx, asked, month) if asked else None""")),
    _guard(13, "who does not pay has nothing looked up", _PAID, Edit(
        "workers/enrichment.py", """        if hindered := plans.hindrance(tx, lead.id):""", """        if (hindered := plans.hindrance(tx, lead.id)) and False:"""), Edit(
        _METERING, """  if status not in ('trialing', 'active') then
    outcome""", """  if false then
    outcome""")),
    _guard(13, "who does not pay sends nothing", _PAID, Edit(
        "workers/sending.py", """    if isinstance(paid, Refused):""", """    if False:""")),
    _guard(32, "a client only reads its subscription", _CLIENT, Edit(
        _METERING, """'outrider.subscriptions', 'read'""", """'outrider.subscriptions', 'admin'""")),
    _guard(32, "a client only reads its balance", _CLIENT, Edit(
        _METERING, """'outrider.credit_accounts', 'read'""", """'outrider.credit_accounts', 'write'""")),
    _guard(32, "nobody changes the own role", _CLIENT, Edit(
        _METERING, """  using (user_id <> (select outrider.current_user_id())) with check (user_id <> (select outrider.current_user_id()));""",
        """  using (true) with check (true);""")),
    _guard(42, "a take is compared with the limit by the statement that counts it", _TAKES, Edit(
        _METERING, """       and c.quantity + p_quantity <= allowed""", """       and true""")),
    _guard(42, "a key that is counted is not counted again", _TAKES, Edit(
        _METERING, """              where e.tenant_id = me and e.meter = p_meter and e.key = p_key and e.refunded_at is null) then
    return;""", """              where false) then
    return;"""), Edit(
        _METERING, """   where e.refunded_at is not null
  returning""", """  returning""")),
    _guard(42, "a month is warned of once", _TAKES, Edit(
        _METERING, """and c.period_start = month and c.warned_at is null;""", """and c.period_start = month;"""), Edit(
        "workers/quotas.py", """key=f"{meter}:{answer.month}")""", """key=f"{meter}:{answer.used}")""")),
)  # fmt: skip
