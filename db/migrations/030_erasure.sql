-- To be forgotten, to be told, and to keep no longer than needed.
--
-- One registry says of every column that could hold words about a person what it is; erasure and
-- export are both driven by it, and refuse to run while a column is missing from it. A later
-- migration that adds a table adds its lines here.
--
--   key      an id that leads to a person; rule: which one
--   person   about whoever the row belongs to; rule: what is left in its place
--   mention  free words on a row that need not be the person's; rule: what happens when it names them
--   staff    about the tenant's own people, mailboxes and settings
--   secret   sealed
--   none     made by machines, and never from what somebody wrote about a person
create table outrider.personal_data (
  table_name  text not null,
  column_name text not null,
  kind        text not null check (kind in ('none', 'key', 'person', 'mention', 'staff', 'secret')),
  rule        text,
  primary key (table_name, column_name),
  constraint personal_data_rule_fits check (case kind
    when 'key'     then rule in ('lead', 'enrollment', 'message', 'mail', 'payload')
    when 'person'  then rule in ('null', 'empty', 'mark', 'fresh', 'ours', 'from', 'to')
    when 'mention' then rule in ('scrub', 'empty', 'fresh', 'delete')
    else rule is null end)
);
comment on table outrider.personal_data is 'What every column that can hold words is to a person, and how it is erased || migrations';

-- Tables with rows of a person: what they are called in an export, and whether such a row goes whole.
create table outrider.personal_tables (
  table_name text primary key,
  goes_whole boolean not null default false,
  words      text not null
);
comment on table outrider.personal_tables is 'Where a person''s rows are, in words, and which go whole || migrations';

do $$
declare t text;
begin
  foreach t in array array['personal_data', 'personal_tables'] loop
    execute format('alter table outrider.%I enable row level security', t);
    execute format('grant select on outrider.%I to outrider_operator', t);
    execute format('create policy operator on outrider.%I for select to outrider_operator using (true)', t);
  end loop;
end $$;

-- One line per table, kind and rule. A column that is absent here is found by unclassified().
create function outrider.classify(p_table text, p_kind text, p_rule text, p_columns text) returns void
language sql volatile set search_path = '' as $$
  insert into outrider.personal_data (table_name, column_name, kind, rule)
  select p_table, c, p_kind, p_rule from unnest(string_to_array(p_columns, ' ')) c
      on conflict (table_name, column_name) do update set kind = excluded.kind, rule = excluded.rule
$$;
revoke all on function outrider.classify(text, text, text, text) from public;

