-- What the actors concluded about a lead, with the evidence: enrichment results and scores.

create table outrider.enrichment_results (
  id          uuid primary key default outrider.uuid_v7(),
  tenant_id   uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  lead_id     uuid not null,
  fingerprint text not null,                     -- of everything the conclusion rests on
  fields      jsonb not null default '{}',       -- field -> {value, source}
  facts       jsonb not null default '{}',       -- the evidence: address, DNS, page
  effect_keys text[] not null default '{}',
  job_id      bigint default outrider.current_job_id(),
  is_current  boolean not null default true,
  created_at  timestamptz not null default outrider.now(),
  unique (tenant_id, lead_id, fingerprint),
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete cascade
);
create unique index enrichment_results_current_uk on outrider.enrichment_results (lead_id) where is_current;
comment on table outrider.enrichment_results is 'Per lead: what was found, field by field with its source || enrichment';

create table outrider.scores (
  id            uuid primary key default outrider.uuid_v7(),
  tenant_id     uuid not null default outrider.current_tenant_id() references outrider.tenants (id) on delete cascade,
  lead_id       uuid not null,
  model         text not null,
  model_version integer not null,
  score         integer not null check (score between 0 and 100),
  tier          outrider.lead_tier not null,
  factors       jsonb not null,                  -- [{name, group, points, because}], adding up to score
  inputs_hash   text not null,
  job_id        bigint default outrider.current_job_id(),
  is_current    boolean not null default true,
  created_at    timestamptz not null default outrider.now(),
  foreign key (tenant_id, lead_id) references outrider.leads (tenant_id, id) on delete cascade
);
create unique index scores_current_uk on outrider.scores (lead_id) where is_current;
create index scores_lead_idx on outrider.scores (tenant_id, lead_id, id desc);
comment on table outrider.scores is 'Every score with its factors and input hash; one current per lead || scoring';

call outrider.protect('outrider.enrichment_results', 'read', 'select, insert, update',
  'select (id, tenant_id, lead_id, effect_keys, job_id, is_current, created_at)');
call outrider.protect('outrider.scores', 'read', 'select, insert, update', 'select');
