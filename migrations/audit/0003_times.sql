-- Blocks by the times of their events, so that a look-up in some time passes over the others without looking at each.
create index blocks_latest on blocks (latest, first);
create index blocks_earliest on blocks (earliest, first);
