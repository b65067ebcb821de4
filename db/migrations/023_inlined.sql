-- Every policy asks who the tenant is, for every statement. A function with a search_path of its own is
-- called; one whose body was parsed when it was made needs none, and becomes part of the plan.
create or replace function outrider.current_tenant_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('outrider.tenant_id', true), '')::uuid;

create or replace function outrider.current_trace_id() returns text
language sql stable parallel safe
return nullif(current_setting('outrider.trace_id', true), '');

create or replace function outrider.current_job_id() returns bigint
language sql stable parallel safe
return nullif(current_setting('outrider.job_id', true), '')::bigint;
