-- Forget lanes that remember nothing: their next job makes them anew, in the same place of the line.
-- What a lane may not forget: an operator's word, failures, a block, a rate's debt, and turns that it
-- took ahead of its siblings. Those end when nothing of the tenant waits or runs (the end of a busy
-- period, in start-time fair queueing). Of a tenant that is gone nothing is remembered.
create function outrider.prune_lanes(p_limit integer) returns integer
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  forgotten integer;
begin
  perform pg_advisory_xact_lock(7362004);   -- no pick in between: it holds lanes by their ids
  update outrider.shares s set lane_vtime = r.latest
    from (select l.share_id, max(l.vtime) as latest from outrider.lanes l group by l.share_id) r
   where s.id = r.share_id and s.lane_vtime < r.latest
     and not exists (
       select from outrider.lanes l where l.share_id = s.id
          and (exists (select from outrider.jobs j where j.lane_id = l.id and j.state = 'ready')
               or exists (select from outrider.jobs j where j.lane_id = l.id and j.state in ('dispatched', 'running'))));
  delete from outrider.lanes l where l.id in (
    select i.id
      from outrider.lanes i
      join outrider.shares s on s.id = i.share_id
      left join outrider.tenants t on t.id = i.tenant_id
     where (i.tenant_id is not null and (t.id is null or t.deleted_at is not null)
            or i.weight = 1 and i.max_running is null and i.rate_every is null and i.burst is null
               and i.failures = 0 and i.paused_at is null
               and coalesce(i.blocked_until, '-infinity') <= clock_timestamp()
               and coalesce(i.tat, '-infinity') <= clock_timestamp()
               and i.vtime <= s.lane_vtime)
       and not exists (select from outrider.jobs j where j.lane_id = i.id and j.state = 'ready')
       and not exists (select from outrider.jobs j where j.lane_id = i.id and j.state in ('dispatched', 'running'))
     order by i.id limit p_limit);
  get diagnostics forgotten = row_count;
  delete from outrider.shares s
   where s.tenant_id is not null
     and not exists (select from outrider.tenants t where t.id = s.tenant_id and t.deleted_at is null)
     and not exists (select from outrider.lanes l where l.share_id = s.id);
  return forgotten;
end $$;
revoke all on function outrider.prune_lanes(integer) from public;
grant execute on function outrider.prune_lanes(integer) to outrider_dispatcher;
