"""What must always be true of mails, sequences, replies and the CRM; queries like those of `invariants`."""

from typing import LiteralString

OUTREACH: dict[str, LiteralString] = {
    "messages.twice": """
        SELECT 'enrollment ' || m.enrollment_id, 'was sent step ' || m.step_number || ' ' || count(*) || ' times'
          FROM outrider.messages m
         WHERE m.direction = 'outbound' AND m.status = 'sent'
         GROUP BY m.enrollment_id, m.step_number HAVING count(*) > 1
    """,
    "messages.order": """
        SELECT 'enrollment ' || m.enrollment_id, 'was sent step ' || m.step_number || ' before the step before it'
          FROM outrider.messages m
         WHERE m.direction = 'outbound' AND m.status IN ('sending', 'sent') AND m.step_number > 1
           AND NOT EXISTS (SELECT 1 FROM outrider.messages p
                            WHERE p.enrollment_id = m.enrollment_id AND p.direction = 'outbound'
                              AND p.step_number = m.step_number - 1 AND p.status = 'sent'
                              AND p.created_at < m.created_at)
    """,
    # A minute: who waited for the enrollment's lock may have begun before the one who held it.
    "messages.after_stop": """
        SELECT 'enrollment ' || e.id, 'was sent step ' || m.step_number || ' after it was stopped'
          FROM outrider.enrollments e JOIN outrider.messages m ON m.enrollment_id = e.id
         WHERE e.status = 'stopped' AND m.direction = 'outbound' AND m.status IN ('sending', 'sent')
           AND (m.epoch >= e.stop_epoch OR m.claimed_at > e.ended_at + interval '1 minute')
    """,
    # A minute: a suppression dates from the start of its transaction, which a claim need not have seen.
    "messages.suppressed": """
        SELECT DISTINCT 'message ' || m.id, 'went to an address that was suppressed because of ' || s.reason
          FROM outrider.messages m
          CROSS JOIN LATERAL unnest(array[m.to_hash, m.to_domain_hash] || m.gate_hashes) AS h (hash)
          JOIN outrider.suppressions s ON s.value_hash = h.hash
         WHERE m.direction = 'outbound' AND m.status IN ('sending', 'sent')
           AND (s.tenant_id IS NULL OR s.tenant_id = m.tenant_id) AND (s.channel IS NULL OR s.channel = 'email')
           AND s.created_at < m.claimed_at - interval '1 minute'
           AND (s.expires_at IS NULL OR s.expires_at > m.claimed_at)
           AND (s.released_at IS NULL OR s.released_at > m.claimed_at)
    """,
    "messages.unledgered": """
        SELECT 'message ' || m.id, 'is ' || m.status || ' and the ledger says ' || coalesce(e.state::text, 'nothing')
          FROM outrider.messages m
          LEFT JOIN outrider.effects e ON e.tenant_id = m.tenant_id AND e.key = m.effect_key
         WHERE m.direction = 'outbound'
           AND ((m.status = 'sent' AND e.state IS DISTINCT FROM 'done')
             OR (m.status = 'sending' AND (e.state IS NULL OR e.state = 'done')))
        UNION ALL
        SELECT 'effect ' || e.key, 'is done and no message of it is sent'
          FROM outrider.effects e
         WHERE e.key LIKE 'email:%%' AND e.state = 'done'
           AND NOT EXISTS (SELECT 1 FROM outrider.messages m
                            WHERE m.tenant_id = e.tenant_id AND m.effect_key = e.key AND m.status = 'sent')
    """,
    "mailboxes.cap": """
        SELECT 'mailbox ' || d.mailbox_id, 'sent ' || d.sent || ' on ' || d.day || ' with a cap of ' || d.cap
          FROM outrider.mailbox_days d WHERE d.sent > d.cap
        UNION ALL
        SELECT 'mailbox ' || coalesce(d.mailbox_id, m.mailbox_id),
               'counts ' || coalesce(d.sent, 0) || ' on ' || coalesce(d.day, m.day) || ' and sent ' || coalesce(m.sent, 0)
          FROM outrider.mailbox_days d
          FULL JOIN (SELECT mailbox_id, day, count(*) AS sent FROM outrider.messages
                      WHERE direction = 'outbound' AND status IN ('sending', 'sent') AND mailbox_id IS NOT NULL
                      GROUP BY mailbox_id, day) m ON m.mailbox_id = d.mailbox_id AND m.day = d.day
         WHERE coalesce(d.sent, 0) <> coalesce(m.sent, 0)
    """,
    "steps.unproven": """
        SELECT 'step ' || x.id, 'is sent and no message says so'
          FROM outrider.step_executions x
         WHERE x.status = 'sent' AND NOT EXISTS (
               SELECT 1 FROM outrider.messages m WHERE m.id = x.message_id AND m.status = 'sent')
        UNION ALL
        SELECT 'step ' || x.id, 'is scheduled, its mail is out, and nothing will say so'
          FROM outrider.step_executions x
          JOIN outrider.messages m ON m.enrollment_id = x.enrollment_id AND m.step_number = x.step_number
           AND m.direction = 'outbound' AND m.status = 'sent'
         WHERE x.status = 'scheduled' AND NOT EXISTS (
               SELECT 1 FROM outrider.jobs j WHERE j.tenant_id = x.tenant_id AND j.actor = 'step.send'
                  AND j.payload ->> 'step_id' = x.id::text)
           AND NOT EXISTS (
               SELECT 1 FROM outrider.dead_letters d WHERE d.tenant_id = x.tenant_id AND d.actor = 'step.send'
                  AND d.status = 'open' AND d.payload ->> 'step_id' = x.id::text)
    """,
    "enrollments.idle": """
        SELECT 'enrollment ' || e.id, 'is active and nothing will happen to it'
          FROM outrider.enrollments e
         WHERE e.status = 'active' AND NOT EXISTS (
               SELECT 1 FROM outrider.step_executions x JOIN outrider.jobs j
                   ON j.tenant_id = x.tenant_id AND j.actor = 'step.send' AND j.payload ->> 'step_id' = x.id::text
                WHERE x.enrollment_id = e.id AND x.status = 'scheduled' AND x.epoch = e.epoch
                  AND j.payload ->> 'epoch' = e.epoch::text)
           AND NOT EXISTS (
               SELECT 1 FROM outrider.step_executions x JOIN outrider.dead_letters d
                   ON d.tenant_id = x.tenant_id AND d.actor = 'step.send' AND d.payload ->> 'step_id' = x.id::text
                WHERE x.enrollment_id = e.id AND d.status = 'open')
        UNION ALL
        SELECT 'enrollment ' || e.id, 'is paused and nothing will resume it'
          FROM outrider.enrollments e
         WHERE e.status = 'paused' AND NOT EXISTS (
               SELECT 1 FROM outrider.jobs j
                WHERE j.tenant_id = e.tenant_id AND j.actor = 'enrollment.resume'
                  AND j.payload ->> 'enrollment_id' = e.id::text)
           AND NOT EXISTS (
               SELECT 1 FROM outrider.dead_letters d
                WHERE d.tenant_id = e.tenant_id AND d.actor = 'enrollment.resume' AND d.status = 'open'
                  AND d.payload ->> 'enrollment_id' = e.id::text)
    """,
    "enrollments.forgotten": """
        SELECT 'enrollment ' || e.id, 'is held (' || e.hold_reason || ') and nobody will decide'
          FROM outrider.enrollments e
         WHERE e.status = 'held'
           AND NOT EXISTS (SELECT 1 FROM outrider.messages m
                             LEFT JOIN outrider.replies r ON r.mail_id = m.mail_id
                            WHERE m.enrollment_id = e.id AND m.direction = 'inbound'
                              AND (r.decision IS NULL OR r.decision = 'review'))
           AND NOT EXISTS (SELECT 1 FROM outrider.step_executions x
                            WHERE x.enrollment_id = e.id AND x.status = 'failed')
    """,
    "mails.unheard": """
        SELECT 'mail ' || m.id, 'was stored and nobody looks whose it is'
          FROM outrider.mails m
         WHERE m.matched_by IS NULL AND m.raw_dropped_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.tenant_id = m.tenant_id AND j.actor = 'mail.match'
                              AND j.payload ->> 'mail_id' = m.id::text)
           AND NOT EXISTS (SELECT 1 FROM outrider.dead_letters d WHERE d.tenant_id = m.tenant_id AND d.actor = 'mail.match'
                              AND d.status <> 'replayed' AND d.payload ->> 'mail_id' = m.id::text)
        UNION ALL
        SELECT 'mail ' || m.id, 'was matched and nobody reads it'
          FROM outrider.mails m
         WHERE m.matched_by <> 'own' AND m.raw_dropped_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM outrider.replies r WHERE r.mail_id = m.id)
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.tenant_id = m.tenant_id AND j.actor = 'reply.classify'
                              AND j.payload ->> 'mail_id' = m.id::text)
           AND NOT EXISTS (SELECT 1 FROM outrider.dead_letters d WHERE d.tenant_id = m.tenant_id AND d.actor = 'reply.classify'
                              AND d.status <> 'replayed' AND d.payload ->> 'mail_id' = m.id::text)
        UNION ALL
        SELECT 'reply ' || r.id, 'was understood and nobody acts on it'
          FROM outrider.replies r
         WHERE r.decision IS NULL
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.tenant_id = r.tenant_id AND j.actor = 'enrollment.settle'
                              AND j.payload ->> 'reply_id' = r.id::text)
           AND NOT EXISTS (SELECT 1 FROM outrider.dead_letters d WHERE d.tenant_id = r.tenant_id AND d.actor = 'enrollment.settle'
                              AND d.status <> 'replayed' AND d.payload ->> 'reply_id' = r.id::text)
    """,
    "crm.stranded": """
        SELECT 'lead ' || o.lead_id, 'waits in batch ' || o.batch_id || ', which nobody sends'
          FROM outrider.crm_outbox o JOIN outrider.crm_connections c ON c.id = o.connection_id
         WHERE o.batch_id IS NOT NULL AND c.status = 'connected' AND c.deleted_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.tenant_id = o.tenant_id AND j.actor = 'crm.upsert'
                              AND j.payload ->> 'batch_id' = o.batch_id::text)
           AND NOT EXISTS (SELECT 1 FROM outrider.dead_letters d WHERE d.tenant_id = o.tenant_id AND d.actor = 'crm.upsert'
                              AND d.status = 'open' AND d.payload ->> 'batch_id' = o.batch_id::text)
    """,
    "crm.unlogged": """
        SELECT 'lead ' || l.lead_id, 'is linked to contact ' || l.remote_id || ' and no push of it is logged'
          FROM outrider.crm_links l
         WHERE NOT EXISTS (SELECT 1 FROM outrider.crm_log g
                            WHERE g.connection_id = l.connection_id AND g.lead_id = l.lead_id
                              AND g.remote_id = l.remote_id AND g.outcome IN ('created', 'updated'))
    """,
    "imports.sum": """
        SELECT 'import ' || i.id, 'counts ' || concat_ws('/', i.created, i.updated, i.skipped, i.rejected, i.pending)
                 || ' and keeps ' || concat_ws('/', c.imported, c.updated, c.skipped, c.failed, c.pending)
          FROM outrider.imports i
         CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE r.status = 'imported') AS imported,
                      count(*) FILTER (WHERE r.status = 'updated') AS updated,
                      count(*) FILTER (WHERE r.status = 'skipped') AS skipped,
                      count(*) FILTER (WHERE r.status = 'failed') AS failed,
                      count(*) FILTER (WHERE r.status = 'pending') AS pending
                 FROM outrider.import_rows r WHERE r.import_id = i.id) c
         WHERE i.rows_kept AND coalesce(i.finished_at, outrider.now()) > outrider.now() - interval '7 days'
           AND (i.created, i.updated, i.skipped, i.rejected, i.pending)
               IS DISTINCT FROM (c.imported, c.updated, c.skipped, c.failed, c.pending)
    """,
    "imports.idle": """
        SELECT 'import ' || i.id, i.pending || ' rows wait for a job, and there is none'
          FROM outrider.imports i
         WHERE i.by_job AND i.pending > 0
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.tenant_id = i.tenant_id AND j.actor = 'import.take'
                              AND j.payload ->> 'import_id' = i.id::text)
           AND NOT EXISTS (SELECT 1 FROM outrider.dead_letters d WHERE d.tenant_id = i.tenant_id AND d.actor = 'import.take'
                              AND d.status = 'open' AND d.payload ->> 'import_id' = i.id::text)
    """,
}  # fmt: skip
