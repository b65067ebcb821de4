"""The statements that make leads of a file's rows: each begins with what the rows say. Refuses to replace an address."""

from typing import LiteralString

SAID: LiteralString = """
        WITH given AS MATERIALIZED (
            SELECT r.line, (%(ids)s::jsonb ->> r.line::text)::uuid AS lead_id, d.email, d.full_name, d.first_name, d.last_name, d.title, d.phone, d.linkedin_url,
                   d.company_name, d.company_domain, d.website, d.country, d.locale, d.timezone, d.source,
                   coalesce(d.attributes, '{}') AS attributes,
                   outrider.norm_email(d.email) AS email_norm, outrider.norm_linkedin(d.linkedin_url) AS linkedin_norm
              FROM outrider.import_rows r
             CROSS JOIN LATERAL json_to_record(nullif(r.document, '')::json) AS d (
                   email text, full_name text, first_name text, last_name text, title text, phone text,
                   linkedin_url text, company_name text, company_domain text, website text, country text,
                   locale text, timezone text, source text, attributes jsonb)
             WHERE r.import_id = %(id)s AND r.line = ANY(%(lines)s) AND r.document <> ''
        )
"""
GIVEN: LiteralString = """
        WITH given AS MATERIALIZED (
            SELECT r.line, d.said ->> 'email' AS email, outrider.norm_linkedin(d.said ->> 'linkedin_url') AS linkedin_norm
              FROM outrider.import_rows r CROSS JOIN LATERAL (SELECT nullif(r.document, '')::jsonb AS said OFFSET 0) d
             WHERE r.import_id = %(id)s AND r.line = ANY(%(lines)s) AND r.document <> ''
        ), here AS MATERIALIZED (
            SELECT outrider.erased_here() AS erased
        ), hashed AS MATERIALIZED (
            SELECT line, outrider.norm_email(email) AS email_norm, linkedin_norm,
                   CASE WHEN here.erased THEN outrider.gate_hash('email', outrider.canonical_email(email)) END AS mailbox,
                   CASE WHEN here.erased THEN outrider.gate_hash('linkedin', linkedin_norm) END AS profile
              FROM given, here
        ), erased AS MATERIALIZED (
            SELECT hash FROM outrider.erased_among(array(SELECT mailbox FROM hashed UNION SELECT profile FROM hashed)) AS hash
        )
        SELECT line, email_norm AS email, linkedin_norm AS linkedin, outrider.uuid_v7() AS fresh_id
          FROM hashed
         WHERE NOT EXISTS (SELECT FROM erased e WHERE e.hash = mailbox OR e.hash = profile)
         ORDER BY line
"""
MET: LiteralString = """
        SELECT id, email_norm AS email, linkedin_norm AS linkedin FROM outrider.leads
"""
BY_EMAIL: LiteralString = """
         WHERE email_norm = ANY(%(names)s) AND deleted_at IS NULL ORDER BY id FOR UPDATE
"""
BY_PROFILE: LiteralString = """
         WHERE linkedin_norm = ANY(%(names)s) AND deleted_at IS NULL ORDER BY id FOR UPDATE
"""
RENEWED: LiteralString = """
            UPDATE outrider.leads l SET
"""
OF_THE_MET: LiteralString = """
              FROM given n
             WHERE l.id = ANY(%(leads)s) AND l.id = n.lead_id
"""
MADE: LiteralString = """
        , made AS (
            INSERT INTO outrider.leads (
                   id, email, full_name, first_name, last_name, title, phone, linkedin_url, company_name,
                   company_domain, website, country, locale, timezone, source, sources, attributes,
                   created_at, updated_at)
            SELECT lead_id, email, full_name, first_name, last_name, title, phone,
                   linkedin_url, company_name, company_domain, website, country, locale, timezone,
                   coalesce(source, %(source)s), array[coalesce(source, %(source)s)]::text[], attributes,
                   (SELECT outrider.now()), (SELECT outrider.now())
              FROM given ORDER BY email_norm, linkedin_norm
                ON CONFLICT DO NOTHING RETURNING id
        ), moved AS (
            INSERT INTO outrider.lead_status_transitions (lead_id, to_status, cause, job_id, occurred_at)
            SELECT id, 'new', %(source)s, (SELECT outrider.current_job_id()), (SELECT outrider.now()) FROM made
        )
        SELECT id FROM made
"""
NEWER: LiteralString = """
               email = coalesce(l.email, n.email),
               full_name = coalesce(n.full_name, l.full_name), first_name = coalesce(n.first_name, l.first_name),
               last_name = coalesce(n.last_name, l.last_name), title = coalesce(n.title, l.title),
               phone = coalesce(n.phone, l.phone), linkedin_url = coalesce(n.linkedin_url, l.linkedin_url),
               company_name = coalesce(n.company_name, l.company_name),
               company_domain = coalesce(n.company_domain, l.company_domain),
               website = coalesce(n.website, l.website), country = coalesce(n.country, l.country),
               locale = coalesce(n.locale, l.locale), timezone = coalesce(n.timezone, l.timezone),
               sources = CASE WHEN coalesce(n.source, %(source)s) = ANY(l.sources || l.source) THEN l.sources
                              ELSE l.sources || coalesce(n.source, %(source)s) END,
               attributes = l.attributes || n.attributes
"""
OLDER: LiteralString = """
               email = coalesce(l.email, n.email),
               full_name = coalesce(l.full_name, n.full_name), first_name = coalesce(l.first_name, n.first_name),
               last_name = coalesce(l.last_name, n.last_name), title = coalesce(l.title, n.title),
               phone = coalesce(l.phone, n.phone), linkedin_url = coalesce(l.linkedin_url, n.linkedin_url),
               company_name = coalesce(l.company_name, n.company_name),
               company_domain = coalesce(l.company_domain, n.company_domain),
               website = coalesce(l.website, n.website), country = coalesce(l.country, n.country),
               locale = coalesce(l.locale, n.locale), timezone = coalesce(l.timezone, n.timezone),
               sources = CASE WHEN coalesce(n.source, %(source)s) = ANY(l.sources || l.source) THEN l.sources
                              ELSE l.sources || coalesce(n.source, %(source)s) END,
               attributes = n.attributes || l.attributes
"""
