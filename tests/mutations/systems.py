"""What makes each working row of the seed map true, and how to take it away.

As in `catalogue`: the text of an edit must occur exactly once, and several edits are several guards
of one promise. The test is the row's own, from `docs/reference/seed-map.toml`.
"""

from tests.mutations.guards import Guard
from tests.mutations.trial import Edit

_CAMPAIGN = "workers/test_campaigns.py::test_a_campaign_takes_ten_leads_a_working_day_stops_when_paused_and_completes_by_itself"
_SCORE = "workers/test_scoring.py::test_a_score_follows_from_its_inputs_and_is_written_when_they_change"  # fmt: skip
_ENRICHMENT = "workers/test_enrichment.py::test_each_field_names_its_source_and_a_verified_address_stays_verified"
_CONVERSATION = (
    "db/test_messages.py::test_a_conversation_is_read_in_the_order_it_happened_with_the_exact_texts"
)


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
)  # fmt: skip
