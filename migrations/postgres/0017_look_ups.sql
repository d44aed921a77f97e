-- Blocks by the times of their events, so that a look-up in some time passes over the others without looking at each.
create index blocks_by_latest on blocks (latest, first);
create index blocks_by_earliest on blocks (earliest, first);
-- The span of the longest block: which blocks may have events of a place is known from where they begin.
create index blocks_by_span on blocks ((last - first));