do $$
declare line text[];
begin
  foreach line slice 1 in array array[
    ['leads', 'key', 'lead', 'id'],
    ['leads', 'person', 'null', 'full_name first_name last_name email phone linkedin_url title company_name company_domain website country locale timezone'],
    ['leads', 'person', 'empty', 'attributes'],
    ['leads', 'person', 'null', 'source_id'],
    ['leads', 'mention', 'scrub', 'source sources'],
    ['leads', 'none', null, 'source_system source_status'],
    ['activities', 'key', 'lead', 'lead_id'],
    ['activities', 'mention', 'scrub', 'text'],
    ['companies', 'mention', 'scrub', 'name domain country linkedin_url technologies attributes'],
    ['lead_status_transitions', 'key', 'lead', 'lead_id'],
    ['lead_status_transitions', 'mention', 'scrub', 'cause'],
    ['enrichment_results', 'key', 'lead', 'lead_id'],
    ['enrichment_results', 'person', 'empty', 'fields facts effect_keys'],
    ['enrichment_results', 'none', null, 'fingerprint'],
    ['scores', 'key', 'lead', 'lead_id'],
    ['scores', 'person', 'empty', 'factors'],
    ['scores', 'none', null, 'model inputs_hash'],
    ['enrollments', 'key', 'enrollment', 'id'],
    ['enrollments', 'key', 'lead', 'lead_id'],
    ['enrollments', 'person', 'mark', 'hold_reason'],
    ['enrollments', 'person', 'fresh', 'token'],
    ['enrollments', 'mention', 'scrub', 'stopped_by'],
    ['enrollments', 'none', null, 'timezone zone_source'],
    ['step_executions', 'key', 'enrollment', 'enrollment_id'],
    ['step_executions', 'key', 'message', 'message_id'],
    ['step_executions', 'person', 'mark', 'because skip_reason'],
    ['messages', 'key', 'message', 'id'],
    ['messages', 'key', 'enrollment', 'enrollment_id'],
    ['messages', 'key', 'lead', 'lead_id'],
    ['messages', 'key', 'mail', 'mail_id'],
    ['messages', 'person', 'from', 'from_address'],
    ['messages', 'person', 'to', 'to_address'],
    ['messages', 'person', 'ours', 'rfc_message_id'],
    ['messages', 'person', 'null', 'in_reply_to subject body_text gate_hashes'],
    ['messages', 'person', 'empty', 'reference_ids'],
    ['messages', 'person', 'mark', 'failed_reason'],
    ['messages', 'none', null, 'effect_key day'],
    ['mails', 'key', 'mail', 'id'],
    ['mails', 'person', 'empty', 'raw'],
    ['mails', 'none', null, 'sha256 source'],
    ['replies', 'key', 'mail', 'mail_id'],
    ['replies', 'key', 'enrollment', 'enrollment_id'],
    ['replies', 'key', 'lead', 'lead_id'],
    ['replies', 'person', 'empty', 'verdict'],
    ['replies', 'person', 'null', 'sub return_date'],
    ['replies', 'person', 'mark', 'because'],
    ['replies', 'none', null, 'classifier'],
    ['replies', 'staff', null, 'reviewed_by'],
    ['webhook_events', 'key', 'lead', 'lead_id'],
    ['webhook_events', 'key', 'mail', 'mail_id'],
    ['webhook_events', 'person', 'empty', 'body'],
    ['webhook_events', 'mention', 'delete', 'external_id'],
    ['webhook_events', 'none', null, 'trace_id'],
    ['crm_links', 'key', 'lead', 'lead_id'],
    ['crm_links', 'person', 'mark', 'remote_id payload_hash'],
    ['crm_outbox', 'key', 'lead', 'lead_id'],
    ['crm_log', 'key', 'lead', 'lead_id'],
    ['crm_log', 'person', 'null', 'remote_id error'],
    ['crm_log', 'none', null, 'outcome error_code fields'],
    ['dead_letters', 'key', 'payload', 'payload'],
    ['dead_letters', 'person', 'mark', 'error_message'],
    ['dead_letters', 'mention', 'scrub', 'effect_keys'],
    ['dead_letters', 'none', null, 'actor error_class fingerprint trace_id status'],
    ['dead_letters', 'staff', null, 'closed_by'],
    ['jobs', 'key', 'payload', 'payload'],
    ['jobs', 'person', 'mark', 'last_error'],
    ['jobs', 'mention', 'fresh', 'live_key'],
    ['jobs', 'none', null, 'actor trace_id lane parked_on'],
    ['job_keys', 'mention', 'delete', 'key'],
    ['job_log', 'none', null, 'actor trace_id'],
    ['effects', 'mention', 'delete', 'key'],
    ['effects', 'mention', 'scrub', 'response reason'],
    ['lanes', 'mention', 'scrub', 'blocked_because pause_reason'],
    ['lanes', 'none', null, 'actor key'],
    ['lanes', 'staff', null, 'paused_by'],
    ['pauses', 'mention', 'scrub', 'reason'],
    ['pauses', 'none', null, 'actor'],
    ['pauses', 'staff', null, 'paused_by'],
    ['audit_logs', 'mention', 'scrub', 'resource_id reason details'],
    ['audit_logs', 'none', null, 'action resource_type'],
    ['audit_logs', 'staff', null, 'operator'],
    ['imports', 'mention', 'scrub', 'filename header source mapping'],
    ['imports', 'none', null, 'sha256 format'],
    ['imports', 'staff', null, 'operator source_system source_id source_status'],
    ['import_rows', 'key', 'lead', 'lead_id'],
    ['import_rows', 'mention', 'empty', 'raw document'],
    ['import_rows', 'mention', 'scrub', 'reason'],
    ['import_rows', 'none', null, 'field'],
    ['suppressions', 'mention', 'scrub', 'value release_note'],
    ['suppressions', 'none', null, 'value_hash source'],
    ['suppressions', 'staff', null, 'released_by'],
    ['sequences', 'mention', 'fresh', 'name'],
    ['sequence_steps', 'mention', 'scrub', 'subject body'],
    ['campaigns', 'mention', 'fresh', 'name'],
    ['campaigns', 'mention', 'scrub', 'paused_reason'],
    ['crm_connections', 'mention', 'scrub', 'status_reason'],
    ['crm_connections', 'staff', null, 'provider base_url'],
    ['crm_field_mappings', 'staff', null, 'local_field remote_field transform'],
    ['integrations', 'mention', 'scrub', 'status_reason last_error'],
    ['integrations', 'staff', null, 'provider category external_account base_url metadata source_system source_id source_status'],
    ['mailboxes', 'mention', 'scrub', 'paused_reason'],
    ['mailboxes', 'staff', null, 'email display_name smtp_host imap_host username inbox_folder sent_folder timezone'],
    ['mailbox_cursors', 'staff', null, 'folder'],
    ['mailbox_days', 'none', null, 'day'],
    ['webhook_sources', 'staff', null, 'slug'],
    ['webhook_sources', 'none', null, 'verify takes'],
    ['tenants', 'staff', null, 'name slug timezone'],
    ['users', 'staff', null, 'auth_provider auth_subject email full_name source_system source_id source_status'],
    ['sessions', 'none', null, 'host actors'],
    ['schedules', 'none', null, 'name actor payload cron timezone'],
    ['schedules', 'staff', null, 'paused_by pause_reason'],
    ['cron_fires', 'none', null, 'name'],
    ['lane_rules', 'none', null, 'actor'],
    ['credentials', 'secret', null, 'owner_type kind sealed'],
    ['retention_rules', 'staff', null, 'what set_by'],
    ['support_sessions', 'mention', 'scrub', 'reason'],
    ['plans', 'staff', null, 'code name limits'],
    ['subscriptions', 'staff', null, 'plan_code source_system source_id source_status'],
    ['usage_events', 'mention', 'fresh', 'key'],
    ['usage_events', 'none', null, 'period_start'],
    ['usage_counters', 'none', null, 'period_start'],
    ['credit_accounts', 'none', null, 'spent_in'],
    ['credit_transactions', 'mention', 'fresh', 'key'],
    ['credit_transactions', 'mention', 'scrub', 'reason'],
    ['credit_transactions', 'none', null, 'period_start'],
    ['credit_transactions', 'staff', null, 'source_system source_id source_status'],
    ['personal_data', 'none', null, 'table_name column_name kind rule'],
    ['personal_tables', 'none', null, 'table_name words']
  ] loop
    perform outrider.classify(line[1], line[2], line[3], line[4]);
  end loop;
end $$;

insert into outrider.personal_tables (table_name, goes_whole, words) values
  ('leads', false, 'Who you are to us: name, addresses, employer, where we learned of you'),
  ('lead_status_transitions', false, 'How far we took you to be, and why it changed'),
  ('activities', false, 'What happened to your record'),
  ('enrichment_results', true, 'What we found out about you from public sources'),
  ('scores', true, 'How well we thought our offer fits you, and why'),
  ('enrollments', false, 'Which series of mails you were in'),
  ('step_executions', false, 'When each mail of a series was planned, and what became of it'),
  ('messages', false, 'Mails between us'),
  ('mails', false, 'Your mails as they came in, byte for byte (base64)'),
  ('replies', false, 'What we understood your mails to mean'),
  ('webhook_events', false, 'What forms and other systems told us about you (base64)'),
  ('crm_links', true, 'Which contact you are in the customer''s CRM'),
  ('crm_outbox', true, 'That the customer''s CRM has yet to hear of you'),
  ('crm_log', false, 'What the customer''s CRM was told of you'),
  ('dead_letters', false, 'Work about you that failed'),
  ('jobs', false, 'Work about you that waits'),
  ('suppressions', false, 'Wishes not to be written to');

