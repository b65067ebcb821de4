-- People and the companies they work for; every status change with its cause.

create type outrider.lead_status as enum (
  'new', 'enriched', 'scored', 'in_sequence', 'converted', 'unsubscribed', 'bounced',
  'contacted', 'replied', 'qualified', 'meeting_booked', 'meeting_attended', 'lost');
create type outrider.email_status as enum ('verified', 'guessed', 'invalid', 'catch_all', 'unknown', 'not_found');
create type outrider.lead_tier as enum ('hot', 'warm', 'cool', 'cold', 'dead');

create table outrider.companies (
  id             uuid primary key default outrider.uuid_v7(),
  tenant_id      uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  name           text not null,
  domain         text,
  domain_norm    text generated always as (outrider.norm_domain(domain)) stored,
  employee_count integer check (employee_count >= 0),
  country        text,
  linkedin_url   text,
  technologies   text[] not null default '{}',
  attributes     jsonb not null default '{}',
  created_at     timestamptz not null default outrider.now(),
  updated_at     timestamptz not null default outrider.now(),
  deleted_at     timestamptz,
  unique (tenant_id, id)
);
create unique index companies_domain_uk on outrider.companies (tenant_id, domain_norm)
  where domain_norm is not null and deleted_at is null;
comment on table outrider.companies is 'The employer of leads || enrichment';

create table outrider.leads (
  id             uuid primary key default outrider.uuid_v7(),
  tenant_id      uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  company_id     uuid,
  full_name      text,
  first_name     text,
  last_name      text,
  email          text,
  email_norm     text generated always as (outrider.norm_email(email)) stored,
  email_status   outrider.email_status not null default 'unknown',
  phone          text,
  linkedin_url   text,
  linkedin_norm  text generated always as (outrider.norm_linkedin(linkedin_url)) stored,
  title          text,
  company_name   text,
  company_domain text,
  website        text,
  country        text,
  locale         text,
  status         outrider.lead_status not null default 'new',
  score          integer check (score between 0 and 100),
  tier           outrider.lead_tier,
  scored_at      timestamptz,
  enriched_at    timestamptz,
  source         text not null default 'manual',
  attributes     jsonb not null default '{}',
  erased_at      timestamptz,
  created_at     timestamptz not null default outrider.now(),
  updated_at     timestamptz not null default outrider.now(),
  deleted_at     timestamptz,
  unique (tenant_id, id),
  foreign key (tenant_id, company_id) references outrider.companies (tenant_id, id) on delete set null (company_id),
  constraint leads_reachable check (email is not null or linkedin_url is not null or phone is not null or erased_at is not null),
  constraint leads_score_has_tier check ((score is null) = (tier is null) and (score is null) = (scored_at is null))
);
create unique index leads_email_uk on outrider.leads (tenant_id, email_norm) where email_norm is not null and deleted_at is null;
-- Not unique: two addresses with one profile are a merge candidate, and must both be kept until merged.
create index leads_linkedin_idx on outrider.leads (tenant_id, linkedin_norm) where linkedin_norm is not null and deleted_at is null;
create index leads_status_idx on outrider.leads (tenant_id, status, created_at desc) where deleted_at is null;
create index leads_score_idx on outrider.leads (tenant_id, score desc nulls last) where deleted_at is null;
create index leads_company_idx on outrider.leads (tenant_id, company_id) where company_id is not null;
comment on table outrider.leads is 'One person per tenant: funnel status, contact data, cached current score || ingress, enrichment, scoring';

create table outrider.lead_status_transitions (
  id          bigint generated always as identity primary key,   -- the order of events, which a time-based id is not
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  lead_id     uuid not null,
  from_status outrider.lead_status,
  to_status   outrider.lead_status not null,
  cause       text not null,
  job_id      bigint default outrider.current_job_id(),
  occurred_at timestamptz not null default outrider.now(),
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete cascade
);
create index lead_status_transitions_lead_idx on outrider.lead_status_transitions (tenant_id, lead_id, id);
comment on table outrider.lead_status_transitions is 'Append-only history of every status change with its cause || every actor';

call outrider.protect('outrider.companies', 'write', 'select, insert, update', 'select (id, tenant_id)');
call outrider.protect('outrider.leads', 'write', 'select, insert, update',
  'select (id, tenant_id, status, score, tier, scored_at, enriched_at, created_at, deleted_at)');
call outrider.protect('outrider.lead_status_transitions', 'read', 'select, insert', 'select');

-- What a person may never set by hand: identity, status and everything an actor concluded.
-- People do not create leads by SQL either: a lead without its first transition has no history.
revoke insert, update, delete on outrider.leads from outrider_client;
drop policy client_insert on outrider.leads;
grant update (full_name, first_name, last_name, email, phone, linkedin_url, title,
              company_name, company_domain, website, country, locale, attributes, deleted_at) on outrider.leads to outrider_client;