-- What could hold words and is in no line above: erasure and export refuse to run while there is any.
-- Numbers, moments, flags and enums hold none; an id that leads to a person has to be named as one.
create function outrider.unclassified() returns table (problem text)
language sql stable security definer set search_path = '' as $$
  select c.relname || '.' || a.attname || ' is not classified in outrider.personal_data: say outrider.classify(table, kind, rule, columns)'
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join outrider.personal_data d on d.table_name = c.relname and d.column_name = a.attname
   where n.nspname in ('outrider', 'outrider_secret') and c.relkind in ('r', 'p') and not c.relispartition
     and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and d.kind is null
     and (t.typname not in ('uuid', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'bool', 'timestamptz', 'interval', 'time', '_int2')
          and t.typtype <> 'e' and not (t.typcategory = 'A' and exists (
            select from pg_catalog.pg_type e where e.oid = t.typelem and e.typtype = 'e'))
          or a.attname in ('lead_id', 'enrollment_id', 'message_id', 'mail_id'))
   order by 1
$$;
revoke all on function outrider.unclassified() from public;
grant execute on function outrider.unclassified() to outrider_worker, outrider_operator;

-- How somebody's identifiers look in other people's text: with boundaries, so that ada@x.test is
-- not found in mada@x.test, and as links and headers encode them.
create function outrider.quoted(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select regexp_replace(p, '([].^$*+?(){}\\|/[-])', '\\\1', 'g')
$$;
create function outrider.email_pattern(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select '(?:(?<![a-z0-9._%+-])|(?<=%[0-9a-f][0-9a-f]))'
         || case when at.domain = 'gmail.com' then (
              select string_agg(outrider.quoted(c), '[.]?' order by place) from regexp_split_to_table(at.box, '') with ordinality b (c, place))
            else outrider.quoted(at.box) end
         || '(?:(?:[+]|%2b|=2b)[a-z0-9._+-]{0,64})?(?:@|%40|=40|&#0*64;)'
         || case when at.domain = 'gmail.com' then '(?:gmail|googlemail)\.com' else outrider.quoted(at.domain) end
         || '(?![a-z0-9-]|\.[a-z0-9])'
    from (select split_part(outrider.canonical_email(p), '@', 1) as box, split_part(outrider.canonical_email(p), '@', 2) as domain) at
$$;
-- With its country's number, and without it as people dial at home.
create function outrider.phone_pattern(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select string_agg('[+]?(?<![0-9])' || first || '[-\s()./]{0,3}'
           || array_to_string(regexp_split_to_array(right(d, length(d) - cut), ''), '[-\s()./]{0,3}') || '(?![0-9])', '|')
    from (select regexp_replace(p, '\D', '', 'g')) digits (d)
   cross join (values (0, '(?:00)?'), (1, '0?'), (2, '0?'), (3, '0?')) ways (cut, first)
   where length(d) - cut >= 7 and (cut = 0 or btrim(p) ~ '^(\+|00)')
$$;
create function outrider.name_pattern(p text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case when cardinality(w) >= 2 and length(p) >= 5 then
    '(?<![[:alnum:]])(?:' || array_to_string(w, '(?:[\s+._-]|%20)+') || '|' || w[cardinality(w)] || ',\s*'
    || array_to_string(w[1:cardinality(w) - 1], '\s+') || ')(?![[:alnum:]])' end
    from (select regexp_split_to_array(outrider.quoted(btrim(p)), '\s+')) s (w)
$$;

-- Strings of a document, keys too, with what matches replaced; a number that matches becomes text.
create function outrider.scrub_json(p jsonb, p_pattern text) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select case
    when p::text !~* p_pattern then p
    when jsonb_typeof(p) = 'object' then (
      select jsonb_object_agg(regexp_replace(key, p_pattern, '[erased]', 'gi'), outrider.scrub_json(value, p_pattern))
        from jsonb_each(p))
    when jsonb_typeof(p) = 'array' then (
      select jsonb_agg(outrider.scrub_json(value, p_pattern) order by place)
        from jsonb_array_elements(p) with ordinality e (value, place))
    else to_jsonb(regexp_replace(p #>> '{}', p_pattern, '[erased]', 'gi')) end
$$;

-- Whether a text names somebody. The pattern is slow, and almost nothing has even a fragment of it.
create function outrider.text_names(p text, p_anchors text[], p_numbers text[], p_pattern text) returns boolean
language sql immutable parallel safe as $$         -- no pinned search path, so that it is inlined
  select case when lower(p) like any (p_anchors) or p like any (p_numbers)
              then p ~* p_pattern else false end
$$;

-- Whether raw bytes do: as they stand, quoted-printable with its soft breaks, or base64 at any of its
-- three alignments.
create function outrider.bytes_name(p bytea, p_anchors text[], p_numbers text[], p_pattern text, p_cores text[]) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  seen text;
  core text;
begin
  if p is null or p = '' then
    return false;
  end if;
  seen := replace(encode(p, 'escape'), E'\r', '');
  if outrider.text_names(seen, p_anchors, p_numbers, p_pattern)
     or strpos(seen, E'=\n') > 0 and outrider.text_names(replace(seen, E'=\n', ''), p_anchors, p_numbers, p_pattern) then
    return true;
  end if;
  seen := replace(seen, E'\n', '');
  foreach core in array p_cores loop
    if strpos(seen, core) > 0 then
      return true;
    end if;
  end loop;
  return false;
end $$;
create function outrider.base64_cores(p_words text[]) returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select array(
    select distinct substr(b.b64, (shift * 8 + 5) / 6 + 1,
             (shift + octet_length(convert_to(word, 'UTF8'))) * 8 / 6 - (shift * 8 + 5) / 6)
      from unnest(p_words) word
     cross join generate_series(0, 2) shift
     cross join lateral (select replace(encode(convert_to(repeat(' ', shift) || word, 'UTF8'), 'base64'), E'\n', '')) b (b64)
     where length(word) >= 5)
$$;

-- A person as the books of one tenant know them: every address, row and identifier.
--   strong  addresses and profiles, which are nobody else's: looked for everywhere
--   anchors, numbers, cores   fragments, last digits and base64, without one of which no text names them
--   loose   those, numbers, names and sites: looked for in free text. A name that another lead
--           bears, a switchboard, and a site that another works for are left out.
create type outrider.person as (
  emails text[], leads uuid[], enrollments uuid[], messages uuid[], mails uuid[], strangers uuid[],
  profiles text[], ids text[], batches text[], strong text, loose text,
  anchors text[], numbers text[], cores text[]);

create function outrider.find_person(p_email text) returns outrider.person
language plpgsql stable security definer set search_path = '' as $$
declare
  mine  constant uuid := outrider.current_tenant_id();
  box   constant text := outrider.canonical_email(p_email);
  who   outrider.person;
  names text[];
  domains text[];
begin
  if box is null then
    raise exception 'email: % is no address', quote_literal(p_email) using errcode = 'invalid_parameter_value';
  end if;
  who.leads := array(
    select l.id from outrider.leads l where l.tenant_id = mine and l.email is not null and outrider.canonical_email(l.email) = box);
  who.leads := array(
    select unnest(who.leads) union
    select o.id from outrider.leads o
     where o.tenant_id = mine and o.linkedin_norm = any (array(
       select l.linkedin_norm from outrider.leads l where l.id = any (who.leads) and length(l.linkedin_norm) >= 5)));
  who.emails := array(
    select box union
    select outrider.canonical_email(l.email) from outrider.leads l where l.tenant_id = mine and l.id = any (who.leads) and l.email is not null);
  domains := array(
    select '%' || replace(replace(case split_part(e, '@', 2) when 'gmail.com' then 'mail.com' else split_part(e, '@', 2) end, '_', '\_'), '%', '\%') || '%'
      from unnest(who.emails) e);
  who.enrollments := array(select e.id from outrider.enrollments e where e.tenant_id = mine and e.lead_id = any (who.leads));
  who.messages := array(
    select m.id from outrider.messages m
     where m.tenant_id = mine
       and (m.lead_id = any (who.leads) or m.enrollment_id = any (who.enrollments)
            -- The cheap question first: of a million addresses a few are at the same domain.
            or lower(case m.direction when 'inbound' then m.from_address else m.to_address end) like any (domains)
           and outrider.canonical_email(case m.direction when 'inbound' then m.from_address else m.to_address end) = any (who.emails)));
  who.profiles := array(
    select distinct l.linkedin_norm from outrider.leads l where l.tenant_id = mine and l.id = any (who.leads) and length(l.linkedin_norm) >= 5);
  select string_agg(p, '|') into who.strong from (
    select outrider.email_pattern(e) from unnest(who.emails) e
     union
    select '(?:(?<![a-z0-9-])|(?<=%2f))' || replace(outrider.quoted(ltrim(p, '/')), '\/', '(?:/|%2f)') || '(?![a-z0-9%-])'
      from unnest(who.profiles) p) patterns (p);
  names := array(
    select distinct n from outrider.leads l
     cross join lateral (values (l.full_name), (l.first_name || ' ' || l.last_name)) known (n)
     where l.tenant_id = mine and l.id = any (who.leads) and n is not null and not exists (
       select from outrider.leads other
        where other.tenant_id = mine and other.id <> all (who.leads) and other.erased_at is null
          and lower(btrim(n)) in (lower(btrim(other.full_name)), lower(btrim(other.first_name || ' ' || other.last_name)))));
  select who.strong || coalesce('|' || string_agg(p, '|'), '') into who.loose from (
    select outrider.phone_pattern(l.phone) from outrider.leads l
     where l.tenant_id = mine and l.id = any (who.leads) and not exists (
       select from outrider.leads other
        where other.tenant_id = mine and other.id <> all (who.leads)
          and regexp_replace(other.phone, '\D', '', 'g') = regexp_replace(l.phone, '\D', '', 'g'))
     union
    select outrider.name_pattern(n) from unnest(names) n
     union
    select '(?<![a-z0-9.-])(?:www\.)?' || outrider.quoted(site) || '(?![a-z0-9-])'
      from outrider.leads l cross join lateral (select outrider.norm_domain(l.website)) s (site)
     where l.tenant_id = mine and l.id = any (who.leads) and strpos(site, '.') > 0
       and not exists (select from unnest(who.emails) e where split_part(e, '@', 2) = site)
       and not exists (select from outrider.companies c where c.tenant_id = mine and c.domain_norm = site)
       and not exists (
         select from outrider.leads other
          where other.tenant_id = mine and other.id <> all (who.leads)
            and strpos(lower(concat_ws(' ', other.website, other.company_domain, other.email)), site) > 0
            and site in (outrider.norm_domain(other.website), outrider.norm_domain(other.company_domain), split_part(other.email_norm, '@', 2)))
  ) patterns (p) where p is not null;
  who.anchors := array(
    select '%' || replace(replace(lower(a), '_', '\_'), '%', '\%') || '%' from (
      select case when split_part(e, '@', 2) = 'gmail.com' then 'mail.com' when length(split_part(e, '@', 1)) < 3 then split_part(e, '@', 2)
                  else split_part(e, '@', 1) end from unnest(who.emails) e
       union
      select regexp_replace(p, '^.*/', '') from unnest(who.profiles) p
       union
      select regexp_replace(btrim(n), '^.*\s', '') from unnest(names) n
       union
      select outrider.norm_domain(l.website) from outrider.leads l
       where l.tenant_id = mine and l.id = any (who.leads) and l.website is not null) fragments (a)
     where a <> '');
  who.numbers := array(
    select '%' || substr(right(d, 3), 1, 1) || one || substr(right(d, 3), 2, 1) || two || right(d, 1) || '%' from outrider.leads l
     cross join lateral (select regexp_replace(l.phone, '\D', '', 'g')) digits (d)
     cross join (values ('', ''), ('_', ''), ('', '_'), ('_', '_'), ('__', ''), ('', '__')) gaps (one, two)
     where l.tenant_id = mine and l.id = any (who.leads) and length(d) >= 7);
  who.cores := outrider.base64_cores(array(
    select unnest(who.emails) union select unnest(names) union select btrim(p_email) union
    select l.email from outrider.leads l where l.tenant_id = mine and l.id = any (who.leads) and l.email is not null));
  who.mails := array(
    select m.mail_id from outrider.messages m where m.tenant_id = mine and m.id = any (who.messages) and m.mail_id is not null
     union
    select r.mail_id from outrider.replies r
     where r.tenant_id = mine and (r.lead_id = any (who.leads) or r.enrollment_id = any (who.enrollments))
     union                                          -- not looked at yet, and it names them
    select m.id from outrider.mails m
     where m.tenant_id = mine and m.matched_by is null and outrider.bytes_name(m.raw, who.anchors, who.numbers, who.strong, who.cores));
  who.strangers := array(                           -- what others wrote in the same conversation
    select m.mail_id from outrider.messages m
     where m.tenant_id = mine and m.id = any (who.messages) and m.direction = 'inbound' and m.mail_id is not null
       and outrider.canonical_email(m.from_address) <> all (who.emails));
  who.ids := array(
    select unnest(who.leads)::text union select unnest(who.enrollments)::text union select unnest(who.mails)::text union
    select x.id::text from outrider.step_executions x where x.tenant_id = mine and x.enrollment_id = any (who.enrollments) union
    select r.id::text from outrider.replies r where r.tenant_id = mine and r.mail_id = any (who.mails));
  who.batches := array(
    select distinct o.batch_id::text from outrider.crm_outbox o
     where o.tenant_id = mine and o.lead_id = any (who.leads) and o.batch_id is not null);
  return who;
end $$;

-- Under which hashes an erased person is remembered: what they must not be written to, or taken in, by.
create function outrider.erasure_entries(who outrider.person) returns table (kind text, hash bytea)
language sql stable set search_path = '' as $$
  select 'email', outrider.gate_hash('email', e) from unnest(who.emails) e
   union
  select 'linkedin', outrider.gate_hash('linkedin', p) from unnest(who.profiles) p
$$;

-- Jobs about a person that are not over: what waits may be cancelled, what runs has to end first.
create function outrider.jobs_of_person(p_email text) returns table (id bigint, running boolean)
language plpgsql stable security definer set search_path = '' as $$
declare
  who constant outrider.person := outrider.find_person(p_email);
begin
  return query
    select j.id, j.state = 'running' from outrider.jobs j
     where j.tenant_id is not distinct from outrider.current_tenant_id()
       and (exists (select from jsonb_each_text(j.payload) v where v.value = any (who.ids))
            or outrider.text_names(j.payload::text, who.anchors, who.numbers, who.loose)
            or outrider.text_names(j.live_key, who.anchors, who.numbers, who.strong)
            -- A batch is other people's, too: it is waited for, and never cancelled while it waits.
            or (j.state = 'running' and j.payload ->> 'batch_id' = any (who.batches)))
     order by j.id;
end $$;

-- What a lead is called is compared with what is nobody else's; all other text with everything.
create function outrider.pattern_for(p_type name, p_what text) returns text
language sql immutable set search_path = '' as $$
  select case when p_what = 'leads.person' and p_type = 'text' then '($1).strong' else '($1).loose' end
$$;
create function outrider.names_them(p_column name, p_type name, p_what text) returns text
language sql immutable set search_path = '' as $$
  select format(case p_type
      when 'bytea' then 'outrider.bytes_name(%1$I, ($1).anchors, ($1).numbers, %2$s, ($1).cores)'
      when '_text' then 'exists (select from unnest(%1$I) x where outrider.text_names(x, ($1).anchors, ($1).numbers, %2$s))'
      when 'date' then 'false' when '_bytea' then 'false'
      else 'outrider.text_names(%1$I::text, ($1).anchors, ($1).numbers, %2$s)' end, p_column, outrider.pattern_for(p_type, p_what))
$$;

-- Which rows of a table are a person's, and which name them: conditions over $1, the person.
create function outrider.conditions(p_table text, out own text, out named text)
language sql stable set search_path = '' as $$
  select string_agg(case d.rule
      when 'lead'       then format('%I = any (($1).leads)', a.attname)
      when 'enrollment' then format('%I = any (($1).enrollments)', a.attname)
      when 'message'    then format('%I = any (($1).messages)', a.attname)
      when 'mail'       then format('%I = any (($1).mails)', a.attname)
      when 'payload'    then format('exists (select from jsonb_each_text(%I) v where v.value = any (($1).ids))', a.attname)
      end, ' or ') filter (where d.kind = 'key'),
    string_agg(outrider.names_them(a.attname, t.typname, d.table_name || '.' || d.kind), ' or ')
      filter (where d.kind in ('person', 'mention') or d.rule = 'payload')
    from outrider.personal_data d
    join pg_catalog.pg_attribute a on a.attrelid = to_regclass('outrider.' || d.table_name) and a.attname = d.column_name
    join pg_catalog.pg_type t on t.oid = a.atttypid
   where d.table_name = p_table
$$;
-- Take a person out of one table: how many rows of theirs, and how many others that named them.
create function outrider.erase_from(p_table text, who outrider.person, out own bigint, out named bigint)
language plpgsql volatile set search_path = '' as $$
declare
  mine  constant text := ' where tenant_id is not distinct from outrider.current_tenant_id() and ';
  found record;
  gone  bigint := 0;
begin
  own := 0; named := 0;
  select c.own, c.named, w.goes_whole,
         (select string_agg(format('%I = ', a.attname) || format(case d.rule
              when 'null'  then 'null'
              when 'mark'  then 'case when %1$I is not null then ''[erased]'' end'
              when 'fresh' then '''erased:'' || id'
              when 'from'  then 'case direction when ''outbound'' then %1$I end'
              when 'ours'  then 'case direction when ''outbound'' then %1$I end'
              when 'to'    then 'case direction when ''outbound'' then '''' end'
              else case t.typname when 'jsonb' then '''{}''::jsonb' when '_text' then '''{}''::text[]'
                                  when 'bytea' then '''''::bytea' else '''''' end end, a.attname), ', ')
            from outrider.personal_data d
            join pg_catalog.pg_attribute a on a.attrelid = to_regclass('outrider.' || p_table) and a.attname = d.column_name
            join pg_catalog.pg_type t on t.oid = a.atttypid
           where d.table_name = p_table and d.kind = 'person') as sets,
         (select string_agg(format('%I = ', a.attname) || case
              when (d.kind, d.rule) = ('mention', 'fresh') then
                format('case when %2$s then ''erased:'' || gen_random_uuid() else %1$I end', a.attname, n)
              when t.typname = 'bytea' or (d.kind, d.rule) = ('mention', 'empty') then format('case when %2$s then '''' else %1$I end', a.attname, n)
              when t.typname = 'jsonb' then format('outrider.scrub_json(%I, %s)', a.attname, p)
              when t.typname = '_text' then
                format('array(select regexp_replace(x, %2$s, ''[erased]'', ''gi'') from unnest(%1$I) with ordinality u (x, o) order by o)', a.attname, p)
              else format('regexp_replace(%I, %s, ''[erased]'', ''gi'')', a.attname, p) end, ', ')
            from outrider.personal_data d
            join pg_catalog.pg_attribute a on a.attrelid = to_regclass('outrider.' || p_table) and a.attname = d.column_name
            join pg_catalog.pg_type t on t.oid = a.atttypid
           cross join lateral (select outrider.names_them(a.attname, t.typname, d.table_name || '.' || d.kind),
                                      outrider.pattern_for(t.typname, d.table_name || '.' || d.kind)) s (n, p)
           where d.table_name = p_table and t.typname not in ('date', '_bytea')
             and (d.kind = 'person' or d.kind = 'mention' and d.rule <> 'delete' or d.rule = 'payload')) as scrubs,
         (select string_agg(outrider.names_them(a.attname, t.typname, d.table_name || '.' || d.kind), ' or ')
            from outrider.personal_data d
            join pg_catalog.pg_attribute a on a.attrelid = to_regclass('outrider.' || p_table) and a.attname = d.column_name
            join pg_catalog.pg_type t on t.oid = a.atttypid
           where d.table_name = p_table and d.rule = 'delete') as deletes
    into found
    from outrider.conditions(p_table) c left join outrider.personal_tables w on w.table_name = p_table;
  if found.own is not null and (found.goes_whole or found.sets is not null) then
    execute case when found.goes_whole then format('delete from outrider.%I', p_table)
                 else format('update outrider.%I set %s', p_table, found.sets) end
            || mine || '(' || found.own || ')' using who;
    get diagnostics own = row_count;
  end if;
  if found.deletes is not null then                -- a call that cannot be repeated is never forgotten
    execute format('delete from outrider.%I', p_table) || mine || '(' || found.deletes || ')'
            || case p_table when 'effects' then ' and class = ''repeatable''' else '' end using who;
    get diagnostics gone = row_count;
  end if;
  if found.scrubs is not null then
    execute format('update outrider.%I set %s', p_table, found.scrubs) || mine || '(' || found.named || ')' using who;
    get diagnostics named = row_count;
  end if;
  named := named + gone;
end $$;

-- Forget a person in the current tenant; what is left says that an address is not to be written to,
-- by its hash, and counts that name nobody. The caller has stopped what ran. Idempotent.
create function outrider.erase_person(p_email text, p_by text) returns table (table_name text, own bigint, named bigint)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  mine constant uuid := outrider.current_tenant_id();
  who  outrider.person;
  gap  text;
begin
  select problem into gap from outrider.unclassified() limit 1;
  if gap is not null then
    raise exception '%; classify it before anybody is erased', gap using errcode = 'invalid_schema_definition';
  end if;
  if exists (select from outrider.jobs_of_person(p_email) j where j.running) then
    raise exception 'a job about this person runs' using errcode = 'object_in_use';
  end if;
  who := outrider.find_person(p_email);
  perform from outrider.enrollments e where e.id = any (who.enrollments) order by e.id for update;
  perform from outrider.leads l where l.id = any (who.leads) order by l.id for update;

  update outrider.suppressions s set value = null, release_note = case when s.release_note is not null then '[erased]' end
   where s.tenant_id is not distinct from mine
     and (outrider.text_names(s.value, who.anchors, who.numbers, who.loose) or s.value_hash in (select e.hash from outrider.erasure_entries(who) e));
  update outrider.suppressions s set reason = 'erasure', expires_at = null from outrider.erasure_entries(who) e
   where s.tenant_id is not distinct from mine and s.released_at is null and s.kind::text = e.kind and s.value_hash = e.hash;
  insert into outrider.suppressions (tenant_id, kind, value_hash, reason, source)
  select mine, e.kind::outrider.suppression_kind, e.hash, 'erasure', 'erasure' from outrider.erasure_entries(who) e
      on conflict do nothing;
  update outrider.replies r set decision = 'none', because = 'The writer was erased.', decided_at = outrider.now()
   where r.mail_id = any (who.mails) and r.tenant_id = mine and (r.decision is null or r.decision = 'review' and r.reviewed_by is null);
  update outrider.dead_letters d set status = 'discarded', closed_at = clock_timestamp(), closed_by = p_by
   where d.tenant_id = mine and d.status = 'open'
     and exists (select from jsonb_each_text(d.payload) v where v.value = any (who.ids));
  update outrider.effects e
     set response = jsonb_set(e.response, '{pushes}', coalesce((
           select jsonb_agg(p) from jsonb_array_elements(e.response -> 'pushes') p where p ->> 'lead_id' <> all (who.ids)), '[]'))
   where e.tenant_id = mine and e.key like 'crm:%' and exists (
     select from jsonb_array_elements(e.response -> 'pushes') p where p ->> 'lead_id' = any (who.ids));

  update outrider.leads l
     set erased_at = coalesce(l.erased_at, outrider.now()), deleted_at = coalesce(l.deleted_at, outrider.now()),
         company_id = null, email_status = 'unknown', score = null, tier = null, scored_at = null
   where l.id = any (who.leads) and l.tenant_id = mine;
  update outrider.mails r set raw = ''            -- whatever its encoding: what was read of it names them
    from outrider.messages m
   where m.tenant_id = mine and r.tenant_id = mine and r.id = m.mail_id and r.raw <> ''
     and (outrider.text_names(m.subject, who.anchors, who.numbers, who.loose)
          or outrider.text_names(m.body_text, who.anchors, who.numbers, who.loose));

  -- A table of the house alone has no tenant, and nothing about a lead.
  return query
    select t.name, e.own, e.named
      from (select distinct d.table_name as name from outrider.personal_data d
              join pg_catalog.pg_attribute a on a.attrelid = to_regclass('outrider.' || d.table_name) and a.attname = 'tenant_id'
             where d.kind in ('key', 'person', 'mention')) t
     cross join lateral outrider.erase_from(t.name, who) e
     where e.own + e.named > 0 order by t.name;
  update outrider.mails m set raw_dropped_at = outrider.now()
   where m.tenant_id is not distinct from mine and m.raw = '' and m.raw_dropped_at is null;
end $$;

-- Everything about one person: rows of theirs, and how many of a table's other rows name them. What
-- others wrote in the same conversation is counted and not shown: it is theirs.
create function outrider.person_rows(p_email text)
returns table (table_name text, words text, content jsonb, withheld boolean)
language plpgsql stable security definer set search_path = '' as $$
declare
  mine constant text := ' where tenant_id is not distinct from outrider.current_tenant_id() and ';
  who  outrider.person;
  gap  text;
  part record;
begin
  select problem into gap from outrider.unclassified() limit 1;
  if gap is not null then
    raise exception '%; classify it before anybody is told everything', gap using errcode = 'invalid_schema_definition';
  end if;
  who := outrider.find_person(p_email);
  for part in
    select t.name, w.words, c.own, c.named,
           array(select d.column_name from outrider.personal_data d
                  where d.table_name = t.name and d.kind in ('staff', 'secret')) as hidden,
           array(select d.column_name from outrider.personal_data d
                  where d.table_name = t.name and d.kind = 'person') as theirs,
           array(select d.column_name from outrider.personal_data d
                  where d.table_name = t.name and d.kind = 'mention' and d.rule = 'empty') as records
      from (select distinct d.table_name as name from outrider.personal_data d
              join pg_catalog.pg_attribute a on a.attrelid = to_regclass('outrider.' || d.table_name) and a.attname = 'tenant_id'
             where d.kind in ('key', 'person', 'mention')) t
     cross join lateral outrider.conditions(t.name) c
      left join outrider.personal_tables w on w.table_name = t.name order by t.name
  loop
    if part.name = 'suppressions' then
      part.own := 'value_hash in (select e.hash from outrider.erasure_entries($1) e)';
    end if;
    if part.own is not null then
      return query execute format(
        'select %L::text, %L::text, to_jsonb(t) - %L::text[] - case when s.tranger then %L::text[] else ''{}'' end, s.tranger
           from outrider.%I t cross join lateral (select coalesce(%s, false)) s (tranger)', part.name, part.words, part.hidden, part.theirs, part.name,
        case part.name when 'mails' then 't.id = any (($1).strangers)' when 'messages' then 't.mail_id = any (($1).strangers)'
                       when 'replies' then 't.mail_id = any (($1).strangers)' else 'false' end)
        || mine || '(' || part.own || ')' using who;
    end if;
    if part.named is not null then
      return query execute format(
        'select %L::text, %L::text, %s, %L::boolean from outrider.%I t', part.name, 'Other places that name you', case
          when part.records <> '{}' then format('to_jsonb(t) - %L::text[]', part.hidden) else 'jsonb_build_object(''rows'', count(*))' end,
        part.records = '{}', part.name)
        || mine || '(' || part.named || ')' || coalesce(' and not coalesce(' || part.own || ', false)', '')
        || case when part.records <> '{}' then '' else ' having count(*) > 0' end using who;
    end if;
  end loop;
end $$;

-- An erased address does not come back by a file or a form: what is captured is an empty row that was
-- erased already. Only a released suppression lets the address in again.
create function outrider.is_erased(p_email text) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from outrider.suppressions s
     where s.value_hash = outrider.gate_hash('email', outrider.canonical_email(p_email)) and s.released_at is null and s.reason = 'erasure'
       and (s.tenant_id is null or s.tenant_id = outrider.current_tenant_id()))
$$;
create function outrider.keep_erased_out() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Nearly always nobody was, and then no hash is made.
  if not exists (select from outrider.suppressions s where s.reason = 'erasure' and s.released_at is null
                     and (s.tenant_id = new.tenant_id or s.tenant_id is null)) then
    return new;
  end if;
  if not exists (
    select from outrider.suppressions s
     where s.value_hash in (outrider.gate_hash('email', outrider.canonical_email(new.email)),
                            outrider.gate_hash('linkedin', outrider.norm_linkedin(new.linkedin_url))) and s.released_at is null and s.reason = 'erasure'
       and (s.tenant_id is null or s.tenant_id = new.tenant_id))
  then
    return new;
  end if;
  if tg_op = 'UPDATE' then
    raise exception 'email, linkedin_url: this person was erased on request; release its suppression first' using errcode = 'check_violation';
  end if;
  new.full_name := null; new.first_name := null; new.last_name := null; new.email := null; new.phone := null;
  new.linkedin_url := null; new.title := null; new.company_name := null; new.company_domain := null;
  new.website := null; new.country := null; new.locale := null; new.timezone := null; new.company_id := null;
  new.attributes := '{}'; new.erased_at := outrider.now(); new.deleted_at := outrider.now();
  return new;
end $$;
create trigger leads_keep_erased_out before insert or update of email, linkedin_url on outrider.leads
  for each row execute function outrider.keep_erased_out();
grant select (erased_at) on outrider.leads to outrider_operator;

-- Bytes that were dropped, by erasure or by retention: a mail without them was a mail all the same.
alter table outrider.mails add column raw_dropped_at timestamptz;
grant select (raw_dropped_at) on outrider.mails to outrider_operator;

do $$
declare f text;
begin
  foreach f in array array['conditions(text)', 'names_them(name, name, text)', 'pattern_for(name, text)', 'erase_from(text, outrider.person)',
    'find_person(text)', 'erasure_entries(outrider.person)', 'jobs_of_person(text)', 'erase_person(text, text)', 'person_rows(text)', 'is_erased(text)', 'keep_erased_out()'] loop
    execute format('revoke all on function outrider.%s from public', f);
  end loop;
end $$;
grant execute on function outrider.find_person(text), outrider.jobs_of_person(text), outrider.erase_person(text, text),
  outrider.person_rows(text), outrider.is_erased(text) to outrider_worker;

-- How long what is kept. A tenant's word beats the house's; null: for ever.
create table outrider.retention_rules (
  tenant_id uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  what      text not null,
  keep_days integer check (keep_days > 0),
  set_by    text not null,
  set_at    timestamptz not null default outrider.now(),
  primary key (tenant_id, what)
);
comment on table outrider.retention_rules is 'How long a tenant keeps what, where it differs from the house || operator';
call outrider.protect('outrider.retention_rules', 'read', 'select', 'select, insert, update, delete');

-- Forget what a tenant (null: the house) no longer needs, at most p_limit of it; how much that was. Kept,
-- however old: what a live sequence, a decision that somebody owes, an open dead letter or a call in doubt
-- rests on, and the ledger of calls altogether. p_dry: count only.
create function outrider.retain(p_what text, p_tenant uuid, p_before timestamptz, p_limit integer, p_dry boolean) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  old text[];
begin
  case p_what
  when 'raw_mails' then
    old := array(
      select m.id::text from outrider.mails m
       where m.tenant_id = p_tenant and m.received_at < p_before and m.raw_dropped_at is null and m.matched_by is not null
         and (m.matched_by = 'own' or exists (
               select from outrider.replies r where r.mail_id = m.id
                  and r.decision is not null and (r.decision <> 'review' or r.reviewed_by is not null)))
         and not exists (select from outrider.messages x join outrider.enrollments e on e.id = x.enrollment_id
                          where x.mail_id = m.id and e.status in ('active', 'held', 'paused'))
         and not exists (select from outrider.dead_letters d
                          where d.tenant_id = p_tenant and d.status = 'open' and d.payload ->> 'mail_id' = m.id::text)
       order by m.received_at limit p_limit);
    if not p_dry then
      update outrider.mails set raw = '', raw_dropped_at = outrider.now() where tenant_id = p_tenant and id = any (old::uuid[]);
    end if;
  when 'webhook_bodies' then
    old := array(
      select w.id::text from outrider.webhook_events w
       where w.tenant_id = p_tenant and w.received_at < p_before and w.body <> '' order by w.received_at limit p_limit);
    if not p_dry then
      update outrider.webhook_events set body = '' where tenant_id = p_tenant and id = any (old::uuid[]);
    end if;
  when 'message_bodies' then
    old := array(
      select m.id::text from outrider.messages m
       where m.tenant_id = p_tenant and m.claimed_at < p_before and m.status <> 'sending'
         and (m.subject is not null or m.body_text is not null)
         and not exists (select from outrider.enrollments e
                          where e.id = m.enrollment_id and e.status in ('active', 'held', 'paused'))
         and not exists (select from outrider.effects e
                          where e.tenant_id = p_tenant and e.key = m.effect_key and e.state = 'in_doubt')
         and not exists (select from outrider.replies r where r.mail_id = m.mail_id
                            and (r.decision is null or r.decision = 'review' and r.reviewed_by is null))
       order by m.claimed_at limit p_limit);
    if not p_dry then
      update outrider.messages set subject = null, body_text = null where tenant_id = p_tenant and id = any (old::uuid[]);
    end if;
  when 'import_rows' then
    old := array(
      select r.import_id || '/' || r.line from outrider.import_rows r join outrider.imports i on i.id = r.import_id
       where r.tenant_id = p_tenant and i.created_at < p_before and i.pending = 0 and r.raw <> '' order by i.created_at, r.line limit p_limit);
    if not p_dry then
      update outrider.import_rows set raw = '', document = null, reason = 'forgotten' where tenant_id = p_tenant and import_id || '/' || line = any (old);
    end if;
  when 'activities' then
    old := array(
      select a.id::text from outrider.activities a
       where a.tenant_id = p_tenant and a.occurred_at < p_before
         and not exists (select from outrider.enrollments e
                          where e.lead_id = a.lead_id and e.status in ('active', 'held', 'paused'))
       order by a.id limit p_limit);
    if not p_dry then
      delete from outrider.activities where tenant_id = p_tenant and id = any (old::bigint[]);
    end if;
  when 'crm_log' then                               -- the newest line of a contact says why there is a link
    old := array(
      select g.id::text from outrider.crm_log g
       where g.tenant_id = p_tenant and g.occurred_at < p_before
         and (not exists (select from outrider.crm_links k
                           where k.connection_id = g.connection_id and k.lead_id = g.lead_id and k.remote_id = g.remote_id)
              or exists (select from outrider.crm_log later
                          where later.tenant_id = p_tenant and later.connection_id = g.connection_id and later.lead_id = g.lead_id
                            and later.remote_id = g.remote_id and later.outcome in ('created', 'updated') and later.id > g.id))
       order by g.id limit p_limit);
    if not p_dry then
      delete from outrider.crm_log where tenant_id = p_tenant and id = any (old::bigint[]);
    end if;
  when 'audit' then
    old := array(
      select a.id::text from outrider.audit_logs a
       where a.tenant_id is not distinct from p_tenant and a.created_at < p_before order by a.created_at limit p_limit);
    if not p_dry then
      delete from outrider.audit_logs where tenant_id is not distinct from p_tenant and created_at < p_before and id = any (old::uuid[]);
    end if;
  end case;
  return cardinality(old);
end $$;
revoke all on function outrider.retain(text, uuid, timestamptz, integer, boolean) from public;
grant execute on function outrider.retain(text, uuid, timestamptz, integer, boolean) to outrider_operator;
